"""A search: what it keeps, that it goes on, what fails, what is refused."""

import csv
import json
import os

import keras
import keras_tuner
import numpy as np
import pytest

import keras_infovae as ki
from keras_infovae.models import registry
from keras_infovae.training.lock import DirectoryLock
from keras_infovae.tuning import objectives, parallel, results, trial_tuner
from tests.kinds import KINDS, ColumnNormals

X = np.random.default_rng(0).normal(size=(48, 5)).astype("float32")
DATA = (X[:32], X[32:])
SMALL = {"hidden_units": "4", "latent_dim": 2, "likelihood": "normal", "batch_size": 16}
SMALL |= {"divergence": "moment_matching"}  # which compiles fast
SETTINGS = {"tuner": "random", "max_trials": 2, "epochs": 2, "verbose": 0, "plots": False}


class Own(keras_tuner.HyperModel):
    """A search space of one's own, by the function that builds its models."""

    def __init__(self, build):
        super().__init__()
        self.build = build


def normals():
    model = ColumnNormals()
    model.compile()
    return model


def space(**choices):
    return ki.tuning.HyperModel("info_vae", **(SMALL | {"alpha": [0.0, 0.5, 1.0]} | choices))


def numbers(found):
    """Returns the rows of all trials without what depends on the clock."""
    return [{k: v for k, v in row.items() if k != "seconds"} for row in found.trials]


@pytest.fixture
def failing_fit(monkeypatch):
    """Trials that fail before they train, for what is not about training."""

    def fit(self, *arguments, **options):
        raise FloatingPointError(f"{self.distribute_strategy.num_replicas_in_sync} replicas")

    monkeypatch.setattr(ki.InfoVAE, "fit", fit)


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    path = tmp_path_factory.mktemp("search") / "made" / "here"
    ki.tuning.tune(DATA, space(), directory=path, **(SETTINGS | {"plots": True}))
    return path


def test_the_best_trial_is_kept_whole(directory):
    found = ki.tuning.SearchResult(directory)
    values = [row["importance_weighted_bound"] for row in found.trials]
    assert len(values) == 2
    assert found.best["objective"]["value"] == max(values)
    assert found.best["trial"] == found.trials[int(np.argmax(values))]["trial"]
    # What was measured is what was saved.
    model = found.load_model()
    for name, value in objectives.measure(model, DATA[1], seed=0).items():
        assert value == pytest.approx(found.best["numbers"][name], abs=1e-5), name
    assert model.alpha == found.best["hyperparameters"]["alpha"]
    assert len(found.history()["val_loss"]) == 2
    names = {"trials.png", "hyperparameters.png", "pareto.png"}
    assert set(os.listdir(directory / "plots")) == names


def test_its_settings_give_the_same_model_again(directory):
    found = ki.tuning.SearchResult(directory)
    again = found.retrain(DATA[0], validation_data=(DATA[1],), verbose=0)
    for weight, expected in zip(again.get_weights(), found.load_model().get_weights(), strict=True):
        np.testing.assert_allclose(weight, expected, atol=1e-6)


def test_a_finished_search_is_read_and_more_trials_add_to_it(directory, monkeypatch):
    before = numbers(ki.tuning.SearchResult(directory))
    with monkeypatch.context() as patch:
        patch.setattr(objectives, "measure", None)  # a trial would fail by it
        again = ki.tuning.tune(DATA, space(), directory=directory, **SETTINGS)
    assert numbers(again) == before
    more = ki.tuning.tune(DATA, space(), directory=directory, **(SETTINGS | {"max_trials": 3}))
    assert numbers(more)[:2] == before
    assert len(more.trials) == 3


