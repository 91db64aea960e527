"""Pictures of models that take a condition: what each is made of, and errors that leave nothing."""

import keras
import numpy as np
import pytest

import keras_infovae as ki
from keras_infovae import evaluation
from keras_infovae.datasets import Dataset
from keras_infovae.evaluation import conditions
from keras_infovae.evaluation.plots import class_samples, samples, views
from tests.evaluation.pictures import check_picture
from tests.evaluation.test_plots import HISTORY

N = 24
LABELS = np.arange(N) % 3
FEATURES = np.random.default_rng(1).normal(size=(N, 2))
X = np.random.default_rng(0).random((N, 8, 8)).astype("float32")
PLOTS = [  # that take the path, then x
    "plot_reconstructions",
    "plot_interpolation",
    "plot_traversals",
    "plot_nearest_neighbors",
    "plot_kl_per_dimension",
    "plot_aggregated_posterior",
    "plot_latent_space",
    "plot_latent_embedding",
]


def make_model(shape=(8, 8), condition=None, cls=ki.InfoVAE):
    keras.utils.set_random_seed(0)
    network, condition = ki.networks.MLP((4,)), condition or ki.conditions.Classes(3)
    model = cls(2, condition=condition, encoder=network, decoder=network, seed=0)
    model.build((None, *shape))
    return model


@pytest.fixture(scope="module")
def model():
    return make_model()


@pytest.fixture
def shown(monkeypatch):
    """The images of each mosaic that is drawn, as rows of its columns."""
    drawn = []
    mosaic = views.ImageView.mosaic

    def record(view, x, columns):
        drawn.append(np.asarray(x).reshape(-1, columns, *x.shape[1:]))
        return mosaic(view, x, columns)

    monkeypatch.setattr(views.ImageView, "mosaic", record)
    return drawn


@pytest.mark.parametrize(
    ("shape", "condition", "cls"),
    [
        ((8, 8), ki.conditions.Classes(3), ki.FactorVAE),
        ((5,), ki.conditions.Features(2), ki.DIPVAE),
    ],
    ids=str,
)
def test_all_pictures_of_each_kind_of_condition(tmp_path, shape, condition, cls):
    model = make_model(shape, condition, cls)
    x = np.random.default_rng(0).random((N, *shape)).astype("float32")
    data = Dataset("made", x, x[:0], x[:10], LABELS, None, LABELS[:10])
    given = "labels"
    if condition.num_classes is None:
        given = {"train": FEATURES, "test": FEATURES[:10]}
    paths = evaluation.plot_all(model, data, HISTORY, tmp_path, condition=given)
    assert len(paths) == 5
    for path in paths:
        check_picture(path)
    condition = conditions.conditions_of(model, data, given)
    for name in ("plot_traversals", "plot_nearest_neighbors", "plot_aggregated_posterior"):
        given = {"condition": condition["train"]}
        check_picture(getattr(evaluation, name)(model, tmp_path / f"{name}.png", x, **given))


def test_a_row_of_samples_is_one_class_and_a_column_one_z(tmp_path, model, shown, monkeypatch):
    labels = np.where(np.arange(N) < 3, 2, LABELS % 2)  # three examples of class 2
    names = ["a", "b", "a name that is rather long $x_1"]
    path = tmp_path / "s.png"
    given = {"x": X, "seed": 5, "condition": labels}
    check_picture(evaluation.plot_samples(model, path, **given, class_names=names))
    data, made = shown
    for label in range(3):
        expected = model.generate(8, seed=5, condition=label)
        np.testing.assert_array_equal(made[label], expected)
        row = data[label][~np.isnan(data[label]).any(axis=(1, 2))]
        assert len(row) == min(8, np.sum(labels == label))
        assert all(any(np.array_equal(image, x) for x in X[labels == label]) for image in row)
    # To a decoder that is deaf to the class, one z is one image.
    deaf = make_model()
    kernel = deaf.decoder.weights[0]
    kernel.assign(np.concatenate([kernel.numpy()[:2], np.zeros((3, 4))]))
    monkeypatch.setattr(class_samples, "_MOST_CLASSES", 2)
    evaluation.plot_samples(deaf, path, condition=[0, 1, 1, 2])
    assert shown[-1].shape[:2] == (2, 8)
    np.testing.assert_array_equal(shown[-1][0], shown[-1][1])
    assert np.abs(shown[-1][0, 0] - shown[-1][0, 1]).max() > 1e-4


def test_a_class_without_examples_has_its_row(tmp_path, model, shown, monkeypatch):
    notes = []
    figure = class_samples.style.new_figure
    monkeypatch.setattr(
        class_samples.style, "new_figure", lambda *a, **k: notes.append(a[1]) or figure(*a, **k)
    )
    rows = LABELS != 1
    evaluation.plot_samples(model, tmp_path / "s.png", x=X[rows], condition=LABELS[rows])
    data, made = shown
    assert np.isnan(data[1]).all() and not np.isnan(data[[0, 2]]).any()
    np.testing.assert_array_equal(made[1], model.generate(8, seed=0, condition=1))
    assert "Without data here: 1 of 3 classes." in notes[0]
    evaluation.plot_samples(model, tmp_path / "s.png", x=X, condition=LABELS)
    assert "Without data" not in notes[1]


def test_other_samples_have_conditions_of_the_data(tmp_path, shown, monkeypatch):
    model = make_model(condition=ki.conditions.Features(2))
    evaluation.plot_samples(model, tmp_path / "s.png", x=X, seed=2, condition=FEATURES)
    given = conditions.draw(FEATURES, 64, 2)
    expected = model.generate(64, seed=2, condition=given)
    np.testing.assert_array_equal(shown[1].reshape(64, 8, 8), expected)
    drawn = []
    monkeypatch.setattr(samples, "_columns", lambda *values: drawn.append(values))
    table = make_model((5,))
    evaluation.plot_samples(table, tmp_path / "t.png", seed=2, condition=LABELS)
    expected = table.generate(2000, seed=2, condition=conditions.draw(LABELS, 2000, 2))
    np.testing.assert_array_equal(drawn[0][1], expected)


