"""The benchmark beside other libraries: what it counts, sums up and writes; nothing is timed."""

import csv
import importlib
import json
import math
import pathlib
import sys
import textwrap

import keras
import numpy as np
import pytest

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "benchmarks" / "peers"


@pytest.fixture(scope="module")
def script():
    """Returns a function that imports one of the scripts of the benchmark."""
    sys.path.insert(0, str(FOLDER))
    yield importlib.import_module
    sys.path.remove(str(FOLDER))


def test_operations_of_dense_layers_are_three_products_of_each_but_two_of_the_first(script):
    counting = script("counting")
    x, z = keras.Input((5,)), keras.Input((2,))
    encoder = keras.Model(x, keras.layers.Dense(2)(keras.layers.Dense(3)(x)))
    decoder = keras.Model(z, keras.layers.Dense(5)(z))
    found = counting.count(encoder, decoder, batch=7)
    assert found.operations == 2 * 7 * (2 * 15 + 3 * 6 + 3 * 10)
    assert found.bytes == 4 * 6 * (15 + 3 + 6 + 2 + 10 + 5)
    assert found.seconds(found.operations, math.inf) == 1.0
    assert found.seconds(math.inf, found.bytes) == 1.0


def test_operations_of_a_convolution_and_of_its_transpose_are_alike(script):
    counting = script("counting")
    halving = {"kernel_size": 4, "strides": 2, "padding": "same"}
    fine, coarse = keras.Input((8, 8, 3)), keras.Input((4, 4, 5))
    down, up = keras.layers.Conv2D(5, **halving), keras.layers.Conv2DTranspose(3, **halving)
    down(fine), up(coarse)
    assert counting.multiplications(down) == 4 * 4 * 4 * 4 * 3 * 5
    assert counting.multiplications(up) == counting.multiplications(down)
    assert counting.multiplications(keras.layers.Flatten()) == 0


def test_losses_are_those_of_closed_forms(script):
    losses = script("losses")
    x = np.full([40, 6], 0.25, "float32")
    zero = np.zeros([40, 3])
    found = losses.losses(x, zero + 2.0, zero, lambda z: np.zeros([40, 6]))
    assert found["reconstruction"] == pytest.approx(6 * math.log(2))
    assert found["kl"] == pytest.approx(0.5 * 3 * 4.0)
    assert found["mmd"] > 0.1
    same = losses.losses(x, zero, zero, lambda z: np.zeros([40, 6]))
    assert same["kl"] == 0.0 and abs(same["mmd"]) < 0.05


def test_images_are_alike_for_one_seed_and_within_their_range(script, tmp_path):
    sets = script("sets")
    x = sets.images(None, 12)
    assert x.shape == (12, 28, 28, 1) and x.dtype == np.float32
    assert x.min() >= 0 and 0.9 < x.max() <= 1
    np.testing.assert_array_equal(x, sets.images(None, 12))
    path = tmp_path / "digits.npz"
    np.savez(path, x_train=np.full([3, 28, 28], 255, "uint8"))
    assert (sets.images(path, 2) == 1.0).all()
    with pytest.raises(ValueError, match="at least 4 images of 28x28"):
        sets.images(path, 4)


@pytest.fixture
def content():
    """Returns three rounds of three ways, of a machine that could do 1,000 images/s."""
    settings = {"count": 100, "batch": 10}
    found = {
        "epochs": {
            "pythae": [{"seconds": s} for s in (1.0, 2.0, 1.0)],
            "bare": [{"seconds": s} for s in (0.25, 0.5, 0.25)],
            "fit_array": [{"seconds": s} for s in (0.5, 1.0, 0.2)],
        },
        "starts": {"pythae": [3.0, 5.0, 4.0], "fit_array": [6.0]},
        "losses": {"pythae": {"reconstruction": 90.0, "kl": 5.0, "mmd": 0.01}},
        "limits": {
            "limit_tensorflow": [{"operations": o, "bytes": 100.0} for o in (900.0, 1000.0, 990.0)],
            "limit_torch": [{"operations": 500.0, "bytes": b} for b in (200.0, 190.0, 200.0)],
        },
        "others": [0.0, 0.5, None],
        "count_of_step": {"operations": 4.95, "bytes": 1.0},
    }
    return {"settings": settings, "machine": {"processor": "one"}, "networks": {"mlp": found}}


