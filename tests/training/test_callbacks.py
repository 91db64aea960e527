"""What is written at the end of each epoch."""

import csv
import errno
import os

import keras
import numpy as np
import pytest

import keras_infovae as ki
from keras_infovae.training import HistoryFile, RunDirectory, SaveLastGoodEpoch

X = np.random.default_rng(0).random((16, 6)).astype("float32")
NETWORK = ki.networks.MLP(hidden_units=(4,))


def tiny_model():
    networks = {"encoder": NETWORK, "decoder": NETWORK}
    model = ki.VAE(latent_dim=2, divergence="moment_matching", seed=0, **networks)
    model.build((None, 6))
    return model


def no_space(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def saver(tmp_path):
    saver = SaveLastGoodEpoch(str(tmp_path / "model.keras"))
    saver.set_model(tiny_model())
    return saver


def code(path):
    return keras.saving.load_model(path).encode(X)


def test_a_training_writes_its_files(tmp_path):
    model = tiny_model()
    model.compile(jit_compile=False)
    with RunDirectory.create(tmp_path, {}) as run:
        history = model.fit(
            X, validation_data=(X,), epochs=2, verbose=0, callbacks=run.callbacks()
        ).history
    with open(tmp_path / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row.pop("epoch") for row in rows] == ["1", "2"]
    assert set(rows[0]) == set(history)
    for name, values in history.items():
        assert [float(row[name]) for row in rows] == values
    assert run.saver.last_epoch == 2
    np.testing.assert_array_equal(code(tmp_path / "model.keras"), model.encode(X))
    assert sorted(os.listdir(tmp_path / "logs")) == ["train", "validation"]
    assert all(not name.startswith(".") for name in os.listdir(tmp_path))


def test_the_table_is_whole_after_every_epoch(tmp_path):
    history = HistoryFile(str(tmp_path / "history.csv"))
    history.on_train_begin()
    history.on_epoch_end(0, {"loss": 1.5})
    history.on_epoch_end(1, {"loss": float("nan"), "val_loss": 2.0})
    lines = (tmp_path / "history.csv").read_text().splitlines()
    assert lines == ["epoch,loss,val_loss", "1,1.5,", "2,nan,2.0"]
    history.on_train_begin()
    history.on_epoch_end(0, {"loss": 3.0})
    assert (tmp_path / "history.csv").read_text().splitlines() == ["epoch,loss", "1,3.0"]


def test_a_table_that_would_have_an_epoch_twice_is_refused_before_a_step(tmp_path):
    model = tiny_model()
    model.compile(jit_compile=False, run_eagerly=True)
    with RunDirectory.create(tmp_path, {}) as run:
        model.fit(X, epochs=2, verbose=0, callbacks=run.callbacks())
    with RunDirectory.resume(tmp_path, {}) as run:
        model = run.go_on_from()
        with pytest.raises(ValueError, match="`initial_epoch` must be 2, the epochs .*Received.*0"):
            model.fit(X, epochs=3, verbose=0, callbacks=run.callbacks())
        assert int(model.progress.step) == 2
        run.finish({})
        assert run.weights_epoch == 2  # though nothing was trained here


def test_paths_that_cannot_be_written_are_refused_at_once(tmp_path):
    with pytest.raises(ValueError, match="`path` must be a path that ends in .keras"):
        SaveLastGoodEpoch(tmp_path / "model.h5")
    missing = SaveLastGoodEpoch(tmp_path / "missing" / "model.keras")
    with pytest.raises(FileNotFoundError, match="`path` must be a file that is there"):
        missing.load()
    model = tiny_model()
    with pytest.raises(FileNotFoundError, match="`path` must be a path in a folder that is there"):
        model.fit(X, verbose=0, callbacks=[missing])
    assert int(model.progress.step) == 0


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_an_epoch_with_losses_that_are_not_finite_is_not_saved(saver, loss):
    saver.on_epoch_end(0, {"loss": loss})
    assert saver.last_epoch is None
    assert not os.path.exists(saver.path)
    saver.on_epoch_end(1, {"loss": 1.0})
    saver.on_epoch_end(2, {"loss": 1.0, "val_loss": loss})
    assert saver.last_epoch == 2


def test_an_epoch_whose_last_step_broke_the_weights_is_not_saved(saver):
    saver.on_epoch_end(0, {"loss": 1.0})
    good = code(saver.path)
    weight = saver.model.trainable_variables[0]
    weight.assign(weight * float("nan"))
    saver.on_epoch_end(1, {"loss": 1.0})
    assert saver.last_epoch == 1
    np.testing.assert_array_equal(code(saver.path), good)


def test_without_space_the_epoch_before_stays(saver, monkeypatch):
    saver.on_epoch_end(0, {"loss": 1.0})
    good = code(saver.path)
    monkeypatch.setattr(os, "replace", no_space)
    with pytest.raises(OSError, match="No space left") as error:
        saver.on_epoch_end(1, {"loss": 1.0})
    assert error.value.filename == saver.path
    assert saver.last_epoch == 1
    assert os.listdir(os.path.dirname(saver.path)) == ["model.keras"]
    np.testing.assert_array_equal(code(saver.path), good)


def test_ctrl_c_while_saving_leaves_the_epoch_before(saver, monkeypatch):
    saver.on_epoch_end(0, {"loss": 1.0})

    def interrupted(path):
        with open(path, "wb") as file:
            file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(saver.model, "save", interrupted)
    with pytest.raises(KeyboardInterrupt):
        saver.on_epoch_end(1, {"loss": 1.0})
    assert saver.last_epoch == 1
    assert os.listdir(os.path.dirname(saver.path)) == ["model.keras"]
    assert code(saver.path).shape == (16, 2)
