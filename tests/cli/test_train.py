"""`train`: what it writes and says, that its config repeats it, and how it stops."""

import csv
import errno
import json
import os
import shlex
import shutil

import keras
import numpy as np
import pytest

import keras_infovae as ki
from keras_infovae import datasets
from keras_infovae.cli.actions import models, training_run
from keras_infovae.models import registry
from keras_infovae.training import RunDirectory, SaveLastGoodEpoch
from keras_infovae.utils.constructors import constructor_parameters


def read(path):
    return json.loads(path.read_text())


def listing(path):
    return sorted(str(p.relative_to(path)) for p in path.rglob("*") if p.is_file())


@pytest.fixture
def in_epoch(monkeypatch):
    """Has a training call a function of the model at the beginning of an epoch, counted from 1."""

    def arrange(number, act):
        class Act(keras.callbacks.Callback):
            def on_epoch_begin(self, epoch, logs=None):
                if epoch + 1 == number:
                    act(self.model)

        callbacks = RunDirectory.callbacks
        monkeypatch.setattr(
            RunDirectory, "callbacks", lambda run, others: [*callbacks(run, others), Act()]
        )

    return arrange


@pytest.fixture
def untrained(monkeypatch):
    """Has `train` save the model as it is after epochs 1 and 2: not trained, and not judged."""

    def fit(run, training, data, model):
        run.saver.set_model(model)
        run.saver.on_epoch_end(0, {})
        run.saver.on_epoch_end(1, {})
        return {}

    monkeypatch.setattr(training_run, "_fit", fit)
    numbers = {"examples": 6, "importance_weighted_examples": 0, "elbo": -3.0}
    monkeypatch.setattr(ki.evaluation, "summarize", lambda *_, **__: numbers)


@pytest.fixture
def prepared(monkeypatch):
    """Has `train` stop where it would train; a list of what it would have trained."""
    calls = []

    def carry_out(run, config, data, model, plots):
        calls.append((config, data, model))
        return 0

    monkeypatch.setattr(training_run, "carry_out", carry_out)
    return calls