def test_a_search_that_was_cut_off_ends_as_it_would_have(directory, tmp_path, monkeypatch):
    measure, calls = objectives.measure, []

    def stop_at_the_second(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return measure(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(objectives, "measure", stop_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            ki.tuning.tune(DATA, space(), directory=tmp_path, **SETTINGS)
    found = ki.tuning.tune(DATA, space(), directory=tmp_path, **SETTINGS)
    for row, expected in zip(numbers(found), numbers(ki.tuning.SearchResult(directory))):
        assert row == pytest.approx(expected, abs=1e-5)


def test_a_trial_that_fails_is_no_candidate(tmp_path, capsys):
    # 1e30 makes the losses NaN.
    rates = space(alpha=0.5, lambda_=1.0, learning_rate=[1e30, 1e-3])
    options = SETTINGS | {"tuner": "grid", "max_trials": None, "verbose": 1}
    found = ki.tuning.tune(DATA, rates, directory=tmp_path, **options)
    failed, good = found.trials
    assert (failed["status"], good["status"]) == ("FAILED", "COMPLETED")
    assert "not finite" in failed["reason"]
    assert found.best["hyperparameters"]["learning_rate"] == good["learning_rate"] == 1e-3
    assert found.pareto == [good]
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and lines[0].startswith("trial 0000: failed: ")


def test_numbers_that_are_not_finite_end_no_search(tmp_path, monkeypatch):
    measure, bounds = objectives.measure, iter([np.inf, 1.0])

    def measured(*arguments):
        own = {"importance_weighted_bound": next(bounds), "log_det_covariance": -np.inf}
        return measure(*arguments) | own

    monkeypatch.setattr(objectives, "measure", measured)
    found = ki.tuning.tune(DATA, space(), directory=tmp_path, **SETTINGS)
    assert found.trials[0]["reason"] == "The importance_weighted_bound is not finite: inf."
    assert found.best["objective"] == {"name": "importance_weighted_bound", "value": 1.0}
    assert found.best["numbers"]["log_det_covariance"] is None
    assert found.trials[1]["log_det_covariance"] == -np.inf  # in trials.csv it is what it is


class Blind(keras_tuner.HyperModel):
    """An encoder that does not look at x: no unit is active."""

    def build(self, hp):
        encoder = keras.Sequential(
            [keras.Input((5,)), keras.layers.Dense(4, kernel_initializer="zeros")]
        )
        options = {"likelihood": "normal", "divergence": "moment_matching"}
        model = ki.VAE(2, encoder=encoder, decoder=ki.networks.MLP([4]), **options)
        model.compile(keras.optimizers.SGD(hp.Choice("rate", [1e-9, 1e-8])))
        return model


def test_where_every_trial_collapses_the_search_says_so(tmp_path):
    with pytest.raises(RuntimeError, match="No trial succeeded. The first of 1 .* collapsed"):
        ki.tuning.tune(DATA, Blind(), directory=tmp_path, **(SETTINGS | {"max_trials": 1}))
    assert not (tmp_path / "best.json").exists()
    with pytest.raises(ValueError, match="`directory` must be that of a search with results"):
        ki.tuning.SearchResult(tmp_path)


def test_other_errors_end_the_search(tmp_path, monkeypatch):
    monkeypatch.setattr(ki.InfoVAE, "fit", lambda *_, **options: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ki.tuning.tune(DATA, space(), directory=tmp_path, **SETTINGS)


def test_within_the_null_band_the_least_reconstruction_loss_is_best():
    def row(trial, loss, excess):
        return {
            "trial": trial,
            "status": "COMPLETED",
            "reconstruction_loss": loss,
            "mmd": 0.01 + excess,
            "mmd_null_high": 0.01,
            "mmd_excess": excess,
            objectives.WITHIN_BAND: loss + 1000 * excess,
        }

    rows = [row("0", 1.0, 1e-5), row("1", 3.0, 0.0), row("2", 2.0, 0.0)]
    assert results.best_row(rows, objectives.WITHIN_BAND)["trial"] == "2"
    with pytest.raises(RuntimeError, match="within the null band. The nearest is 0.01001 in .* 0"):
        results.best_row(rows[:1], objectives.WITHIN_BAND)


def test_the_objective_is_the_first_that_all_models_have():
    points = ki.WassersteinAutoencoder(2)
    sphere = ki.VAE(2, prior="uniform_sphere", posterior="von_mises_fisher")
    known = objectives.check(None, [KINDS["no latents"][0]()])
    assert known == "log_prob"
    assert objectives.check(None, [ki.VAE(2)]) == "importance_weighted_bound"
    assert objectives.check(None, [points]) == objectives.check(None, [ki.VAE(2), points])
    assert objectives.check(None, [points]) == objectives.WITHIN_BAND
    assert "mmd" not in objectives.known(sphere) and "active_units" in objectives.known(sphere)
    with pytest.raises(ValueError, match=r"`objective` .* all models .*\(log_prob\).*'mmd'"):
        objectives.check("mmd", [KINDS["no latents"][0]()])


def test_a_model_without_latents_or_optimizer_is_searched(tmp_path):
    @ki.register_model("column_normals")
    class Registered(ColumnNormals):
        def __init__(
            self,
            floor: ki.parameters.Number("Of variances.", minimum=0, search=(0.1, 0.9)) = 0.2,
            *,
            seed=None,
            scaling=None,
        ):
            super().__init__(seed=seed, scaling=scaling)
            self.floor = floor

    try:
        hypermodel = ki.tuning.HyperModel("column_normals", batch_size=16)
        assert set(hypermodel.space) == {"floor", "batch_size"}
        options = SETTINGS | {"plots": True}
        found = ki.tuning.tune(DATA, hypermodel, directory=tmp_path, **options)
    finally:
        del registry.members["column_normals"]
    assert found.best["objective"]["name"] == "log_prob"
    assert found.best["numbers"]["log_prob"] == pytest.approx(
        found.load_model().log_prob(DATA[1]).mean(), rel=1e-5
    )
    assert "pareto.png" not in os.listdir(tmp_path / "plots")


def test_models_are_told_the_condition(tmp_path):
    labels = np.array(["a", "b", "c", "d"])[np.arange(48) % 4]
    splits = {"train": X[:32], "validation": X[32:], "test": X[:0]}
    given = {"train_labels": labels[:32], "validation_labels": labels[32:]}
    data = ki.datasets.Dataset("table", **splits, **given)
    conditional = space(alpha=0.5, condition=ki.conditions.Classes(4))
    options = SETTINGS | {"max_trials": 1}
    with pytest.raises(ValueError, match='`condition` must be "labels" or a dictionary'):
        ki.tuning.tune(data, conditional, directory=tmp_path, **options)
    found = ki.tuning.tune(data, conditional, directory=tmp_path, condition="labels", **options)
    indices = {"train": np.arange(32) % 4, "validation": np.arange(32, 48) % 4}
    expected = objectives.measure(found.load_model(), X[32:], 0, indices["validation"])
    assert found.best["numbers"]["elbo"] == pytest.approx(expected["elbo"], rel=1e-5)
    again = found.retrain(X[:32], condition=indices["train"], verbose=0)
    for one, other in zip(again.get_weights(), found.load_model().get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    # The rows themselves are the same search.
    same = ki.tuning.tune(DATA, conditional, directory=tmp_path, condition=indices, **options)
    assert same.best == found.best
    other = {"train": 3 - indices["train"], "validation": indices["validation"]}
    with pytest.raises(ValueError, match="data="):
        ki.tuning.tune(DATA, conditional, directory=tmp_path, condition=other, **options)


@pytest.mark.parametrize("given", [{}, {"epochs": 7, "patience": 3}])
def test_a_trial_is_as_long_as_a_training_unless_it_is_told(given, tmp_path, monkeypatch):
    asked = []

    def stop(self, oracle, hypermodel, data, strategy, epochs, patience, *others):
        asked.append((epochs, patience))
        raise KeyboardInterrupt

    monkeypatch.setattr(trial_tuner.TrialTuner, "__init__", stop)
    settings = {name: SETTINGS[name] for name in ("tuner", "verbose")} | given
    with pytest.raises(KeyboardInterrupt):
        ki.tuning.tune(DATA, space(batch_size=[8, 16]), directory=tmp_path, **settings)
    steps = 32 // 16
    expected = ki.training.default_epochs(steps), ki.training.default_patience(steps)
    assert asked == [tuple(given.values()) or expected]


def test_losses_that_cannot_be_compared_stop_no_trial(tmp_path):
    # The weight of the KL term grows, and with it the loss, from the first epoch on.
    rising = ki.schedules.Linear(1.0, -30.0, duration=6, unit="epochs")
    options = SETTINGS | {"max_trials": 1, "epochs": 6, "patience": 1}
    hypermodel = space(alpha=rising, lambda_=100.0)
    found = ki.tuning.tune(DATA, hypermodel, directory=tmp_path, **options)
    assert found.best["fit"]["epochs"] == 6 and len(found.history()["val_loss"]) == 6
    assert np.argmin(found.history()["val_loss"]) < 5


def test_a_space_of_ones_own_has_truth_values_and_a_scaling(tmp_path):
    scaling = ki.preprocessors.Scaling(2.0, 1.0)

    def build(hp):
        deep = hp.Boolean("deep")
        networks = {part: ki.networks.MLP([4] * (1 + deep)) for part in ("encoder", "decoder")}
        model = ki.VAE(2, likelihood="normal", **networks)
        model.scaling = scaling
        model.compile()
        return model

    options = SETTINGS | {"max_trials": 1, "epochs": 1}
    found = ki.tuning.tune(DATA, Own(build), directory=tmp_path, **options)
    assert found.trials[0]["deep"] == "False" and found.best["hyperparameters"] == {"deep": False}
    assert found.load_model().scaling == scaling
    again = ki.tuning.SearchResult(tmp_path)
    assert again.trials == found.trials


def test_the_pareto_table_has_what_nothing_else_is_better_than():
    values = [(1, 0, 3), (1, 0, 2), (2, 0, 4), (2, 0.1, 4), (0.5, 0.2, 1), (1, 0, 3)]
    rows = [dict(zip(objectives.PARETO, value)) for value in values]
    assert [values.index(tuple(row.values())) for row in objectives.pareto(rows)] == [0, 2, 4, 0]


# === What is refused, before anything is written ===


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"objective": "val_accuracy"}, "`objective` must be one of 'active_units'"),
        ({"objective": "log_prob"}, "`objective` must be one that all models of the search have"),
        ({"condition": "labels"}, "`condition` must be left out"),
        ({"directory": 3}, "`directory` must be a path"),
        ({"tuner": "bayes"}, "Did you mean 'bayesian'"),
        ({"max_trials": 0}, "`max_trials` must be an integer of at least 1"),
        ({"epochs": 0}, "`epochs` must be an integer of at least 1"),
        ({"seed": -1}, "`seed` must be an integer of at least 0"),
        ({"seed": 2**32 - 1}, "`seed` must be at most 4294967294"),
        ({"patience": 0}, "`patience` must be an integer of at least 1"),
        ({"hypermodel": Own(lambda hp: keras.Sequential())}, "`hypermodel` must be one whose `bu"),
        ({"hypermodel": Own(lambda hp: hp.Int("epochs", 1, 2) and normals())}, "called so.*epochs"),
        (
            {"hypermodel": Own(lambda hp: normals()), "data": (X, X[:, :3])},
            "`x_validation` must have shape",
        ),
        ({"hypermodel": ki.tuning.HyperModel("chart_autoencoder")}, "`objective` must be given"),
        ({"strategy": "gpus"}, "`strategy` must be one of"),
        ({"strategy": "multi_worker"}, "`strategy` must be one of a single machine"),
        ({"strategy": 2}, "`strategy` must be a name or a tf.distribute.Strategy"),
        ({"hypermodel": ki.InfoVAE}, "`hypermodel` must be a keras_tuner.HyperModel"),
        ({"data": X}, "`data` must be a Dataset or a pair of arrays"),
        ({"data": (X, X[:1])}, "`data` must have at least 2 validation examples"),
        ({"data": (X, X[:, :3])}, "`x_validation` must have shape"),
        ({"hypermodel": space(likelihood="bernoulli")}, r"`x` must .* \[0, 1\]"),
        ({"hypermodel": space(network="conv")}, "image"),
    ],
)
def test_wrong_arguments(arguments, words, tmp_path):
    arguments = {"data": DATA, "hypermodel": space()} | SETTINGS | arguments
    data, hypermodel = arguments.pop("data"), arguments.pop("hypermodel")
    with pytest.raises((ValueError, TypeError), match=words):
        ki.tuning.tune(data, hypermodel, **({"directory": tmp_path / "new"} | arguments))
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"epochs": 3}, "other settings: epochs=3, where it has 2"),
        (
            {"hypermodel": space(alpha=[0.0, 0.25])},
            r"space.alpha=\[0.0, 0.25\], where it has \[0.0, 0.5, 1.0\]",
        ),
        ({"data": (DATA[1], DATA[0])}, "data="),
    ],
)
def test_the_directory_of_another_search(change, words, directory):
    before = sorted(os.listdir(directory))
    arguments = {"data": DATA, "hypermodel": space()} | SETTINGS | change
    with pytest.raises(ValueError, match=words):
        ki.tuning.tune(
            arguments.pop("data"), arguments.pop("hypermodel"), directory=directory, **arguments
        )
    assert sorted(os.listdir(directory)) == before


