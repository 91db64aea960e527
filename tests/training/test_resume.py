"""A training that was stopped, at whatever moment, goes on as if it had not been."""

import csv
import itertools
import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import time
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.training import RunDirectory, SaveLastGoodEpoch
from keras_infovae.utils import probability as tfp

X = np.random.default_rng(0).random((44, 5)).astype("float32")
NETWORK = ki.networks.MLP([6], "tanh")


@keras.saving.register_keras_serializable("test_resume")
class CriticWithDropout(ki.divergences.Adversarial):
    """Draws by a layer of the critic, in the player's step."""

    def build(self, latent_dim):
        super().build(latent_dim)
        self.dropout = keras.layers.Dropout(0.5)

    def logits(self, z):
        return super().logits(self.dropout(z, training=True))


@keras.saving.register_keras_serializable("test_resume")
class NoisyMoments(ki.divergences.MomentMatching):
    """Draws by a generator of its own; it is no layer, so that Keras knows nothing of it."""

    def __init__(self):
        super().__init__()
        self.noise = [keras.random.SeedGenerator(3)]

    def __call__(self, z, prior, posterior=None, seed=None):
        value = super().__call__(z, prior, posterior, seed)
        return value * keras.random.uniform([], seed=self.noise[0])


@keras.saving.register_keras_serializable("test_resume")
class NoisyPrior(ki.priors.StandardNormal):
    """Draws by a layer of the prior, in each step."""

    def build(self, *shapes):
        super().build(*shapes)
        self.noise = keras.layers.GaussianNoise(0.5)

    def distribution(self, latent_dim, *arguments):
        normal = tfp.distributions.Normal(
            self.noise(tf.zeros([latent_dim]), training=True), tf.ones([latent_dim])
        )
        return tfp.distributions.Independent(normal, 1)


def draws_everywhere():
    layers = [keras.layers.Dense(8, "tanh"), keras.layers.Dropout(0.5), keras.layers.Dense(4)]
    return ki.InfoVAE(
        2,
        encoder=keras.Sequential([keras.Input((5,)), *layers]),
        decoder=NETWORK,
        prior=NoisyPrior(),
        divergence=CriticWithDropout(),
        lambda_=5.0,
        seed=0,
    )


def a_schedule_in_epochs():
    weight = ki.schedules.Linear(1.0, 5.0, 3, unit="epochs")
    return ki.InfoVAE(
        2, lambda_=weight, encoder=NETWORK, decoder=NETWORK, divergence=NoisyMoments(), seed=0
    )


MODELS = (draws_everywhere, a_schedule_in_epochs)


