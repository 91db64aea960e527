"""The exported model against the Keras model, by TensorFlow's graph loader."""

import concurrent.futures
import contextlib
import errno
import json
import os
import threading
import types
import unittest.mock

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

import keras_infovae as ki
from keras_infovae.serving import model_card, parity, signatures, unfinished
from keras_infovae.serving.exporting import export
from keras_infovae.serving.fields import FIELDS
from keras_infovae.serving.graph_model import GraphModel
from keras_infovae.serving.samples import Samples
from keras_infovae.serving.served_model import ServedModel
from tests import contracts
from tests.serving.conftest import IMAGE, raw_examples, small


@pytest.mark.slow  # an objective is not served, and the tests below have members of each kind
@pytest.mark.parametrize(("model_class", "arguments"), contracts.MODELS, ids=contracts.case_id)
def test_every_member_answers_as_its_keras_model(exported, model_class, arguments):
    names = ["encode", "generate", "score"]
    _, differences = exported(small(model_class, **arguments), names)
    assert list(differences) == names
    assert max(differences.values()) <= 1e-5


@pytest.mark.slow
@pytest.mark.parametrize(("model_class", "arguments"), contracts.PARTS, ids=contracts.case_id)
def test_every_part_answers_as_in_its_keras_model(exported, model_class, arguments):
    assert max(exported(small(model_class, **arguments))[1].values()) <= 1e-5


def test_raw_images_and_files_of_images(images, loader):
    model, path, differences = images
    assert set(differences) == set(signatures.SIGNATURES) - {"log_prob", "preprocessor"}
    levels = np.rint(raw_examples(IMAGE, 255.0))
    raw = levels * np.float32(16 / 255)  # what gray levels stand for
    seed = np.array([3, 3, 1, 0, 2**40, 5 * 2**32 + 5])
    png = [tf.io.encode_png(image.astype("uint8")).numpy() for image in levels]
    large = np.full((12, 9, 1), 8, "uint8")  # of another size: resized
    jpeg = tf.io.encode_jpeg(large, quality=100).numpy()
    plain, files, resized, gray, new = loader.run(
        path,
        [
            ("encode", {"x": raw, "seed": seed}),
            ("encode_image_bytes", {"image_bytes": png, "seed": seed}),
            ("score_image_bytes", {"image_bytes": [tf.io.encode_png(large).numpy(), jpeg]}),
            ("score", {"x": np.full((1, *IMAGE), 8.0 * 16 / 255)}),
            ("generate", {"seed": seed}),
        ],
    )
    for name, value in plain.items():
        np.testing.assert_allclose(files[name], value, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(plain["mean"], model.encode(raw / 16.0), atol=1e-6)
    for name, value in gray.items():
        np.testing.assert_allclose(resized[name], np.repeat(value, 2), rtol=1e-5)
    for row, image in zip(seed, new["x"]):  # in raw units, and each by its seed alone
        call, index = divmod(int(row), 2**32)
        expected = 16.0 * model.generate(index + 1, seed=call)[index]
        np.testing.assert_allclose(image, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "x"),
    [
        ({}, [0.0, 1.0]),
        ({"scaling": ki.preprocessors.Scaling(0.0, 255.0)}, [0.0, 1.0]),
        ({"scaling": ki.preprocessors.Scaling(0.0, 16.0)}, [0.0, 1.0]),
        ({"scaling": ki.preprocessors.Scaling(-3.0, 0.5)}, [0.0, 1.0]),
        ({"likelihood": "normal"}, [0.0, 1.0]),
        ({"likelihood": "normal", "scaling": ki.preprocessors.Scaling(100.0, 50.0)}, [-2.0, 3.1]),
        ({"likelihood": ki.likelihoods.DiscretizedLogisticMixture(2, 256)}, [0.0, 1.0]),
        ({"likelihood": "poisson", "scaling": ki.preprocessors.Scaling(0.0, 1.0)}, [0.0, 255.0]),
    ],
)
def test_black_and_white_are_the_ends_of_the_range(arguments, x):
    """Of the likelihood's, where it has two, or else of raw values from 0 to 255."""
    served = ServedModel(small(shape=(2, 1, 1), **arguments))
    field, image = FIELDS["image_bytes"], np.array([[[0]], [[255]]], "uint8")
    field.check("score_image_bytes", served)
    read = field.read(served, tf.constant([tf.io.encode_png(image).numpy()]))["x"]
    np.testing.assert_allclose(np.ravel(read), x, rtol=1e-6)
    for level in (0, 1, 77, 255):  # and back
        samples = types.SimpleNamespace(served=served)
        samples.raw = served.to_raw(np.full((1, 2, 1, 1), level / 255 * (x[1] - x[0]) + x[0], "f4"))
        samples.raw = samples.raw.numpy()
        (content,) = field.sample(samples)
        assert tf.io.decode_png(content).numpy().ravel().tolist() == [level] * 2


