"""Every picture is one whole PNG file, for data of every shape, or nothing."""

import types

import matplotlib
import numpy as np
import pytest
from matplotlib import image as matplotlib_image
from scipy import stats

import keras_infovae as ki
from keras_infovae import evaluation
from keras_infovae.datasets import Dataset
from keras_infovae.evaluation.plots import labels as label_colors
from keras_infovae.evaluation.plots import reconstructions, samples, style, views
from keras_infovae.preprocessors import Scaling
from tests.evaluation.pictures import check_picture, not_rendered

N = 24
HISTORY = {
    "loss": [900.0, 30.0, 28.0, 27.0, 26.0],
    "val_loss": [31.0, 29.0],
    "divergence": [0.1, float("nan"), -0.1, 0.0, 0.0],
    "learning_rate": [1e-3] * 5,
}
NAMES = ["cat", "dog", "a name with $math$ in it and rather long"]
LABELS = {
    "none": None,
    "integers": np.arange(N) % 3,
    "strings": np.array(NAMES)[np.arange(N) % 3],
    "many strings": np.array([f"class {i}" for i in range(N)]),
    "many numbers": np.linspace(0, 1, N),
    "fifteen": np.arange(N) % 15,
}
# Shape of x, latent_dim, likelihood, labels.
CASES = [
    ((8, 8, 1), 2, "bernoulli", "integers"),
    ((8, 10), 3, "normal", "none"),
    ((9, 8, 2), 1, "bernoulli", "strings"),
    ((8, 8, 3), 2, "normal", "many numbers"),
    ((4, 5, 4), 2, "bernoulli", "many strings"),
    ((5,), 3, "normal", "fifteen"),
    ((1,), 1, "normal", "none"),
    ((40,), 2, "bernoulli", "none"),
    ((4, 3), 2, "normal", "integers"),
    ((3, 3, 6), 2, "normal", "none"),
]


def make_model(shape, latent_dim=2, likelihood="bernoulli", **settings):
    network = ki.networks.MLP((4,))
    model = ki.VAE(latent_dim, likelihood=likelihood, encoder=network, decoder=network, **settings)
    model.build((None, *shape))
    return model


def make_data(shape, labels=None, feature_names=None):
    x = np.random.default_rng(0).random((N, *shape)).astype("float32")
    return Dataset("made", x, x[:0], x[:0], labels, feature_names=feature_names)


def matplotlib_settings():
    # Reading the backend would choose one.
    return {name: matplotlib.rcParams[name] for name in matplotlib.rcParams if name != "backend"}


@pytest.mark.parametrize(("shape", "latent_dim", "likelihood", "labels"), CASES, ids=str)
def test_all_pictures_of_data_of_every_shape(tmp_path, shape, latent_dim, likelihood, labels):
    model = make_model(shape, latent_dim, likelihood)
    settings = matplotlib_settings()
    data = make_data(shape, LABELS[labels])
    paths = evaluation.plot_all(model, data, HISTORY, tmp_path / "new" / "folder", seed=1)
    names = ["history", "reconstructions", "samples", "interpolation", "latent_space"]
    assert paths == [str(tmp_path / "new" / "folder" / f"{name}.png") for name in names]
    assert sorted(paths) == sorted(str(p) for p in (tmp_path / "new" / "folder").iterdir())
    for path in paths:
        check_picture(path)
    assert matplotlib_settings() == settings