def full_disk(monkeypatch, name, allowed=0):
    """Has the writing of the file called `name` fail after `allowed` times."""
    replace, times = os.replace, []

    def fail(source, target):
        if os.path.basename(target) == name:
            times.append(target)
            if len(times) > allowed:
                raise OSError(errno.ENOSPC, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", fail)


def raising(error):
    def act(*_, **__):
        raise error

    return act


# === A run that comes to its end ===


def test_a_run_has_all_its_files(runs):
    run = RunDirectory(runs / "digits")
    assert run.finished
    files = listing(runs / "digits")
    assert [f for f in files if not f.startswith("logs")] == [
        *("config.json", "history.csv", "metrics.json", "model.keras"),
        *(f"plots/{name}.png" for name in ("history", "interpolation", "latent_space")),
        *(f"plots/{name}.png" for name in ("reconstructions", "samples")),
    ]
    with open(run.file("history.csv"), newline="") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1"]
    metrics = read(runs / "digits/metrics.json")
    assert (metrics["split"], metrics["epoch"], metrics["examples"]) == ("test", 1, 6)
    assert len(metrics["plots"]) == 5
    model = run.load_model()
    assert type(model).__name__ == "InfoVAE"
    assert model.scaling == ki.preprocessors.Scaling(0.0, 16.0)
    assert model.generate(2, seed=0).shape == (2, 8, 8, 1)


def test_what_is_said(train, tmp_path, untrained):
    outcome = train(f"--output={tmp_path}/run")
    assert outcome.status == 0
    said = " ".join(outcome.out.split())
    for text in (
        "digits: examples of shape (8, 8, 1)",
        "likelihood: bernoulli (all values lie in [0, 1])",
        "On test examples, which the model has not seen. Mean over 6 examples",
        "ELBO, nats",
        f"All is in {tmp_path}/run.",
    ):
        assert text in said


@pytest.mark.parametrize(
    ("flags", "class_name", "weights"),
    [
        (["--model=vae"], "VAE", (1.0, 0.0)),
        (["--model=beta_vae", "--beta=2"], "BetaVAE", (2.0, 0.0)),
        (["--model=mmd_vae", "--lambda_=5", "--kernel=imq"], "MMDVAE", (0.0, 5.0)),
        (["--alpha=0.5", "--lambda_=3", "--likelihood=normal"], "InfoVAE", (0.5, 2.5)),
        (["--model=stein_vae", "--lambda_=3", "--kernel=imq"], "SteinVAE", (1.0, 2.0)),
    ],
)
def test_models(train, tmp_path, prepared, flags, class_name, weights):
    outcome = train(f"--output={tmp_path}/run", *flags)
    assert outcome.status == 0, outcome.err
    ((config, data, model),) = prepared
    assert type(model).__name__ == class_name
    assert (model.kl_weight, model.divergence_weight) == weights
    assert (model.latent_dim, model.seed, model.scaling) == (2, 0, data.scaling)
    assert model.name == config["model"]["name"]
    if "--kernel=imq" in flags:
        assert type(model.divergence.kernel).__name__ == "InverseMultiquadratic"
    if "--likelihood=normal" in flags:
        assert "likelihood: normal (as given)" in outcome.out
    again = models.make_model(config["model"], data.scaling)
    assert again.latent_dim == model.latent_dim
    assert again.divergence == model.divergence


CONDITIONAL = [n for n, m in registry.members.items() if "condition" in constructor_parameters(m)]


@pytest.mark.parametrize("name", CONDITIONAL)
def test_every_model_is_made_from_its_flags_with_a_condition(command, tmp_path, prepared, name):
    settings = registry.settings_of(registry.members[name])
    numbers = {
        n: 2.5 if d in ("auto", None) else d for n, (p, d) in settings.items() if is_number(p)
    }
    flags = [f"--{n}=mlp" for n in ("encoder", "decoder") if n in settings]
    flags += [f"--{n}={value}" for n, value in numbers.items()]
    given = ["--data=digits", "--limit=200", "--condition=labels"]
    dims = {"latent_dim": 3} if "latent_dim" in settings else {}
    given += [f"--{n}={value}" for n, value in dims.items()]
    outcome = command("train", f"--model={name}", *given, *flags, f"--output={tmp_path}/run")
    assert outcome.status == 0, outcome.err
    ((config, _, model),) = prepared
    assert type(model) is registry.members[name] and model.condition.num_classes == 10
    assert {n: getattr(model, n) for n in numbers | dims} == numbers | dims
    assert config["classes"] == list(range(10)) and config["model"]["condition"] == "labels"


def is_number(parameter):
    return isinstance(parameter, ki.parameters.Number)


def test_a_table_is_standardized_and_normal(runs):
    config = RunDirectory(runs / "table").config()
    assert config["data"]["standardize"] is True
    assert config["data"]["source"] == str(runs / "table.csv")
    assert config["model"]["likelihood"] == "normal"
    assert config["feature_names"] == ["year", "share"]
    scaling = RunDirectory(runs / "table").load_model().scaling
    assert 1999 < scaling.offset[0] < 2011


@pytest.mark.parametrize(
    ("name", "flags", "likelihood", "standardized"),
    [
        ("shares", [], "normal", True),
        ("shares", ["--nostandardize"], "normal", False),
        ("shares", ["--likelihood=bernoulli"], "bernoulli", False),
        ("shares", ["--likelihood=normal"], "normal", True),
        ("signed", [], "normal", False),
        ("gray", [], "bernoulli", False),
    ],
)
def test_defaults_follow_from_the_data(
    train, tmp_path, prepared, name, flags, likelihood, standardized
):
    rng = np.random.default_rng(0)
    arrays = {
        "shares": rng.random((20, 3)),
        "signed": rng.normal(size=(20, 3, 3)),
        "gray": rng.integers(0, 256, (20, 3, 3), dtype="uint8"),
    }
    np.save(tmp_path / "x.npy", arrays[name])
    outcome = train(f"--data={tmp_path}/x.npy", f"--output={tmp_path}/run", *flags)
    assert outcome.status == 0, outcome.err
    ((config, data, model),) = prepared
    assert config["model"]["likelihood"] == likelihood
    assert type(model.likelihood).__name__.lower() == likelihood
    assert config["data"]["standardize"] is standardized
    assert (abs(data.train.mean()) < 1e-6) == standardized


@pytest.mark.parametrize(
    ("flags", "epochs", "patience"),
    [
        ([], 400, 167),  # 48 digits, 3 steps an epoch
        (["--batch_size=2"], 400, 21),
        (["--validation_fraction=0"], 400, 0),
        (["--model=factor_vae"], 400, 0),  # its critic learns beside it
        (["--epochs=7", "--early_stopping=3"], 7, 3),
        (["--early_stopping=0"], 400, 0),
    ],
)
def test_the_length_of_a_training_follows_from_the_data(
    command, tmp_path, prepared, flags, epochs, patience
):
    small = ["--encoder=mlp", "--decoder=mlp", "--latent_dim=2", "--data=digits", "--limit=60"]
    small += ["--batch_size=16", f"--output={tmp_path}/run"]
    outcome = command("train", *small, *flags)
    assert outcome.status == 0, outcome.err
    ((config, _, _),) = prepared
    assert config["training"]["epochs"] == epochs
    assert config["training"]["early_stopping"] == patience


def test_nothing_held_out(train, tmp_path, untrained):
    outcome = train(f"--output={tmp_path}/run", "--validation_fraction=0", "--test_fraction=0")
    assert outcome.status == 0
    assert "On the training examples (nothing was held out)" in outcome.out
    assert read(tmp_path / "run/metrics.json")["split"] == "train"


def test_the_policy_is_the_runs_own(train, tmp_path, untrained):
    before = keras.config.dtype_policy().name
    assert train(f"--output={tmp_path}/run", "--dtype_policy=mixed_bfloat16").status == 0
    assert keras.config.dtype_policy().name == before
    encoder = RunDirectory(tmp_path / "run").load_model().encoder
    assert encoder.layers[-1].dtype_policy.name == "mixed_bfloat16"


def test_the_config_repeats_the_run(command, runs, tmp_path):
    again = shlex.split(read(runs / "digits/config.json")["command"])[1:]
    assert f"--output={runs}/digits" in again
    others = [f"--output={tmp_path}/a b", "--noplots", "--profile=2,3"]
    assert command(*again, *others).status == 0
    first, second = (read(p / "metrics.json") for p in (runs / "digits", tmp_path / "a b"))
    assert first.keys() == second.keys()
    for name in first.keys() - {"plots"}:
        # Sums over threads may end on the other side of a rounding.
        value = first[name]
        assert second[name] == (pytest.approx(value, rel=1e-5) if type(value) is float else value)
    first, second = (read(p / "config.json") for p in (runs / "digits", tmp_path / "a b"))
    said = set(shlex.split(second.pop("command")))
    assert said - {*again} == {"keras-infovae", *others}
    del first["command"]
    assert first == second
    # What the devices do is recorded, changes nothing and belongs to the run.
    (trace,) = (tmp_path / "a b/logs").rglob("plugins/profile/*/*.xplane.pb")
    assert b"multi_step_on_iterator" in trace.read_bytes()
    assert RunDirectory.check(tmp_path / "a b", overwrite=True) == "finished"


def test_overwrite(train, tmp_path, runs, prepared):
    shutil.copytree(runs / "digits", tmp_path / "run")
    refused = train(f"--output={tmp_path}/run")
    assert refused.status == 2
    assert "must be a new directory, or `--overwrite` be set" in refused.err
    assert listing(tmp_path / "run") == listing(runs / "digits")
    assert not prepared
    replaced = train(f"--output={tmp_path}/run", "--seed=1", "--overwrite")
    assert replaced.status == 0
    assert "a finished run: replaced" in replaced.out
    assert listing(tmp_path / "run") == ["config.json"]
    assert read(tmp_path / "run/config.json")["training"]["seed"] == 1


# === A run that stops on the way ===


def test_ctrl_c_keeps_the_epoch_before(train, tmp_path, in_epoch):
    in_epoch(2, raising(KeyboardInterrupt))
    outcome = train(f"--output={tmp_path}/run")
    assert outcome.status == 130
    assert "keras-infovae train: stopped by Ctrl-C." in outcome.err
    assert f"{tmp_path}/run/model.keras holds epoch 1. The run is unfinished" in outcome.err
    run = RunDirectory(tmp_path / "run")
    assert not run.finished
    assert run.load_model().generate(1, seed=0).shape == (1, 8, 8, 1)
    assert RunDirectory.check(run.path) == "unfinished"  # and no lock is left


def test_ctrl_c_in_the_first_epoch(train, tmp_path, monkeypatch):
    monkeypatch.setattr(ki.InfoVAE, "fit", raising(KeyboardInterrupt))
    outcome = train(f"--output={tmp_path}/run")
    assert outcome.status == 130
    assert "There is no model.keras, because no epoch ended well." in outcome.err
    assert RunDirectory.check(tmp_path / "run") == "unfinished"


def test_ctrl_c_while_drawing_leaves_the_run_unfinished(train, tmp_path, monkeypatch, untrained):
    monkeypatch.setattr(ki.evaluation, "plot_all", raising(KeyboardInterrupt))
    assert train(f"--output={tmp_path}/run", "--plots").status == 130
    assert RunDirectory.check(tmp_path / "run") == "unfinished"


def test_ctrl_c_while_reading_leaves_nothing(train, tmp_path, monkeypatch):
    monkeypatch.setattr(datasets, "load", raising(KeyboardInterrupt))
    assert train(f"--output={tmp_path}/run").status == 130
    assert os.listdir(tmp_path) == []


def spoil(model, which):
    weight = model.trainable_variables[which]
    weight.assign(weight * float("nan"))


def test_losses_that_are_no_numbers_stop_the_training(train, tmp_path, in_epoch):
    in_epoch(2, lambda model: spoil(model, -1))
    outcome = train(f"--output={tmp_path}/run", "--epochs=3")
    assert outcome.status == 1
    assert "error: Training stopped: `reconstruction_loss` was the first term" in outcome.err
    assert "Flags that help are --learning_rate and --clipnorm." in outcome.err  # for images
    assert "model.keras holds epoch 1." in outcome.err
    assert "Traceback" not in outcome.err
    run = RunDirectory(tmp_path / "run")
    assert not run.finished
    assert np.isfinite(run.load_model().generate(1, seed=0)).all()


def test_weights_that_are_no_numbers_are_no_success(train, tmp_path, monkeypatch):
    def fit(model, x, callbacks, **_):  # relu turns NaN into 0, and losses stay finite
        saver = next(c for c in callbacks if isinstance(c, SaveLastGoodEpoch))
        saver.set_model(model)
        saver.on_epoch_end(0, {"loss": 1.0})
        spoil(model, 0)
        saver.on_epoch_end(1, {"loss": 1.0})

    monkeypatch.setattr(ki.InfoVAE, "fit", fit)
    outcome = train(f"--output={tmp_path}/run", "--early_stopping=0")
    assert outcome.status == 1
    assert "The last epoch ended with losses or weights that are not finite." in outcome.err
    assert "model.keras holds epoch 1." in outcome.err
    assert not RunDirectory(tmp_path / "run").finished


@pytest.mark.parametrize(("name", "allowed"), [("model.keras", 1), ("metrics.json", 0)])
def test_no_space_on_the_disk(train, tmp_path, untrained, monkeypatch, name, allowed):
    full_disk(monkeypatch, name, allowed)
    outcome = train(f"--output={tmp_path}/run")
    assert outcome.status == 1
    assert f"train: error: no space left on device: {tmp_path}/run/{name}." in outcome.err
    assert "Traceback" not in outcome.err
    assert listing(tmp_path / "run") == ["config.json", "model.keras", "previous.keras"]
    run = RunDirectory(tmp_path / "run")
    assert not run.finished
    assert run.load_model().generate(1, seed=0).shape == (1, 8, 8, 1)


def test_a_run_that_cannot_begin_leaves_nothing(train, tmp_path, monkeypatch):
    full_disk(monkeypatch, "config.json")
    outcome = train(f"--output={tmp_path}/runs/first")
    assert outcome.status == 1
    assert f"no space left on device: {tmp_path}/runs/first/config.json" in outcome.err
    assert os.listdir(tmp_path) == []
