"""Exported models of tables: rows by named columns in and out."""

import json
import os

import keras
import numpy as np
import pandas
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.preprocessors import Preprocessor
from keras_infovae.serving import parity, saved_model, signatures
from keras_infovae.serving.samples import Samples
from keras_infovae.serving.served_model import ServedModel
from tests.serving.conftest import small

ODD = "income, yearly"


def test_signatures_take_and_give_columns_by_name(tables, rows):
    model, path, differences = tables
    assert max(differences.values()) <= 1e-5
    with open(os.path.join(path, "signatures.json"), encoding="utf-8") as file:
        described = json.load(file)
    given = described["signatures"]
    assert list(given) == [
        *("serving_default", "encode", "decode", "reconstruct", "generate", "elbo", "score"),
        "preprocessor",
    ]
    assert list(given["score"]["inputs"]) == sorted(rows.columns)
    assert set(given["encode"]["inputs"]) == {*rows.columns, "seed"}
    assert list(given["generate"]["outputs"]) == sorted(rows.columns)
    types = {name: spec["dtype"] for name, spec in given["reconstruct"]["inputs"].items()}
    assert types == {name: "string" for name in rows} | {
        **dict.fromkeys(["age", ODD, "visits", "paid", "rating"], "float64"),
        "member": "bool",
    }
    types = {name: spec["dtype"] for name, spec in given["generate"]["outputs"].items()}
    assert (types["age"], types["rating"], types["visits"]) == ("int64", "int64", "float64")
    assert given["score"]["inputs"][ODD] == {"dtype": "float64", "shape": [-1], "missing": True}
    assert "missing" not in given["score"]["inputs"]["member"]
    assert Preprocessor.of_config(described["preprocessor"]) == model.preprocessor
    with open(os.path.join(path, "README.md"), encoding="utf-8") as file:
        text = file.read()
    assert "| `encode` | a raw example, `seed` int64 [-1] | " in text
    assert "`Größe\\|Stadt` string [-1]" in text


def test_columns_of_a_condition_are_inputs(rows):
    table = rows[["age", "sex", "born", ODD]]
    schema = ki.tables.Schema.infer(table, condition=["sex", "born"])
    condition = ki.conditions.Columns(["sex", "born"], schema.condition_size)
    model = small(shape=[schema.width], preprocessor=schema, condition=condition)
    served = ServedModel(model)
    samples = Samples(served, table)
    for name, columns in {
        "generate": {"seed", "sex", "born"},
        "reconstruct": set(table.columns),
    }.items():
        (signature,) = signatures.choose([name], served)
        requests = samples.requests(signature)
        assert set(requests) == columns
        traced = saved_model.trace_all([signature], served)[name]
        given = {key: tf.constant(value) for key, value in requests.items()}
        arguments = saved_model.arguments(traced.inputs)
        answer = traced.function(**{arguments[key]: value for key, value in given.items()})
        assert set(answer) == {"age", ODD}
        for output, (expected, unit) in samples.answers(signature).items():
            received = answer[output].numpy()
            assert parity._difference(received, expected, unit, np.arange(8)) <= 1e-5


def test_a_signature_needs_a_name_that_no_column_has(rows):
    table = rows[["age", "sex"]].rename(columns={"age": "seed"})
    schema = ki.tables.Schema.infer(table)
    served = ServedModel(small(shape=[schema.width], preprocessor=schema))
    names = [signature.name for signature in signatures.choose("all", served)]
    assert "score" in names and "generate" in names and "encode" not in names
    with pytest.raises(ValueError, match="`encode` takes `seed` beside the parts.*called 'seed'"):
        signatures.choose(["encode"], served)
    with pytest.raises(ValueError, match="`regress` reads x of tf.train.Examples.*of tables"):
        signatures.choose(["regress"], served)
    array = ServedModel(small())
    with pytest.raises(ValueError, match="`preprocessor` needs a model of raw data"):
        signatures.choose(["preprocessor"], array)


def test_warm_up_rows_are_a_table(tables, rows, exported):
    model, _, _ = tables
    samples = Samples(ServedModel(model), rows)
    pandas.testing.assert_frame_equal(samples.raw, rows.head(8))
    assert list(samples.requests(signatures.SIGNATURES["score"])) == list(samples.inputs)
    np.testing.assert_array_equal(samples.x, model.preprocessor.numbers(rows.head(8)))
    with pytest.raises(TypeError, match="`warmup` must be tables"):
        exported(model, warmup=np.zeros([3, 4]))
    with pytest.raises(ValueError, match="`warmup` cannot be used.*no 'age'"):
        exported(model, warmup=rows.drop(columns="age"))


def test_what_a_graph_has_no_value_for_is_refused_before_anything_is_written(exported, tmp_path):
    table = pandas.DataFrame({"word": ["", "a", "b"], "size": [1.0, 2.5, 4.0]})
    schema = ki.tables.Schema.infer(table)
    model = small(shape=[schema.width], preprocessor=schema)
    with pytest.raises(ValueError, match="'word' must have a word for its category ''"):
        exported(model)
    assert not os.path.exists(tmp_path / "model")


def test_numbers_of_a_table_stay_for_who_prepares_them(tables, rows):
    model, _, _ = tables
    served = ServedModel(model, as_numbers=True)
    assert list(served.raw_specs) == ["x"] and served.x_spec.shape == [None, model.event_shape[0]]
    x = model.preprocessor.numbers(rows)
    np.testing.assert_array_equal(served.from_examples({"x": tf.constant(x)}), x)


def test_parity_passes_over_what_rounding_turns_and_nothing_else(rows):
    table = rows[["age", "sex", ODD]]
    schema = ki.tables.Schema.infer(table)
    x = schema.numbers(table.dropna())[:8]
    answers = parity.raw_answers(schema, x, 1e-5)
    requests = {"s": {"x": np.arange(8)}}

    def compare(**changes):
        given = {name: array.copy() for name, (array, _) in answers.items()}
        for name, change in changes.items():
            given[name] = change(given[name])

        def run(requests):
            return [{n: a[inputs["x"]] for n, a in given.items()} for _, inputs in requests]

        return parity.compare(run, requests, {"s": answers}, 1e-5)["s"]

    assert compare() == 0.0
    for name, change in {
        "age": lambda array: array + 1,
        "sex": lambda array: np.where(array == b"F", b"M", b"F").astype(object),
        ODD: lambda array: np.where(np.arange(8) == 3, np.nan, array),
    }.items():
        with pytest.raises(RuntimeError, match=f"output `{name}` of signature `s`"):
            compare(**{name: change})
    tie = x.copy()
    tie[:, schema.number_names().index("sex=M")] = (
        0.5 - 1e-7
    )  # of x, the exported model's may be 0.5
    answers = parity.raw_answers(schema, tie, 1e-5)
    assert compare(sex=lambda array: np.full(8, b"M", object)) == 0.0


def test_a_preprocessor_is_read_from_registered_classes_alone(tables):
    config = tables[0].preprocessor.as_config()
    config["config"]["columns"][0] |= {"module": "os", "class_name": "system"}
    config["config"]["columns"][0]["registered_name"] = "system"
    with pytest.raises(ValueError, match="`config` must be a config of registered.*system as sys"):
        Preprocessor.of_config(config)
    other = keras.saving.serialize_keras_object(ki.kernels.Gaussian())
    with pytest.raises(ValueError, match="`config` must be of a Preprocessor"):
        Preprocessor.of_config(other)
