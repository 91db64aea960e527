"""`keras-infovae export`."""

import json
import os
import re

import pytest

from keras_infovae.cli import export
from keras_infovae.serving.portable import exporting


def test_the_formats_on_the_page_are_those_there_are():
    assert set(export.SUFFIXES.values()) == set(exporting.FORMATS)


@pytest.fixture
def output(tmp_path):
    return tmp_path / "serving"


def test_a_run_is_exported_in_the_units_of_its_data(command, runs, output):
    outcome = command(
        "export", f"--run={runs}/digits", f"--output={output}", "--signatures=encode,score"
    )
    assert outcome.status == 0, outcome.err
    assert outcome.out.startswith(f"Exported to {output}/1. The largest difference from the Keras")
    with open(output / "1" / "signatures.json", encoding="utf-8") as file:
        description = json.load(file)
    assert description["scaling"] == {"offset": 0.0, "scale": 16.0}
    assert list(description["signatures"]) == ["encode", "score"]
    before = sorted(os.listdir(output / "1"))
    again = command("export", f"--run={runs}/digits", f"--output={output}", "--version=1")
    assert again.status == 2
    assert "`--version` must be a version that is not there yet" in again.err
    assert sorted(os.listdir(output / "1")) == before


def test_a_threshold_is_calibrated_on_held_out_examples(command, runs, output):
    given = [f"--run={runs}/digits", f"--output={output}", "--signatures=score"]
    outcome = command("export", *given, "--false_positive_rate=1e-6")
    count = int(re.search("calibrations on (.*) examples", outcome.out)[1])
    rate = f"at most {1 / (count + 1):.2g} do so on average"  # not what was asked for
    assert outcome.status == 0 and rate in outcome.out
    with open(output / "1" / "signatures.json", encoding="utf-8") as file:
        description = json.load(file)
    assert description["anomaly_threshold"]["false_positive_rate"] == 1e-6
    assert description["anomaly_threshold"]["calibrated_on"] == count
    assert "anomaly" in description["signatures"]["score"]["outputs"]


def test_the_configuration_of_a_server(command, runs, output):
    given = ["--signatures=decode", "--server_config"]
    outcome = command("export", f"--run={runs}/digits", f"--output={output}/digits", *given)
    assert outcome.status == 0, outcome.err
    names = ["models.config", "batching_params.pbtxt", "monitoring.config"]
    assert [line for line in outcome.out.splitlines() if line.startswith("Wrote")] == [
        f"Wrote {output}/{name}." for name in names
    ]
    assert sorted(os.listdir(output)) == sorted([*names, "digits"])
    assert 'base_path: "/models/digits"' in (output / "models.config").read_text()


@pytest.mark.parametrize(("form", "suffix"), export.SUFFIXES.items())
def test_parts_for_phones(command, runs, output, form, suffix):
    flags = [f"--run={runs}/table", f"--output={output}", f"--format={form}"]
    outcome = command("export", *flags, "--parts=encoder,decoder")
    assert outcome.status == 0, outcome.err
    files = [f"encoder{suffix}", f"decoder{suffix}"]
    assert sorted(os.listdir(output)) == sorted(files)
    for line, file in zip(outcome.out.splitlines(), files, strict=True):
        assert line.startswith(f"Exported to {output}/{file}. The largest difference from the")
    again = command("export", *flags)
    assert again.status == 2
    assert "exists already" in again.err
    assert sorted(os.listdir(output)) == sorted(files)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--false_positive_rate=0"], "`--false_positive_rate` must be greater than 0"),
        (["--version=0"], "`--version` must be an integer of at least 1"),
        (["--signatures=encoed"], "Did you mean 'encode'?"),
        (["--signatures=encode_image_bytes"], "needs a model of images"),
        (["--run=missing"], "`--run` must be"),
        (["--format=onxx"], "Did you mean 'onnx'?"),
        (["--format=onnx", "--parts=encode"], "Did you mean 'encoder'?"),
        (["--format=onnx", "--version=1"], "--version must not be given with --format=onnx"),
        (["--format=onnx", "--float16"], "it is for litert"),
        (["--parts=encoder"], "with --format=saved_model: it is for litert and onnx"),
        (["--output=a/../b"], "`--output` must be a path without '..'"),
    ],
)
def test_what_cannot_be_used_is_named(command, runs, output, flags, message):
    given = [f"--run={runs}/table", f"--output={output}", *flags]
    outcome = command("export", *given)
    assert outcome.status == 2
    assert message in outcome.err
    assert not output.exists()