@pytest.mark.parametrize("case", MODELS)
def test_a_saved_model_goes_on_as_if_it_had_not_stopped(case, tmp_path):
    def begin():
        keras.utils.set_random_seed(0)
        model = case()
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
    rest = restored.fit(X, epochs=5, initial_epoch=2, **settings).history
    for name, values in expected.items():
        np.testing.assert_allclose(first[name] + rest[name], values, rtol=1e-6, atol=1e-7)
    for a, b in zip(restored.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


# So Keras says wherever a dataset that does not tell its length ends.
@pytest.mark.filterwarnings("ignore:Your input ran out of data:UserWarning")
def test_epochs_are_counted_as_they_end(tmp_path):
    model = ki.VAE(2, divergence="moment_matching", encoder=NETWORK, decoder=NETWORK, seed=0)
    model.compile(jit_compile=False, run_eagerly=True)
    batches = tf.data.Dataset.from_tensor_slices(X).batch(22)
    unknown = batches.filter(lambda _: True)  # does not tell its length
    model.fit(unknown, epochs=2, verbose=0)
    assert model.epochs_trained == 2
    model.fit(X[:22], batch_size=22, verbose=0)
    assert model.epochs_trained == 3
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    assert restored.epochs_trained == 3
    restored.fit(unknown, epochs=5, initial_epoch=3, verbose=0)
    assert restored.epochs_trained == 5


def test_it_goes_on_on_several_devices_too(tmp_path):
    def fit(model, **options):
        model.fit(X, epochs=3, batch_size=8, verbose=0, **options)
        return model.get_weights()

    keras.utils.set_random_seed(0)
    with ki.training.get_strategy("mirrored").scope():
        model = ki.VAE(2, divergence="moment_matching", encoder=NETWORK, decoder=NETWORK, seed=0)
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
    model = ki.VAE(2, divergence="moment_matching", encoder=NETWORK, decoder=NETWORK, seed=0)
    model.compile(jit_compile=False, run_eagerly=True)
    with RunDirectory.create(path, config | {"command": "train"}) as run:
        model.fit(X, epochs=epochs, verbose=0, callbacks=run.callbacks())
    return config


def test_a_damaged_last_model_is_passed_over_for_the_one_before(tmp_path, capsys):
    config = unfinished(tmp_path)
    assert RunDirectory(tmp_path).go_on_from().epochs_trained == 3
    last = tmp_path / "model.keras"
    last.write_bytes(last.read_bytes()[:5000])
    with RunDirectory.resume(tmp_path, config) as run:
        model = run.go_on_from()
        assert model.epochs_trained == run.saver.last_epoch == 2
        assert "model.keras, which is damaged" in capsys.readouterr().out
        model.fit(X, epochs=5, initial_epoch=2, verbose=0, callbacks=run.callbacks())
        assert [row["epoch"] for row in run.history_file.rows] == [1, 2, 3, 4, 5]
        run.finish({})
    assert not (tmp_path / "previous.keras").exists()
    (tmp_path / "model.keras").unlink()
    assert RunDirectory(tmp_path).go_on_from() is None


def test_what_cannot_be_gone_on_with_is_refused(tmp_path):
    with pytest.raises(ValueError, match="`resume`.*an unfinished run"):
        RunDirectory.resume(tmp_path, {})
    config = {"model": {"latent_dim": 2, "beta": 3.0}, "training": {"epochs": 5}, "data": {}}
    RunDirectory.create(tmp_path, config | {"command": "train"}).close()
    other = config | {"training": {"epochs": 6}}
    with pytest.raises(ValueError, match="training.epochs=6, where the run has 5"):
        RunDirectory.resume(tmp_path, other)
    other = config | {"model": {"latent_dim": 2}}
    with pytest.raises(ValueError, match="model.beta left out, where the run has 3.0"):
        RunDirectory.resume(tmp_path, other)
    with pytest.raises(ValueError, match="data.limit=3, where the run has None"):
        RunDirectory.resume(tmp_path, config | {"data": {"limit": 3}})
    with RunDirectory.resume(tmp_path, config | {"command": "another", "none": None}) as run:
        owner = f"process {os.getpid()} on {re.escape(socket.gethostname())}, started at 2"
        with pytest.raises(FileExistsError, match=f"no other process.*running: {owner}"):
            RunDirectory.resume(tmp_path, config)
    run.finish({})
    with pytest.raises(ValueError, match="`resume`.*an unfinished run"):
        RunDirectory.resume(tmp_path, config)


def test_what_a_killed_process_left_is_no_obstacle(tmp_path, capsys):
    RunDirectory.create(tmp_path, {"seed": 0}).close()
    config = json.loads((tmp_path / "config.json").read_text())
    config["versions"] |= {"keras": "3.0.1"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    owner = {"process": 1, "host": "gone", "started": "2001-01-01"}
    (tmp_path / "lock.json").write_text(json.dumps(owner))
    (tmp_path / ".keras_infovae.lock").touch()
    (tmp_path / "plots").mkdir()
    mine = [".0123456789ab.notes.txt", "notes.txt", "plots/.0123456789ab.notes.txt"]
    for name in [".0123456789ab.model.keras", "plots/.0123456789ab.samples.png", *mine]:
        (tmp_path / name).write_text("half")
    with RunDirectory.resume(tmp_path, {"seed": 0}):
        assert json.loads((tmp_path / "lock.json").read_text())["process"] == os.getpid()
    files = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()}
    assert files == {"config.json", *mine}
    said = capsys.readouterr().out
    assert "The run began with keras 3.0.1 (now 3." in said
    assert said.count(" (now ") == 1 and "numbers may differ in rounding" in said


# === The state of callbacks ===


def stopping_callbacks():
    """Callbacks with a state, all of which act within a few epochs."""
    return [
        ki.callbacks.CollapseMonitor(X, limit=2, patience=4, action="stop"),
        keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=1.0),
        keras.callbacks.EarlyStopping(
            "active_units", mode="max", patience=20, restore_best_weights=True
        ),
    ]


def carry_on(path):
    """Trains, from the beginning or from what is there; returns (epochs, rates, weights)."""
    keras.utils.set_random_seed(0)
    model = None
    if RunDirectory(path).unfinished:
        run = RunDirectory.resume(path, {})
        model = run.go_on_from()
    else:
        run = RunDirectory.create(path, {})
    if model is None:
        model = ki.VAE(2, divergence="moment_matching", encoder=NETWORK, decoder=NETWORK, seed=0)
        model.compile(keras.optimizers.Adam(1e-2), run_eagerly=True)
    with run, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the collapse, which is meant to be
        model.fit(
            X,
            epochs=9,
            initial_epoch=run.saver.last_epoch or 0,
            batch_size=22,
            verbose=0,
            callbacks=run.callbacks(stopping_callbacks()),
        )
    history = run.history_file.history()
    return history["loss"], history["learning_rate"], run.load_model().get_weights()


