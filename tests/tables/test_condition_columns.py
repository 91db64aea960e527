"""Columns of a table as the condition of a model: told by names, found in rows, made to order."""

import keras
import numpy as np
import pandas
import pytest

import keras_infovae as ki


def rows(count):
    """Returns people whose height and weight depend on their sex and age."""
    rng = np.random.default_rng(0)
    sex = rng.choice(["F", "M"], count)
    age = rng.integers(20, 80, count).astype(float)
    height = 160.0 + 12.0 * (sex == "M") + 3.0 * rng.normal(size=count)
    return pandas.DataFrame(
        {
            "age": np.where(rng.random(count) < 0.1, np.nan, age),
            "height": height,
            "sex": sex,
            "weight": 0.5 * height + 0.4 * age + rng.normal(size=count),
        }
    )


TABLE = rows(600)


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    model = ki.VAE(1, condition=["sex", "age"], seed=0)
    model.compile(keras.optimizers.Adam(1e-2))
    model.fit(TABLE, validation_data=(TABLE[:50],), epochs=20, verbose=0)
    return model


def test_the_condition_is_no_part_of_x(model):
    assert model.condition == ki.conditions.Columns(["sex", "age"], size=3)
    assert model.event_shape == (2,) and model.preprocessor.condition_names == ["sex", "age"]
    numbers = model.preprocessor.condition_numbers(TABLE)
    assert numbers.shape == (600, 3) and np.all(np.isfinite(numbers))
    np.testing.assert_array_equal(numbers[:, 2], TABLE["age"].notna())
    assert "condition: F, M" in str(model.preprocessor)


def test_rows_have_their_condition_beside_them(model):
    x, c = model.preprocessor.numbers(TABLE), model.preprocessor.condition_numbers(TABLE)
    np.testing.assert_array_equal(model.score(TABLE), model.score(x, condition=c))
    np.testing.assert_array_equal(model.encode(TABLE), model.encode(x, condition=c))
    assert model.evaluate(TABLE, verbose=0) == model.evaluate(x, condition=c, verbose=0)
    other = model.score(TABLE, condition=TABLE.assign(sex="M"))
    assert np.any(other != model.score(TABLE))
    drops = ki.evaluation.score_drops(model, TABLE[:5])
    assert list(drops) == ["height", "weight"]


def test_columns_may_have_numbers_for_names():
    table = TABLE.set_axis(range(4), axis=1)
    schema = ki.tables.Schema.infer(table, condition=[2])
    x, told = schema.numbers(table), schema.condition_numbers(table)
    assert list(schema.raw_like(table, x)) == list(schema.raw(x, condition=told)) == [0, 1, 2, 3]
    with pytest.raises(
        ValueError, match="`condition` must be columns of values that repeat.*1: an"
    ):
        table[1] = [f"person {i}" for i in range(len(table))]
        ki.tables.Schema.infer(table, condition=[1, 2])


def test_new_rows_are_to_order(model):
    women = model.generate(400, seed=0, given={"sex": "F", "age": 40})
    assert list(women) == list(TABLE) and women.dtypes.equals(TABLE.dtypes)
    assert (women["sex"] == "F").all() and women["age"].between(39, 41).all()
    men = model.generate(400, seed=0, given={"sex": "M", "age": 40})
    # Heights differ by 12 by construction; each mean of 400 has a standard error of about 0.2.
    assert men["height"].mean() - women["height"].mean() == pytest.approx(12.0, abs=3.0)
    same = model.generate(3, seed=0, condition={"sex": "F", "age": 40})
    pandas.testing.assert_frame_equal(same, women[:3])
    tall = model.generate(20, seed=0, given={"sex": "F", "age": 40, "height": 170.0})
    assert tall["height"].between(169, 171).all() and (tall["sex"] == "F").all()


def test_rows_come_back_with_their_condition(model):
    few = TABLE[10:20]
    found = model.reconstruct(few)
    assert list(found) == list(TABLE) and found.index.equals(few.index)
    pandas.testing.assert_frame_equal(found[["sex", "age"]], few[["sex", "age"]])
    holes = few.assign(height=np.nan)
    filled = model.impute(holes)
    pandas.testing.assert_frame_equal(filled[["age", "sex"]], few[["age", "sex"]])
    assert filled["height"].notna().all()
    codes = model.encode(few)
    assert list(model.decode(codes, condition=few)) == list(TABLE)


def test_it_is_saved(model, tmp_path):
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    given = {"sex": "F", "age": 40}
    pandas.testing.assert_frame_equal(
        restored.generate(9, seed=1, given=given), model.generate(9, seed=1, given=given)
    )


def test_a_schema_may_say_it(model):
    schema = ki.tables.Schema.infer(TABLE, condition=["sex", "age"])
    assert schema == model.preprocessor
    assert ki.VAE(1, preprocessor=schema).condition == model.condition
    with pytest.raises(ValueError, match="`condition` must be .*'sex', 'age'.*as the preproc"):
        ki.VAE(1, preprocessor=schema, condition=["sex"])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"sex": "F"}, "`condition` must be a value for each of"),
        ({"sex": "X", "age": 40}, "Column 'sex' must hold.*'X'"),
        ({"sex": "F", "age": 400}, r"`condition\['age'\]` must be in the range.* 20 to 79"),
        (None, "`condition` must be given: the model takes the columns 'sex', 'age'"),
    ],
)
def test_what_new_rows_cannot_be_told(model, given, expected):
    with pytest.raises(ValueError, match=expected):
        model.generate(2, given=given)


def test_what_cannot_be_a_condition(model):
    with pytest.raises(ValueError, match=r"with the columns of the condition.*no \['sex'\]"):
        model.score(TABLE.drop(columns="sex"))
    with pytest.raises(ValueError, match="`condition` must be some of the columns.*'size'"):
        ki.VAE(1, condition=["size"]).fit(TABLE)
    with pytest.raises(ValueError, match="`condition` must be some of the columns"):
        ki.VAE(1, condition=list(TABLE)).fit(TABLE)
    with pytest.raises(ValueError, match="`condition` must be columns of values that repeat.*name"):
        names = TABLE.assign(name=[f"person {i}" for i in range(len(TABLE))])
        ki.VAE(1, condition=["sex", "name"]).fit(names)
    with pytest.raises(ValueError, match="`x` must be a table.*`condition` names its columns"):
        ki.VAE(1, condition=["sex"]).fit(np.zeros([4, 2], "float32"))
    with pytest.raises(ValueError, match="`condition` must be no names of columns, for images"):
        ki.VAE(1, condition=["sex"]).fit(np.zeros([4, 8, 8], "uint8"))
    with pytest.raises(ValueError, match="`names` must be a list of different columns"):
        ki.VAE(1, condition=["sex", "sex"])
