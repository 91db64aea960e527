"""`generate`: pictures, arrays and tables, whole or absent."""

import csv
import errno
import os

import numpy as np
import pytest

from keras_infovae.training import RunDirectory


def read_table(path):
    with open(path, newline="") as file:
        header, *rows = csv.reader(file)
    return header, np.array(rows, "float64")


def test_a_picture_of_images(command, runs, tmp_path):
    from matplotlib import image

    path = tmp_path / "samples.png"
    outcome = command("generate", f"--run={runs}/digits", "--n=5", f"--output={path}")
    assert outcome.status == 0, outcome.err
    assert outcome.out == f"Wrote 5 new examples to {path} (the means of p(x|z)).\n"
    picture = image.imread(path)
    assert picture.shape[0] < picture.shape[1]  # 5 examples: 2 rows of 3
    assert picture.std() > 0


def test_an_array_in_the_units_of_the_data(command, runs, tmp_path):
    flags = ["--n=7", "--seed=2", f"--output={tmp_path}/a.npy"]
    assert command("generate", f"--run={runs}/digits", *flags).status == 0
    x = np.load(tmp_path / "a.npy")
    expected = RunDirectory(runs / "digits").load_model().generate(7, seed=2)
    assert x.dtype == np.float32
    np.testing.assert_allclose(x, 16.0 * expected, rtol=1e-5)


def test_a_table_in_the_units_of_the_data(command, runs, tmp_path):
    path = tmp_path / "made_up.csv"
    outcome = command("generate", f"--run={runs}/table", "--n=200", f"--output={path}")
    assert outcome.status == 0
    assert "drawn with the likelihood's noise" in outcome.out
    header, rows = read_table(path)
    assert header == ["year", "share"]
    assert rows.shape == (200, 2)
    # Nearly untrained: mean and spread of standardized columns are near 0 and 1, give or take the
    # initial scale of 1 and the network's first guesses.
    year, share = rows.T
    assert 1995 < year.mean() < 2015 and 1 < year.std() < 20
    assert -0.5 < share.mean() < 1.5 and 0.1 < share.std() < 2


def test_noise_is_a_choice(command, runs, tmp_path):
    for flag in ("--noise", "--nonoise"):
        flags = [flag, "--n=50", f"--output={tmp_path}/{flag}.npy"]
        assert command("generate", f"--run={runs}/table", *flags).status == 0
    drawn, means = (np.load(tmp_path / f"{flag}.npy") for flag in ("--noise", "--nonoise"))
    assert drawn.std(axis=0).min() > means.std(axis=0).min()
    np.testing.assert_allclose(
        means,
        RunDirectory(runs / "table")
        .load_model()
        .scaling.invert(RunDirectory(runs / "table").load_model().generate(50, seed=0)),
        rtol=1e-6,
    )


def test_the_same_seed_gives_the_same_file(command, runs, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        flags = [f"--seed={seed}", f"--output={tmp_path}/{name}.csv"]
        assert command("generate", f"--run={runs}/table", *flags).status == 0
    a, b, c = ((tmp_path / f"{name}.csv").read_bytes() for name in "abc")
    assert a == b != c


def test_a_file_is_not_written_over(command, runs, tmp_path):
    path = tmp_path / "a.npy"
    path.write_text("mine")
    flags = [f"--run={runs}/digits", f"--output={path}"]
    refused = command("generate", *flags)
    assert refused.status == 2
    assert "`--output` must be a new file, or --overwrite be set" in refused.err
    assert path.read_text() == "mine"
    assert command("generate", *flags, "--overwrite").status == 0
    assert len(np.load(path)) == 16


@pytest.mark.parametrize("suffix", ["png", "npy"])
def test_without_space_nothing_is_left(command, runs, tmp_path, monkeypatch, suffix):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    path = tmp_path / f"a.{suffix}"
    outcome = command("generate", f"--run={runs}/digits", f"--output={path}")
    assert outcome.status == 1
    assert outcome.err == f"keras-infovae generate: error: no space left on device: {path}\n"
    assert os.listdir(tmp_path) == []