def test_a_directory_with_other_files_is_not_touched_even_to_overwrite(tmp_path):
    (tmp_path / "trials.csv").write_text("mine")  # without search.json it may be anyone's
    for overwrite in (False, True):
        with pytest.raises(FileExistsError, match="such as trials.csv; they are not touched"):
            ki.tuning.tune(DATA, space(), directory=tmp_path, overwrite=overwrite, **SETTINGS)
    assert os.listdir(tmp_path) == ["trials.csv"]
    with pytest.raises(NotADirectoryError):
        ki.tuning.tune(DATA, space(), directory=tmp_path / "trials.csv", **SETTINGS)


def test_a_search_that_another_process_is_at(directory):
    lock = DirectoryLock(directory)  # as another process would have it
    try:
        with pytest.raises(FileExistsError, match="`directory` .* where a search is running"):
            ki.tuning.tune(DATA, space(), directory=directory, **SETTINGS)
    finally:
        lock.release()


@pytest.mark.usefixtures("failing_fit")
def test_overwriting_begins_anew(tmp_path):
    for seed, overwrite in ((1, False), (2, True)):
        with pytest.raises(RuntimeError, match="No trial succeeded. The first of 2"):
            options = SETTINGS | {"seed": seed, "overwrite": overwrite}
            ki.tuning.tune(DATA, space(), directory=tmp_path, **options)
        assert json.loads((tmp_path / "search.json").read_text())["seed"] == seed


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"ORACLE_IP": "127.0.0.1", "TUNER_ID": "chief"}, "KERASTUNER_ORACLE_PORT must be set"),
        ({"TUNER_ID": "chief"}, "KERASTUNER_ORACLE_IP must be set"),
        ({"ORACLE_IP": "127.0.0.1", "ORACLE_PORT": "8000"}, "KERASTUNER_TUNER_ID must be set"),
        (
            {"ORACLE_IP": "127.0.0.1", "ORACLE_PORT": "http", "TUNER_ID": "a"},
            "must be a port, 1 to 65535. Received: 'http'",
        ),
        (
            {"ORACLE_IP": "127.0.0.1", "ORACLE_PORT": "80", "TUNER_ID": "../a"},
            "must be a name fit for a file",
        ),
    ],
)
def test_a_wrong_environment_for_parallel_trials(variables, words, monkeypatch):
    for name in (parallel.IP, parallel.PORT, parallel.ID):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(f"KERASTUNER_{name}", value)
    with pytest.raises(ValueError, match=words):
        parallel.role()


