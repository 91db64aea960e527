"""A training that was stopped, at whatever moment, goes on as if it had not been."""

import pathlib
import random
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest

import keras_infovae as ki
from keras_infovae.training import RunDirectory

X = np.random.default_rng(0).random((44, 5)).astype("float32")
NETWORK = ki.networks.MLP([6], "tanh")


def with_dropout():
    x = keras.Input((5,))
    encoder = keras.Sequential(
        [x, keras.layers.Dense(8, "tanh"), keras.layers.Dropout(0.5), keras.layers.Dense(4)]
    )
    return ki.InfoVAE(2, encoder=encoder, decoder=NETWORK, lambda_=5.0, seed=0)


MODELS = {
    "dropout": with_dropout,
    "a critic": lambda: ki.FactorVAE(2, encoder=NETWORK, decoder=NETWORK, seed=0),
    "a schedule in epochs": lambda: ki.BetaVAE(
        2,
        beta=ki.schedules.Linear(0.1, 2.0, 3, unit="epochs"),
        encoder=NETWORK,
        decoder=NETWORK,
        seed=0,
    ),
}


@pytest.mark.parametrize("case", MODELS)
def test_a_saved_model_goes_on_as_if_it_had_not_stopped(case, tmp_path):
    def begin():
        keras.utils.set_random_seed(0)
        model = MODELS[case]()
        model.compile(keras.optimizers.Adam(1e-2), jit_compile=False)
        return model

    settings = {"batch_size": 8, "verbose": 0}
    whole = begin()
    expected = whole.fit(X, epochs=5, **settings).history
    stopped = begin()
    first = stopped.fit(X, epochs=2, **settings).history
    stopped.save(tmp_path / "model.keras")
    keras.utils.set_random_seed(7)  # nothing may hang on the state of the process
    restored = keras.saving.load_model(tmp_path / "model.keras")
    assert restored.epochs_trained == 2
    rest = restored.fit(X, epochs=5, initial_epoch=2, **settings).history
    for name, values in expected.items():
        np.testing.assert_allclose(first[name] + rest[name], values, rtol=1e-6, atol=1e-7)
    for a, b in zip(restored.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_it_goes_on_on_several_devices_too(tmp_path):
    def fit(model, **options):
        model.fit(X, epochs=3, batch_size=8, verbose=0, **options)
        return model.get_weights()

    keras.utils.set_random_seed(0)
    with ki.training.get_strategy("mirrored").scope():
        model = ki.VAE(2, encoder=NETWORK, decoder=NETWORK, seed=0)
        model.compile(jit_compile=False)
    model.fit(X, epochs=1, batch_size=8, verbose=0)
    model.save(tmp_path / "model.keras")
    expected = fit(model, initial_epoch=1)
    with ki.training.get_strategy("mirrored").scope():
        restored = keras.saving.load_model(tmp_path / "model.keras")
    assert restored.epochs_trained == 1
    for a, b in zip(fit(restored, initial_epoch=1), expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


# === Run directories ===


def unfinished(path, epochs=3):
    """Writes a run that stopped after `epochs`; returns its config."""
    config = {"model": {"latent_dim": 2}, "training": {"epochs": 5}}
    keras.utils.set_random_seed(0)
    model = ki.VAE(2, encoder=NETWORK, decoder=NETWORK, seed=0)
    model.compile(jit_compile=False)
    with RunDirectory.create(path, config | {"command": "train"}) as run:
        model.fit(X, epochs=epochs, verbose=0, callbacks=run.callbacks())
    return config


def test_a_damaged_last_model_is_passed_over_for_the_one_before(tmp_path, capsys):
    config = unfinished(tmp_path)
    assert RunDirectory(tmp_path).latest_model().epochs_trained == 3
    last = tmp_path / "model.keras"
    last.write_bytes(last.read_bytes()[:5000])
    model = RunDirectory(tmp_path).latest_model()
    assert model.epochs_trained == 2
    assert "model.keras is damaged" in capsys.readouterr().out
    with RunDirectory.resume(tmp_path, config) as run:
        run.go_on_after(2)
        model.fit(X, epochs=5, initial_epoch=2, verbose=0, callbacks=run.callbacks())
        assert [row["epoch"] for row in run.history_file.rows] == [1, 2, 3, 4, 5]
        run.finish({})
    assert not (tmp_path / "previous.keras").exists()
    (tmp_path / "model.keras").unlink()
    assert RunDirectory(tmp_path).latest_model() is None


def test_what_cannot_be_gone_on_with_is_refused(tmp_path):
    with pytest.raises(ValueError, match="`resume`.*an unfinished run"):
        RunDirectory.resume(tmp_path, {})
    config = unfinished(tmp_path, epochs=1)
    other = config | {"training": {"epochs": 6}}
    with pytest.raises(ValueError, match="training.epochs=6, where the run has 5"):
        RunDirectory.resume(tmp_path, other)
    with (
        RunDirectory.resume(tmp_path, config | {"command": "another"}) as run,
        pytest.raises(FileExistsError, match="no other process"),
    ):
        RunDirectory.resume(tmp_path, config)
    run.finish({})
    with pytest.raises(ValueError, match="`resume`.*an unfinished run"):
        RunDirectory.resume(tmp_path, config)


# === SIGKILL ===


def train(path):
    """Starts `keras-infovae train`, with what it says going to a file beside the run."""
    flags = ["--data=digits", "--epochs=30", "--latent_dim=2", "--encoder=mlp", "--decoder=mlp"]
    flags += ["--noplots", "--deterministic", "--resume", f"--output={path}"]
    program = "from keras_infovae.cli.main import run; run()"
    command = [sys.executable, "-c", program, "train", *flags]
    with open(f"{path}.log", "a") as log:
        root = pathlib.Path(__file__).parents[2]
        return subprocess.Popen(command, stdout=log, stderr=log, cwd=root)


def killed_and_resumed(path, moments):
    """Trains, killing the process so many seconds after each epoch of `moments`, and going on."""
    for epochs, seconds in moments:
        process = train(path)
        while process.poll() is None and rows(path) < epochs:
            time.sleep(0.01)
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert train(path).wait() == 0, pathlib.Path(f"{path}.log").read_text()


def rows(path):
    file = path / "history.csv"
    return file.read_text().count("\n") - 1 if file.exists() else 0


def assert_killing_changes_nothing(directory, moments):
    assert train(directory / "whole").wait() == 0
    killed_and_resumed(directory / "killed", moments)
    for name in ("history.csv", "metrics.json"):
        assert (directory / "killed" / name).read_bytes() == (
            directory / "whole" / name
        ).read_bytes()
    models = [
        keras.saving.load_model(directory / name / "model.keras") for name in ("whole", "killed")
    ]
    for a, b in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_killed_training_goes_on_bit_for_bit(tmp_path):
    assert_killing_changes_nothing(tmp_path, [(3, 0.05)])


@pytest.mark.slow
def test_twenty_kills_change_nothing(tmp_path):
    draw = random.Random(0)
    # Between the beginning (epoch 0: Python has not even started) and the last epochs.
    moments = [(epochs, draw.uniform(0.0, 0.6)) for epochs in sorted(draw.choices(range(29), k=20))]
    assert_killing_changes_nothing(tmp_path, moments)