@pytest.mark.parametrize(
    ("shape", "arguments", "images"),
    [
        ((4, 4, 3), {}, True),
        ((4, 4, 2), {}, False),
        ((4, 4, 3), {"likelihood": "categorical"}, False),  # of one-hot colors
        ((4, 4, 1), {"likelihood": ki.likelihoods.DiscretizedLogisticMixture(2, 256)}, True),
        ((4, 4, 1), {"likelihood": ki.likelihoods.DiscretizedLogisticMixture(2, 32)}, False),
    ],
)
def test_which_models_take_files_of_images(shape, arguments, images):
    served = ServedModel(small(shape=shape, **arguments))
    names = {signature.name for signature in signatures.choose("all", served)}
    files = {"encode_image_bytes", "score_image_bytes"}
    assert names & files == (files if images else set())


def test_large_offsets_of_columns_keep_their_digits(exported, loader):
    scaling = ki.preprocessors.Scaling([1.7e9, 0.0], [10.0, 2.0])
    model = small(shape=(2,), likelihood="normal", scaling=scaling)
    path, _ = exported(model, ["encode", "serving_default"])
    raw = np.array([[1.7e9 + 1, 3.0], [1.7e9 + 2, 3.0]])
    inputs = {"x": raw, "seed": [0, 0]}
    (codes,) = loader.run(path, [("encode", inputs)])
    np.testing.assert_allclose(codes["mean"], model.encode(scaling.apply(raw)), atol=1e-6)
    assert np.abs(codes["mean"][0] - codes["mean"][1]).max() > 1e-3


def _around(offset, scale):
    """Returns a model of two columns, the first around `offset`, and raw float64 examples."""
    scaling = ki.preprocessors.Scaling([offset, 0.0], [scale, 2.0])
    raw = scaling.offset + np.random.default_rng(0).normal(size=(6, 2)) * scaling.scale
    return small(shape=(2,), likelihood="normal", scaling=scaling), raw


def test_examples_are_not_taken_where_float32_loses_digits(exported):
    model, raw = _around(1.7e9, 10.0)  # float32 values are 128 apart there
    served = ServedModel(model)
    assert served.digits_lost(tf.float32) == 2.0**-24 * 1.7e8
    names = [signature.name for signature in signatures.choose("all", served)]
    assert names == [
        "serving_default",
        "encode",
        "decode",
        "reconstruct",
        "generate",
        "elbo",
        "score",
    ]
    _, differences = exported(model, ["encode", "reconstruct", "score"], warmup=raw)
    assert max(differences.values()) <= 1e-5


def test_examples_are_compared_with_what_they_hold(exported, loader):
    model, raw = _around(1e4, 2.0)  # float32 values are 0.001 apart: less than the limit
    path, differences = exported(model, ["score", "regress"], warmup=raw)
    assert max(differences.values()) <= 1e-5
    raw = raw.astype("float32")
    rows = [{"x": tf.train.Feature(float_list=tf.train.FloatList(value=row))} for row in raw]
    examples = [
        tf.train.Example(features=tf.train.Features(feature=row)).SerializeToString()
        for row in rows
    ]
    regressed, scored = loader.run(
        path, [("regress", {"inputs": examples}), ("score", {"x": raw.astype("float64")})]
    )
    np.testing.assert_array_equal(regressed["outputs"][:, 0], scored["score"])


def levels(last):
    """Returns an image of one level, but for the last value."""
    image = np.ones([1, *IMAGE])
    image[0, -1, -1] = last
    return image


