"""Parts of models in LiteRT and ONNX against their Keras models."""

import os
import pathlib
import re
import sys

import keras
import numpy as np
import pytest
import scipy.special
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.serving import saved_model
from keras_infovae.serving.portable import exporting, litert_format, onnx_format
from keras_infovae.serving.portable.exporting import export_part
from keras_infovae.serving.signatures import PARTS
from tests import contracts
from tests.serving.conftest import raw_examples, small

DOCUMENT = pathlib.Path(__file__).parents[3] / "docs" / "serving.md"
IMAGES = {row.name: row for row in contracts.PORTABLE}["`conv`, raw gray levels"]


def runner(path):
    """Returns a function from (part, {input: array}) to {output: array}, of a file's content."""
    return exporting.FORMATS[path.suffix].runner(path.read_bytes())


@pytest.mark.parametrize("suffix", list(exporting.FORMATS))
def test_parts_take_and_give_raw_values(tmp_path, capsys, suffix):
    model = small(**IMAGES.arguments)
    raw = np.rint(raw_examples((8, 8, 1), 16.0))
    z = model.encode(raw / 16.0)
    reconstruction = 16.0 * model.decode(z)
    expected = {
        "encoder": ({"x": raw}, {"mean": z}),
        "decoder": ({"z": z}, {"x": reconstruction}),
        "autoencoder": ({"x": raw}, {"reconstruction": reconstruction}),
    }
    for part, (given, outputs) in expected.items():
        path = tmp_path / f"{part}{suffix}"
        assert ki.serving.export_portable(model, path, part=part) == str(path)
        assert f"Exported to {path}. The largest difference" in capsys.readouterr().out
        run = runner(path)
        for rows in (slice(0, 1), slice(0, 6)):  # any number of rows
            answer = run(part, {name: value[rows] for name, value in given.items()})
            for name, value in outputs.items():
                assert answer[name].dtype == np.float32
                np.testing.assert_allclose(answer[name], value[rows], rtol=1e-5, atol=2e-4)
        assert set(answer) - set(outputs) == ({"log_variance"} if part == "encoder" else set())
    assert sorted(os.listdir(tmp_path)) == sorted(f"{part}{suffix}" for part in expected)


@pytest.mark.parametrize("suffix", list(exporting.FORMATS))
def test_what_a_part_does_not_refuse(tmp_path, suffix, request):
    if suffix == ".tflite" and tf.__version__ < "2.19":
        marked = pytest.mark.xfail(reason="the converter of TensorFlow 2.18 gives numbers for NaN")
        request.applymarker(marked)
    model = small()
    path = tmp_path / f"encoder{suffix}"
    export_part(model, path, "encoder", False)
    run = runner(path)
    inside, outside, unknown = (np.full((1, 5), v, "float32") for v in (1.0, 7.0, np.nan))
    encode = lambda x: run("encoder", {"x": x})["mean"]  # noqa: E731
    np.testing.assert_array_equal(encode(outside), encode(inside))
    assert np.isnan(encode(unknown)).all()


def check_row(row, path, part, form):
    model = small(**row.arguments)
    suffix = form.SUFFIX
    possible = row.litert if form is litert_format else row.onnx
    if part in possible:
        assert export_part(model, path, part, False) <= 1e-5
        assert path.exists()
    else:
        with pytest.raises(ValueError, match=f"cannot be exported.*{suffix}|draws random numbers"):
            export_part(model, path, part, False)
        assert os.listdir(path.parent) == []


def rows_of(*names):
    return [row for row in contracts.PORTABLE if any(name in row.name for name in names)]


@pytest.mark.parametrize(
    ("row", "part", "form"),
    [
        *((row, "encoder", onnx_format) for row in rows_of("`poisson`", "1.7e9")),
        *((row, "encoder", litert_format) for row in rows_of("a condition", "1.7e9")),
        *((row, "decoder", onnx_format) for row in rows_of("`student_t`")),
        *((row, "decoder", litert_format) for row in rows_of("`pixel_cnn`")),
    ],
    ids=lambda value: getattr(value, "name", None) or getattr(value, "SUFFIX", value),
)
def test_some_models(tmp_path, row, part, form):
    check_row(row, tmp_path / f"part{form.SUFFIX}", part, form)


@pytest.mark.slow
@pytest.mark.parametrize("form", exporting.FORMATS.values(), ids=list(exporting.FORMATS))
@pytest.mark.parametrize("part", list(PARTS))
@pytest.mark.parametrize("row", contracts.PORTABLE, ids=lambda row: row.name)
def test_every_model(tmp_path, row, part, form):
    check_row(row, tmp_path / f"part{form.SUFFIX}", part, form)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", list(exporting.FORMATS))
@pytest.mark.parametrize(("model_class", "arguments"), contracts.MODELS, ids=contracts.case_id)
def test_every_member(tmp_path, model_class, arguments, suffix):
    model = small(model_class, **arguments)
    for part in PARTS if model.inference.is_amortized else ("decoder",):
        assert export_part(model, tmp_path / f"{part}{suffix}", part, False) <= 1e-5


def test_the_table_of_the_documentation():
    def cell(possible):
        return "all" if len(possible) == len(PARTS) else ", ".join(possible)

    lines = [f"| {r.name} | {cell(r.litert)} | {cell(r.onnx)} |" for r in contracts.PORTABLE]
    assert "\n".join(lines) in DOCUMENT.read_text(encoding="utf-8")