def test_ratios_are_within_rounds_and_speeds_are_medians(script, content):
    results = script("results")
    rows = results.summary(content["networks"]["mlp"], content["settings"])
    assert [row["way"] for row in rows] == ["bare", "fit_array", "pythae"]
    ours = rows[1]
    assert (ours["images/s"], ours["least"], ours["most"]) == (200, 100, 500)
    assert ours["/ pythae"] == 2.0 and ours["/ bare"] == 0.5  # not 1.25, of all rounds together
    assert ours["of the limit"] == 0.2 and ours["starts"] == 1
    assert rows[2]["first epoch, s"] == 4.0 and rows[2]["kl"] == 5.0


def test_the_limit_is_that_of_the_better_library(script, content):
    results = script("results")
    found = content["networks"]["mlp"]
    assert results.speeds_of(found) == {"operations": 990.0, "bytes": 200.0}
    assert results.limit_of(found, content["settings"]) == pytest.approx(10 / (0.005 + 0.005))
    assert results.limit_of(found | {"limits": {}}, content["settings"]) is None


def test_tables_and_picture_are_written(script, content, tmp_path):
    pages = script("pages")
    pages.write_all(content, tmp_path)
    with open(tmp_path / "results.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["way"] for row in rows] == ["bare", "fit_array", "pythae"]
    assert rows[0]["network"] == "mlp" and rows[0]["kl"] == ""
    text = (tmp_path / "results.md").read_text(encoding="utf-8")
    assert "1,000 images/s" in text and "up to 0.50 cores" in text
    assert (tmp_path / "results.png").stat().st_size > 5000


def test_figures_are_gone_on_with_and_never_mixed(script, tmp_path):
    results = script("results")
    path = tmp_path / "results.json"
    first = results.Results(path, {"count": 10})
    first.of("mlp")["others"].append(0.1)
    first.write()
    assert results.Results(path, {"count": 10}).of("mlp")["others"] == [0.1]
    with pytest.raises(ValueError, match="differs in: count"):
        results.Results(path, {"count": 20})


def test_a_process_trains_when_its_turn_comes(script, tmp_path):
    turns = script("turns")
    way = tmp_path / "way.py"
    way.write_text(
        textwrap.dedent(f"""
            import sys
            sys.path.insert(0, {str(FOLDER)!r})
            import turns
            line, epoch = turns.Turns(lambda: {{"kl": 1.5}}), 1
            print("what a library says")
            while line.next(epoch=epoch):
                epoch += 1
        """)
    )
    with open(tmp_path / "log", "w+", encoding="utf-8") as log:
        process = turns.Measured([sys.executable, "-S", way], None, log)
        assert process.first > 0
        second = process.ask("epoch")
        assert second["epoch"] == 2 and second["seconds"] > 0
        assert process.ask("losses") == {"kl": 1.5}
        process.end()
        log.seek(0)
        assert log.read() == "what a library says\n"
        with pytest.raises(RuntimeError, match="ended with status 3"):
            turns.Measured([sys.executable, "-S", "-c", "raise SystemExit(3)"], None, log)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["fit_array_plain", "bare", "keras"])
def test_our_ways_train(script, way, tmp_path, monkeypatch):
    sets, turns, ours = map(script, ("sets", "turns", "ours"))
    said = {}

    class OneEpoch:
        """Stands in for the line to a measuring process: one epoch, then the losses."""

        def __init__(self, losses):
            self._losses = losses

        def next(self, **figures):
            said.update(figures, **self._losses())
            return False

    monkeypatch.setattr(turns, "Turns", OneEpoch)
    np.save(tmp_path / "images.npy", sets.images(None, 8))
    settings = {"images": tmp_path / "images.npy", "network": "mlp", "batch": 8, "latent_dim": 2}
    settings |= {"lambda": 10.0, "learning_rate": 1e-3, "epochs": 3, "examined": 8, "seed": 0}
    ours.WAYS[way](settings)
    assert 300 < said["loss"] < 700 and 300 < said["reconstruction"] < 700
    assert not said.get("xla")


def test_pages_that_are_kept_are_those_of_what_was_measured(script):
    pages, results = script("pages"), script("results")
    content = json.loads((FOLDER / "results.json").read_text(encoding="utf-8"))
    tables = {
        network: results.summary(found, content["settings"])
        for network, found in content["networks"].items()
    }
    assert pages.text_of(content, tables) == (FOLDER / "results.md").read_text(encoding="utf-8")
    with open(FOLDER / "results.csv", encoding="utf-8", newline="") as file:
        kept = list(csv.DictReader(file))
    names = ("images/s", "/ pythae", "first epoch, s")
    for row, network, found in zip(
        kept, *zip(*((n, r) for n, rows in tables.items() for r in rows)), strict=True
    ):
        assert row["network"] == network and row["way"] == found["way"]
        assert [row[name] for name in names] == [str(found[name]) for name in names]