@pytest.mark.parametrize(
    ("signature", "inputs", "message"),
    [
        ("score", {"x": levels(np.nan)}, "Input `x` must be finite"),
        ("score", {"x": levels(np.inf)}, "Input `x` must be finite"),
        ("encode", {"x": levels(24.0), "seed": [0]}, "`x` must be at most 1"),
        ("encode", {"x": levels(8.0), "seed": [-1]}, "`seed` must be at least 0"),
        ("decode", {"z": [[0.0, 0.0, np.nan]]}, "Input `z` must be finite"),
        ("regress", {"inputs": [b"not an example"]}, "Could not parse"),
    ],
)
def test_a_request_that_cannot_be_answered_is_an_error(loaded, signature, inputs, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        loaded.run(signature, inputs)
    assert loaded.run("generate", {"seed": [1]})["x"].shape == (1, *IMAGE)


@pytest.fixture(scope="module")
def loaded(images):
    with contextlib.closing(GraphModel(images[1])) as model:
        yield model


@pytest.mark.parametrize(
    ("likelihood", "good", "bad"),
    [
        ("poisson", [0, 2, 3], [[0, 2.5, 3], [0, -1, 3]]),
        ("categorical", [0, 1, 0], [[0, 0.5, 0.5], [0, 1, 1], [0, 0, 0]]),
        (
            ki.likelihoods.MixedColumns([("bernoulli", 1), ("poisson", 2)]),
            [0.5, 2, 3],
            [[1.5, 2, 3], [-0.5, 2, 3], [0.5, 2, 2.5], [0.5, -1, 2]],
        ),
    ],
    ids=["counts", "categories", "columns"],
)
def test_what_the_likelihood_does_not_describe_is_an_error(likelihood, good, bad):
    served = ServedModel(small(shape=(3,), likelihood=likelihood))
    read = tf.function(served.from_raw, input_signature=[served.x_spec])
    np.testing.assert_array_equal(read(tf.constant([good, good], tf.float32)), [good, good])
    for row in bad:
        with pytest.raises(tf.errors.InvalidArgumentError, match="Input `x` must be"):
            read(tf.constant([good, row], tf.float32))
        with pytest.raises(ValueError, match="must"):  # as the model does
            served.model.encode(np.array([good, row], "float32"))


def test_labels_out_of_range_are_an_error(classes, loader):
    _, path, differences, _ = classes
    assert max(differences.values()) <= 1e-5
    with open(os.path.join(path, "signatures.json"), encoding="utf-8") as file:
        assert json.load(file)["classes"] == ["cat", "dog", "emu"]
    with open(os.path.join(path, "README.md"), encoding="utf-8") as file:
        assert "in `classes` of signatures.json: cat, dog, emu." in file.read()
    with pytest.raises(RuntimeError, match="labels from 0 to 2"):
        loader.run(path, [("generate", {"seed": [1], "condition": [3]})])


def test_features_as_a_condition(exported):
    model = small(ki.IWAE, condition=ki.conditions.Features(2), num_samples=2)
    raw, condition = raw_examples((5,)), np.ones((6, 2), "float32")
    with pytest.raises(TypeError, match=r"`warmup` must be \(examples, condition\)"):
        Samples(ServedModel(model), raw)
    assert len(Samples(ServedModel(model), (raw, condition))) == 6
    names = ["encode", "decode", "generate", "score", "regress"]
    assert max(exported(model, names)[1].values()) <= 1e-5


def test_an_autoregressive_decoder_draws_each_row_alone(exported):
    model = small(shape=(3, 2), likelihood="normal", decoder=ki.networks.Recurrent(4))
    names = ["decode", "reconstruct", "generate"]
    assert max(exported(model, names)[1].values()) <= 1e-5


def test_half_precision_is_held_to_its_own_rounding(exported):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = small()
        assert parity.tolerance(model) == pytest.approx(8 * 2**-10)
        exported(model, ["encode", "reconstruct", "generate", "score"])
    finally:
        keras.config.set_dtype_policy("float32")
    assert parity.tolerance(small()) == 1e-5


def test_versions(exported, tmp_path, monkeypatch):
    monkeypatch.setattr(parity, "check", lambda *_: {"generate": 0.0})
    model = small()
    first, _ = exported(model, ["generate"])
    assert first == str(tmp_path / "model" / "1")
    (tmp_path / "model" / "007").mkdir()  # which a server takes for 7
    assert exported(model, ["generate"])[0] == str(tmp_path / "model" / "8")
    before = {file: os.stat(file).st_mtime_ns for file in (tmp_path / "model").rglob("*")}
    for taken in (1, 7):
        with pytest.raises(FileExistsError, match=f"Received: version={taken}, which is"):
            exported(model, ["generate"], version=taken)
    assert before == {f: os.stat(f).st_mtime_ns for f in (tmp_path / "model").rglob("*")}
    assert exported(model, ["generate"], version=3)[0].endswith("/3")
    (tmp_path / "model" / "9").write_text("a file, no version")
    (tmp_path / "model" / "9223372036854775808").mkdir()  # more than a server takes
    assert exported(model, ["generate"])[0] == str(tmp_path / "model" / "10")
    with pytest.raises(FileExistsError, match="Received: version=9, which is"):
        exported(model, ["generate"], version=9)


def test_exports_at_the_same_time_take_versions_of_their_own(tmp_path, monkeypatch):
    model, directory, count = small(), tmp_path / "model", 3
    together = threading.Barrier(count, timeout=60)
    write = model_card.write
    # All have chosen their version and are written before the first is renamed.
    monkeypatch.setattr(model_card, "write", lambda *a: (write(*a), together.wait()))
    monkeypatch.setattr(parity, "check", lambda *_: {"decode": 0.0})

    def run(version):
        idle = unittest.mock.Mock()  # nothing is compared here
        return export(model, directory, version, ["decode"], None, None, idle)[0]

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        paths = sorted(pool.map(run, [None] * count))
        assert paths == [str(directory / str(version)) for version in (1, 2, 3)]
        futures = [pool.submit(run, 9) for _ in range(count)]
        taken = [f.exception() for f in futures if f.exception() is not None]
    assert [type(error) for error in taken] == [FileExistsError] * 2
    assert sorted(os.listdir(directory)) == ["1", "2", "3", "9"]
    for version in (1, 2, 3, 9):
        assert (directory / str(version) / "saved_model.pb").exists()


def test_a_number_that_another_export_takes_meanwhile_is_passed_over(tmp_path, monkeypatch):
    directory = tmp_path / "model"

    def taken_at_once(name, version):  # by another export, whenever a free number is found
        if version < 3:
            (directory / str(version)).mkdir(parents=True)
        return version

    monkeypatch.setattr("keras_infovae.serving.exporting.check_version", taken_at_once)
    monkeypatch.setattr(parity, "check", lambda *_: {"decode": 0.0})
    path, _ = export(small(), directory, None, ["decode"], None, None, unittest.mock.Mock())
    assert path == str(directory / "3") and sorted(os.listdir(directory)) == ["1", "2", "3"]


def test_what_stands_in_a_version(classes):
    model, path, differences, _ = classes
    assert set(os.listdir(path)) >= {"saved_model.pb", "variables", "README.md", "signatures.json"}
    with open(os.path.join(path, "signatures.json"), encoding="utf-8") as file:
        description = json.load(file)
    assert description["parity"]["largest_difference"] == differences
    assert description["signatures"]["encode"]["outputs"]["z"] == {
        "dtype": "float32",
        "shape": [-1, 3],
    }
    weights = tf.train.list_variables(os.path.join(path, "variables", "variables"))
    stored = sum(int(np.prod(shape)) for name, shape in weights if "VARIABLE_VALUE" in name)
    own = sum(
        int(np.prod(v.shape)) for part in (model.encoder, model.decoder) for v in part.weights
    )
    assert stored == own  # no critic, no optimizer
    with open(os.path.join(path, "saved_model.pb"), "rb") as file:
        saved = saved_model_pb2.SavedModel.FromString(file.read())
    methods = {name: d.method_name for name, d in saved.meta_graphs[0].signature_def.items()}
    assert methods["regress"] == "tensorflow/serving/regress"
    assert methods["encode"] == "tensorflow/serving/predict"


@pytest.mark.parametrize(
    "chosen",
    [
        ki.anomaly_scores.NegativeElbo(),
        ki.anomaly_scores.Mahalanobis(),
        ki.anomaly_scores.ExemplarLikelihood(left_out=2),
    ],
    ids=lambda score: score.output,
)
def test_a_saved_threshold_is_served(exported, loader, chosen):
    score = chosen.output
    model = small(scaling=ki.preprocessors.Scaling(0.0, 4.0))
    raw = 4.0 * np.random.default_rng(0).random((12, 5)).astype("float32")
    given = raw[1::2] if chosen.is_fitted else raw  # it is fitted on the others first
    threshold = ki.evaluation.calibrate_anomaly_threshold(model, given / 4.0, 0.3, chosen)
    raw = raw[1::2]
    path, differences = exported(model, ["score", "regress"])
    assert max(differences.values()) <= 1e-5
    [answer] = loader.run(path, [("score", {"x": raw})])
    np.testing.assert_allclose(answer[score], model.score(raw / 4.0), rtol=1e-5)
    np.testing.assert_array_equal(answer["score"], answer[score])
    np.testing.assert_allclose(
        answer["negative_elbo"], model.score(raw / 4.0, "negative_elbo"), rtol=1e-5
    )
    assert answer["anomaly"].dtype == bool
    np.testing.assert_array_equal(answer["anomaly"], answer[score] > np.float32(threshold.value))
    assert answer["anomaly"].sum() == 1  # k = ceil(7 * 0.7) = 5 of 6
    with open(os.path.join(path, "signatures.json"), encoding="utf-8") as file:
        described = json.load(file)["anomaly_threshold"]
    assert (described["score"], described["value"]) == (score, threshold.value)
    with open(os.path.join(path, "README.md"), encoding="utf-8") as file:
        assert f"`anomaly` is true where `{score}` is above" in file.read()


def test_what_killed_exports_left_is_removed_and_nothing_else(exported, tmp_path):
    directory = tmp_path / "model"
    directory.mkdir()
    old, live, young, other = (f".{digit * 12}.7" for digit in "abcd")
    for name in (old, live, young, "other.7", ".hidden", "7"):
        (directory / name).mkdir()
        (directory / name / "file").write_text("x")
        if name != young:
            os.utime(directory / name, (0, 0))
    (directory / f"{old[:-1]}8.lock").touch()  # of one that was killed as it ended
    os.utime(directory / f"{old[:-1]}8.lock", (0, 0))
    (directory / other).symlink_to("7")
    with unfinished.locked(directory / live):  # another export is at work in it
        exported(small(), ["decode"])
    assert sorted(os.listdir(directory)) == sorted(
        [live, young, other, "other.7", ".hidden", "7", "8"]
    )


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
        OSError(errno.EDQUOT, os.strerror(errno.EDQUOT), "variables.data"),
        tf.errors.ResourceExhaustedError(None, None, "write: /x; No space left on device"),
        tf.errors.UnknownError(None, None, "x; Read-only file system"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_full_disk_is_said_in_a_sentence(exported, tmp_path, monkeypatch, error):
    monkeypatch.setattr(tf.saved_model, "save", unittest.mock.Mock(side_effect=error))
    with pytest.raises(OSError, match="nothing of it is left") as raised:
        exported(small(), ["decode"])
    assert raised.value.filename == str(tmp_path / "model" / "1")
    assert raised.value.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
    assert os.listdir(tmp_path / "model") == []


def test_other_faults_of_an_export_are_raised_as_they_are(exported, monkeypatch):
    error = tf.errors.InternalError(None, None, "something else")
    monkeypatch.setattr(tf.saved_model, "save", unittest.mock.Mock(side_effect=error))
    with pytest.raises(tf.errors.InternalError, match="something else"):
        exported(small(), ["decode"])


def test_a_diffusion_answers_as_its_keras_model(exported):
    setting = ki.denoisers.ResidualMLP(8, 1)
    given = {"condition": ki.conditions.Classes(3), "guidance": 1.0}
    model = ki.DenoisingDiffusion(setting, steps=6, seed=1, **given)
    model.build((None, 5))
    names = ["serving_default", "generate", "score"]
    assert list(exported(model, names)[1]) == names
    with pytest.raises(ValueError, match="`encode` is not defined for DenoisingDiffusion"):
        exported(model, ["encode"])


@pytest.mark.slow
def test_charts_answer_as_their_keras_model(exported):
    model = ki.ChartAutoencoder(2, charts=3, encoder=ki.networks.MLP([8]), seed=1)
    model.build((None, 5))
    names = ["encode", "decode", "reconstruct", "generate"]
    assert list(exported(model, names)[1]) == names