def test_weights_in_16_bits(tmp_path):
    model = small(encoder=ki.networks.MLP([256, 256]))
    sizes, means, raw = [], [], raw_examples((5,))
    for float16 in (False, True):
        path = tmp_path / "encoder.tflite"
        assert export_part(model, path, "encoder", float16) <= 8 * 2**-10
        sizes.append(path.stat().st_size)
        means.append(runner(path)("encoder", {"x": raw})["mean"])
    assert sizes[1] < 0.6 * sizes[0]
    assert 0 < np.abs(means[1] - means[0]).max() <= 8 * 2**-10


@pytest.mark.parametrize(
    ("op", "exact", "unit"),
    [("log1p", np.log1p, 0.0), ("expm1", np.expm1, 0.0), ("erfc", scipy.special.erfc, 1.0)],
)
def test_ops_that_the_converter_lacks(op, exact, unit):
    """They are exact to 4 units of the last digit, of up to 5 roundings of half a unit each."""
    small_and_large = np.geomspace(1e-30, 80.0, 999)
    x = np.concatenate([small_and_large, [0.0], -np.geomspace(1e-30, 0.99, 99)]).astype("float32")
    spec = {"x": tf.TensorSpec([None], tf.float32, name="x")}
    traced = saved_model.trace(op, spec, lambda x: {"y": getattr(tf.math, op)(x)})
    content = onnx_format.convert(op, traced, "", False)
    received = onnx_format.runner(content)(op, {"x": x})["y"]
    last = 4 * 2**-23
    np.testing.assert_allclose(received, exact(x.astype("float64")), rtol=last, atol=unit * last)


# === Refused ===


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"path": 3}, TypeError, "`path` must be a path"),
        ({"path": "encoder.h5"}, ValueError, "`path` must be a path that ends in .tflite or .onnx"),
        ({"path": "missing/a.onnx"}, ValueError, "`path` must be a file in a directory"),
        ({"part": "encode"}, ValueError, "`part` must be one of.*Did you mean 'encoder'?"),
        ({"float16": 1}, TypeError, "`float16` must be True or False"),
        ({"float16": True}, ValueError, "`float16` must be False for .onnx"),
        ({"model": keras.Sequential()}, TypeError, "`model` must be a model of this package"),
        ({"model": ki.VAE(2)}, ValueError, "`model` must be built"),
    ],
)
def test_arguments(tmp_path, monkeypatch, settings, error, message):
    monkeypatch.chdir(tmp_path)
    defaults = {"model": small(), "path": "encoder.onnx", "part": "encoder"}
    with pytest.raises(error, match=message):
        ki.serving.export_portable(**(defaults | settings))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("module", "suffix"), [("onnxruntime", ".onnx"), ("ai_edge_litert.interpreter", ".tflite")]
)
def test_without_the_extra_it_is_named(tmp_path, monkeypatch, module, suffix):
    monkeypatch.setitem(sys.modules, module, None)
    extra = exporting.FORMATS[suffix].EXTRA
    with pytest.raises(ImportError, match=re.escape(f"'keras-infovae[{extra}]'")):
        ki.serving.export_portable(small(), tmp_path / f"a{suffix}", part="decoder")


def diagonal(x):
    return tf.linalg.diag_part(x[:, :, None] * x[:, None, :])


@pytest.mark.parametrize(
    ("suffix", "function", "op"),
    [(".tflite", diagonal, "MatrixDiagPartV3"), (".onnx", tf.math.lgamma, "Lgamma")],
)
def test_ops_that_a_format_lacks_are_named(tmp_path, suffix, function, op):
    inputs = keras.Input((5,))
    outputs = keras.layers.Dense(6)(keras.layers.Lambda(function)(inputs))
    model = small(encoder=keras.Model(inputs, outputs))
    with pytest.raises(ValueError, match=f"as {suffix}: the format lacks {op}. `export_for"):
        ki.serving.export_portable(model, tmp_path / f"encoder{suffix}", part="encoder")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(("policy", "suffix"), [("float16", ".tflite"), ("bfloat16", ".onnx")])
def test_mixed_precision_that_a_format_lacks_is_named(tmp_path, policy, suffix):
    keras.config.set_dtype_policy(f"mixed_{policy}")
    try:
        model = small()
    finally:
        keras.config.set_dtype_policy("float32")
    with pytest.raises(ValueError, match=f"the model's layers compute in {policy}. Make it with"):
        ki.serving.export_portable(model, tmp_path / f"encoder{suffix}", part="encoder")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("suffix", list(exporting.FORMATS))
def test_a_file_that_answers_otherwise_is_not_written(tmp_path, monkeypatch, suffix):
    path = tmp_path / f"decoder{suffix}"
    path.write_text("the file before")
    form = exporting.FORMATS[suffix]
    run = form.runner
    monkeypatch.setattr(
        form, "runner", lambda c: lambda *r: {k: v + 1e-3 for k, v in run(c)(*r).items()}
    )
    with pytest.raises(RuntimeError, match="differs from the Keras model: output `x`"):
        ki.serving.export_portable(small(), path, part="decoder")
    monkeypatch.setattr(form, "convert", lambda *_: b"broken")
    monkeypatch.setattr(form, "runner", run)
    with pytest.raises(RuntimeError, match=f"The exported {suffix} file does not run"):
        ki.serving.export_portable(small(), path, part="decoder")
    assert path.read_text() == "the file before"
    assert os.listdir(tmp_path) == [path.name]