def test_reconstructions_have_their_own_condition(tmp_path, model, shown):
    evaluation.plot_reconstructions(model, tmp_path / "r.png", X[:10], condition=LABELS[:10])
    given = {"condition": LABELS[:10]}
    expected = model.decode(model.encode(X[:10], **given), **given)
    np.testing.assert_allclose(shown[0], [X[:10], expected], rtol=1e-5)


def test_a_line_keeps_the_condition_of_its_start(tmp_path, model, shown):
    x, labels = X[:2], LABELS[:2]
    evaluation.plot_interpolation(model, tmp_path / "i.png", x, condition=labels)
    z = model.encode(x, condition=labels)  # each with its own
    expected = model.decode(np.stack([z[0], z.mean(axis=0), z[1]]), condition=labels[[0, 0, 0]])
    np.testing.assert_allclose(shown[0][0, [1, 5, 9]], expected, rtol=1e-5)


def test_traversals_keep_the_condition_of_their_example(tmp_path, model, shown):
    x, labels = np.roll(X, 2, axis=0), np.roll(LABELS, 2)
    evaluation.plot_traversals(model, tmp_path / "t.png", x, condition=labels)
    z = model.encode(x, condition=labels)
    middle = np.argmin(np.sum((z - z.mean(axis=0)) ** 2, axis=1))
    assert labels[middle] != labels[0]
    for row, dimension in enumerate(np.argsort(-z.var(axis=0))):
        codes = np.tile(z[middle], (9, 1))
        codes[:, dimension] = np.linspace(-2.5, 2.5, 9)
        expected = model.decode(codes, condition=np.repeat(labels[middle], 9))
        np.testing.assert_allclose(shown[0][row], expected, rtol=1e-5)


def test_neighbors_are_sought_among_all_examples(tmp_path, model, shown):
    evaluation.plot_nearest_neighbors(model, tmp_path / "n.png", X, seed=4, condition=LABELS)
    made = model.generate(10, seed=4, condition=conditions.draw(LABELS, 10, 4))
    np.testing.assert_array_equal(shown[0][0], made)
    nearest, _ = evaluation.nearest_neighbors(made, X, 3)
    np.testing.assert_array_equal(shown[0][1:], X[nearest.T])


# === Errors leave nothing behind ===


@pytest.mark.parametrize("name", PLOTS)
@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (None, "be given"),
        (LABELS[:5], "a row for each of the 24 examples"),
        (LABELS + 1, "labels from 0 to 2"),
    ],
    ids=["missing", "short", "outside"],
)
def test_a_wrong_condition_is_named(tmp_path, model, name, condition, words):
    with pytest.raises(ValueError, match=f"`condition` must .*{words}"):
        getattr(evaluation, name)(model, tmp_path / "p.png", X, condition=condition)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [*PLOTS, "plot_samples", "plot_all"])
@pytest.mark.parametrize(
    ("x", "error", "words"),
    [
        ((255 * X).astype("uint8"), TypeError, "be floating point"),
        (np.where(np.arange(N)[:, None, None] == 20, np.nan, X), ValueError, "be finite"),
        (X[:, :7], ValueError, r"have shape \[examples, 8, 8\]"),
        (2.0 * X, ValueError, "0"),
    ],
    ids=["bytes", "nan", "shape", "range"],
)
def test_wrong_examples_are_named(tmp_path, model, name, x, error, words):
    path, given = tmp_path / "new" / "p.png", {"condition": LABELS}
    with pytest.raises(error, match=f"`x` must .*{words}"):
        if name == "plot_all":
            data = Dataset("made", X, X[:0], x, LABELS, None, LABELS)
            evaluation.plot_all(model, data, HISTORY, tmp_path / "new", condition="labels")
        else:
            getattr(evaluation, name)(model, path, x, **given)
    assert list(tmp_path.iterdir()) == []


def test_there_is_something_to_generate_under(tmp_path, model):
    with pytest.raises(ValueError, match="`condition` must have at least one row"):
        evaluation.plot_samples(model, tmp_path / "s.png", condition=[])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", PLOTS)
def test_a_model_without_a_condition_takes_none(tmp_path, name):
    plain = ki.VAE(2, encoder=ki.networks.MLP((4,)), decoder=ki.networks.MLP((4,)))
    plain.build((None, 8, 8))
    with pytest.raises(ValueError, match="`condition` must be left out"):
        getattr(evaluation, name)(plain, tmp_path / "p.png", X, condition=LABELS)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_drawn_before_the_condition_is_checked(tmp_path, model):
    data = Dataset("made", X, X[:0], X[:10], LABELS, None, LABELS[:10] + 1)
    for given in (None, "labels", {"train": LABELS}):
        with pytest.raises(ValueError, match="`condition` must"):
            evaluation.plot_all(model, data, HISTORY, tmp_path / "new", condition=given)
    for condition in (None, LABELS[:5]):
        with pytest.raises(ValueError, match="`condition` must"):
            evaluation.plot_samples(model, tmp_path / "new" / "s.png", x=X, condition=condition)
    with pytest.raises(ValueError, match="`class_names` must be 3 names or None"):
        given = {"condition": LABELS, "class_names": ["a"]}
        evaluation.plot_samples(model, tmp_path / "new" / "s.png", **given)
    assert list(tmp_path.iterdir()) == []