@pytest.mark.usefixtures("failing_fit")
def test_a_trial_trains_on_the_devices_of_the_strategy(tmp_path):
    with pytest.raises(RuntimeError, match="failed by: 2 replicas"):
        ki.tuning.tune(DATA, space(), directory=tmp_path, strategy="mirrored", **SETTINGS)


@pytest.mark.slow
def test_a_trial_that_goes_on_has_the_history_of_all_its_epochs(tmp_path):
    x = (np.random.default_rng(0).random((120, 6)) > 0.5).astype("float32")
    x[:, 1:3] = x[:, :1]
    space = ki.tuning.HyperModel("vae", latent_dim=[2, 3], hidden_units=["8", "12"], batch_size=32)
    given = {"max_trials": None, "epochs": 4, "patience": 4, "plots": False, "verbose": 0}
    ki.tuning.tune((x[:80], x[80:]), space, directory=tmp_path, tuner="hyperband", **given)
    longest = 0
    for path in sorted((tmp_path / "trials").glob("trial_*/history.csv")):
        with open(path, newline="", encoding="utf-8") as file:
            epochs = [int(row["epoch"]) for row in csv.DictReader(file)]
        assert epochs == list(range(1, len(epochs) + 1))
        longest = max(longest, len(epochs))
    assert longest == 4