def test_table_with_names_and_scaling(tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(samples, "_columns", lambda *values: shown.append(values))
    model = make_model((40,), likelihood="normal", scaling=Scaling(100.0, 10.0))
    x = make_data((40,)).train
    names = [f"f{i} $x_{i}$" for i in range(40)]
    evaluation.plot_samples(model, tmp_path / "s.png", x=x, feature_names=names)
    np.testing.assert_allclose(shown[0][0], 100 + 10 * x, rtol=1e-6)  # in the raw data's unit
    for plot in (evaluation.plot_reconstructions, evaluation.plot_interpolation):
        check_picture(plot(model, tmp_path / "p.png", x, feature_names=names))


ODD = ["$\\bad$", "$x_$", "_a\nb", "a" * 2000]  # no formulas, hidden to legends, too long


def test_names_are_text_and_no_formulas(tmp_path):
    """A model is trained before they are drawn."""
    model, data = (
        make_model((4,), likelihood="normal"),
        make_data((4,), np.array(ODD * (N // 4)), ODD),
    )
    for path in evaluation.plot_all(model, data, None, tmp_path):
        check_picture(path)


@pytest.mark.parametrize("history", [{"loss": [3.0]}, {"loss": [3.0], "val_loss": [2.0]}, HISTORY])
def test_history(tmp_path, history):
    check_picture(evaluation.plot_history(history, tmp_path / "h.png"))
    keras_history = types.SimpleNamespace(history=history)  # what `fit` returns
    check_picture(evaluation.plot_history(keras_history, tmp_path / "h.png"))


def test_samples_alone_and_no_history(tmp_path, monkeypatch):
    for shape in ((8, 8), (5,), (40,)):
        check_picture(evaluation.plot_samples(make_model(shape), tmp_path / "samples.png"))
    monkeypatch.setattr(style, "write", not_rendered)
    paths = evaluation.plot_all(make_model((5,)), make_data((5,)), None, tmp_path)
    assert len(paths) == 4


def test_two_examples_and_codes_that_do_not_vary(tmp_path):
    model = make_model((8, 8), latent_dim=5)
    x = np.ones((2, 8, 8), "float32")
    check_picture(evaluation.plot_latent_space(model, tmp_path / "l.png", x))
    check_picture(evaluation.plot_interpolation(model, tmp_path / "i.png", x))
    check_picture(evaluation.plot_reconstructions(model, tmp_path / "r.png", x[:1]))


def test_same_seed_same_picture(tmp_path):
    model, x = make_model((8, 8)), make_data((8, 8)).train

    def picture(seed):
        paths = [
            evaluation.plot_samples(model, tmp_path / "s.png", seed=seed),
            evaluation.plot_latent_space(model, tmp_path / "l.png", x, seed=seed),
        ]
        return [matplotlib_image.imread(path) for path in paths]

    for same, again, other in zip(picture(1), picture(1), picture(2), strict=True):
        np.testing.assert_array_equal(same, again)
        assert same.shape != other.shape or np.any(same != other)


# === Errors leave nothing behind ===


def test_a_failed_write_leaves_what_was_there(tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    path = tmp_path / "history.png"
    path.write_bytes(b"what was there")

    def fail(figure, file, **options):
        with open(file, "wb") as half:
            half.write(b"half a picture")
        raise OSError("disk full")

    monkeypatch.setattr(Figure, "savefig", fail)
    with pytest.raises(OSError, match="disk full"):
        evaluation.plot_history(HISTORY, path)
    assert [p.name for p in tmp_path.iterdir()] == ["history.png"]
    assert path.read_bytes() == b"what was there"


def test_errors(tmp_path):
    model, x = make_model((8, 8)), make_data((8, 8)).train
    path = tmp_path / "folder" / "picture.png"
    with pytest.raises(ValueError, match=r"`path` must be a name that ends in .png"):
        evaluation.plot_history(HISTORY, tmp_path / "picture.pdf")
    for history in ({}, {"loss": []}):
        with pytest.raises(ValueError, match="`history` must be a dictionary of lists"):
            evaluation.plot_history(history, path)
    for plot in (evaluation.plot_reconstructions, evaluation.plot_interpolation):
        with pytest.raises(ValueError, match="`x` must have shape"):
            plot(model, path, x[:, :4])
        with pytest.raises(TypeError, match="`x` must be an array"):
            plot(model, path, iter(x))
    with pytest.raises(ValueError, match="`x` must hold at least 2 examples"):
        evaluation.plot_interpolation(model, path, x[:1])
    with pytest.raises(ValueError, match="`labels` must be one label for each of 24"):
        evaluation.plot_latent_space(model, path, x, [1, 2])
    with pytest.raises(ValueError, match="`seed` must be an integer of at least 0"):
        evaluation.plot_latent_space(model, path, x, seed=-1)
    with pytest.raises(ValueError, match="`feature_names` must be 5 names or None"):
        table = make_model((5,))
        evaluation.plot_samples(table, path, feature_names=["one"])
    assert list(tmp_path.iterdir()) == []


# === What the pictures are made of ===


def test_view():
    assert views.view((8, 8)) == views.view((28, 30, 1)) == views.view((4, 4, 3)) == views.IMAGES
    assert views.view((30,)) == views.view((31,), ["name"] * 31) == views.TABLE
    assert views.view((31,)) == views.view((16, 3)) == views.view((4, 4, 4, 2)) == views.CURVES


def test_mosaic_holds_each_image_in_its_place():
    x = np.zeros((3, 96, 96), "float32")
    x[1] = 1.0
    shown = views.ImageView(make_model((96, 96)), x)
    canvas = shown.mosaic(x, columns=2)
    gap = canvas.shape[0] - 2 * 96
    np.testing.assert_array_equal(canvas[:96, :96], 0.0)
    np.testing.assert_array_equal(canvas[:96, 96:], 1.0)  # the gap, and the second image
    np.testing.assert_array_equal(canvas[96 + gap :, :96], 0.0)
    np.testing.assert_array_equal(canvas[96 + gap :, 96:], 1.0)  # no fourth image
    assert views.ImageView(make_model((8, 8)), x[:, :8, :8]).mosaic(x[:, :8, :8], 3).shape[0] == 96


def test_pixels_that_are_missing_leave_the_others_as_they_are():
    x = np.array([[[0.0, 5.0, np.nan, 10.0]]], "float32")
    model = make_model((1, 4), likelihood="normal")
    colors = views.ImageView(model, x).colors(x)[0, 0, :, 0]
    np.testing.assert_allclose(colors, [0.0, 0.5, 1.0, 1.0])
    unknown = np.full_like(x, np.nan)
    np.testing.assert_array_equal(views.ImageView(model, unknown).colors(unknown), 1.0)


def test_colors_by_number_of_channels():
    pixel = np.array([1.0, 0.0, 0.5, 0.25], "float32").reshape(1, 1, 1, 4)
    expected = {1: [1, 1, 1], 2: [1, 0, 0], 3: [1, 0, 0.5], 4: [1.0, 0.75, 0.875]}
    for channels, color in expected.items():
        x = pixel[..., :channels]
        colors = views.ImageView(make_model((1, 1, channels)), x).colors(x)
        np.testing.assert_allclose(colors, [[[color]]])


def test_explained_variance():
    values = np.array([[0.0, 1.0, 5.0, 5.0], [2.0, 3.0, 5.0, 5.0]])
    restored = np.array([[0.0, 2.0, 5.0, 6.0], [2.0, 2.0, 5.0, 5.0]])
    # Exact, the mean, a constant restored, a constant not restored.
    np.testing.assert_allclose(reconstructions.explained_variance(values, restored), [1, 0, 1, 0])


def test_gap_is_the_statistic_of_kolmogorov_and_smirnov():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(50, 2)).round(1), rng.normal(size=(70, 2)).round(1) * [1.0, 2.0]
    expected = [stats.ks_2samp(a[:, i], b[:, i]).statistic for i in range(2)]
    np.testing.assert_allclose(samples.cumulative_gap(a, b), expected, atol=1e-12)


def test_labels_as_classes():
    classes = label_colors.as_classes(["b", "a", "b"], 3)
    assert classes.names == ["a", "b"] and classes.index.tolist() == [1, 0, 1]
    assert label_colors.as_classes(LABELS["many numbers"], N) is None
    many = label_colors.as_classes(["z", "z"] + [f"{i:02}" for i in range(30)], 32)
    assert len(many.names) == len(many.colors) == 20
    assert many.names[-2:] == ["z", label_colors.OTHERS]
    assert many.index[0] == 18 and many.index[-1] == 19
    assert label_colors.as_classes(np.ones((3, 1), bool), 3).names == ["True"]
    names = np.array(["b", "a", "b"], dtype=object)  # a column of a DataFrame
    assert label_colors.as_classes(names, 3).names == ["a", "b"]
    with pytest.raises(ValueError, match="one label for each of the 3 examples"):
        label_colors.as_classes(np.ones((3, 2)), 3)
    with pytest.raises(TypeError, match="`labels` must be all numbers or all strings"):
        label_colors.as_classes(np.array(["a", None, "b"]), 3)