def die_at_rename(number, monkeypatch):
    """Has the renaming with this number, counted from 1, and each later one, never come about."""
    replace, count = os.replace, itertools.count(1)

    def until(source, target):
        if next(count) >= number:
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", until)


def test_callbacks_go_on_where_they_stopped(tmp_path, monkeypatch):
    losses, rates, weights = carry_on(tmp_path / "whole")
    assert len(losses) == 5  # the fifth look in a row that finds a collapse stops the training
    assert rates[-1] < rates[0]
    # Two renames begin a run and one goes on with it. Then each epoch has history.csv,
    # previous.keras (but for epoch 1) and model.keras; the last two are those of the best weights.
    for number in (
        7,  # the model of epoch 2
        6,  # the copy of it, once epoch 3 is over
        11,  # the copy of the last model, before the best weights
        3,  # the best weights
    ):
        with monkeypatch.context() as patch:
            die_at_rename(number, patch)
            with pytest.raises(KeyboardInterrupt):
                carry_on(tmp_path / "stopped")
    again = carry_on(tmp_path / "stopped")
    assert again[:2] == (losses, rates)
    for a, b in zip(again[2], weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_other_callbacks_are_refused_before_any_step(tmp_path):
    plateau, stopping = keras.callbacks.ReduceLROnPlateau(), keras.callbacks.EarlyStopping()
    saver = SaveLastGoodEpoch(tmp_path / "model.keras", callbacks=[plateau])
    saver.set_model(
        ki.VAE(2, divergence="moment_matching", encoder=NETWORK, decoder=NETWORK, seed=0)
    )
    saver.model.build((None, 5))
    saver.on_epoch_end(0, {})
    saver = SaveLastGoodEpoch(tmp_path / "model.keras", callbacks=[stopping])
    model = saver.load()
    before = model.get_weights()
    with pytest.raises(ValueError, match="`callbacks` must be those of the training: .'ReduceLRO"):
        model.fit(X, epochs=2, initial_epoch=1, verbose=0, callbacks=[stopping, saver])
    for a, b in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)


# === SIGKILL ===


def train(path, flags):
    """Starts `keras-infovae train`, with what it says going to a file beside the run."""
    flags = [*flags, "--data=digits", "--latent_dim=2", "--encoder=mlp", "--decoder=mlp"]
    flags += ["--epochs=30", "--noplots", "--deterministic", "--resume", f"--output={path}"]
    command = [sys.executable, "-m", "keras_infovae", "train", *flags]
    with open(f"{path}.log", "a") as log:
        root = pathlib.Path(__file__).parents[2]
        return subprocess.Popen(command, stdout=log, stderr=log, cwd=root)


def killed_and_resumed(path, flags, moments):
    """Trains, killing the process so many seconds after so many epochs of its own, and going on."""
    for epochs, seconds in moments:
        before = rows(path)
        process = train(path, flags)
        while process.poll() is None and rows(path) < before + epochs:
            time.sleep(0.01)
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert train(path, flags).wait() == 0, pathlib.Path(f"{path}.log").read_text()


def rows(path):
    file = path / "history.csv"
    return file.read_text().count("\n") - 1 if file.exists() else 0


def assert_killing_changes_nothing(directory, flags, moments):
    assert train(directory / "whole", flags).wait() == 0
    killed_and_resumed(directory / "killed", flags, moments)
    for name in ("history.csv", "metrics.json"):
        assert (directory / "killed" / name).read_bytes() == (
            directory / "whole" / name
        ).read_bytes()
    with open(directory / "killed/history.csv", newline="") as file:
        losses = [float(row["val_loss"]) for row in csv.DictReader(file)]
    best = json.loads((directory / "killed/metrics.json").read_text())["epoch"]
    assert best == 1 + np.argmin(losses)
    models = [
        keras.saving.load_model(directory / name / "model.keras") for name in ("whole", "killed")
    ]
    for a, b in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_killed_training_goes_on_bit_for_bit(tmp_path):
    # It stops after epoch 10, where it was measured: epochs 8, 9 and 10 are no better than 7.
    flags = ["--early_stopping=3", "--learning_rate=0.01"]
    assert_killing_changes_nothing(tmp_path, flags, [(8, 0.05)])
    assert rows(tmp_path / "killed") < 30


@pytest.mark.slow
def test_twenty_kills_change_nothing(tmp_path):
    draw = random.Random(0)
    # Once before Python has even started; then while an epoch is saved, or the next one trained.
    moments = [(0, 0.0)] + [(1, draw.uniform(0.0, 0.6)) for _ in range(19)]
    assert_killing_changes_nothing(tmp_path, ["--early_stopping=5"], moments)
