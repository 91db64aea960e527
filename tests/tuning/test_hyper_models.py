"""Search spaces: every point is a valid model, and what is not is refused at once."""

import keras_tuner
import numpy as np
import pytest

import keras_infovae as ki
from keras_infovae.models import registry
from keras_infovae.parameters import choices
from keras_infovae.parameters.searched import hyperparameters_of
from keras_infovae.utils.constructors import constructor_parameters

X = np.random.default_rng(0).random((15, 6)).astype("float32")


@pytest.mark.parametrize("name", list(registry.members))
def test_a_search_begins_with_the_first_of_lists_and_the_middle_of_ranges(name):
    space = ki.tuning.HyperModel(name)
    assert isinstance(space, keras_tuner.HyperModel) and isinstance(space, ki.tuning.HyperModel)
    hp = keras_tuner.HyperParameters()
    model = space.build(hp)
    assert type(model) is space.model_class is registry.members[name]
    assert set(hp.values) == set(space.space) - {"filters"}
    known = hyperparameters_of(type(model), registry.settings_of(type(model)))
    searched = {n for n, (p, _) in known.items() if p.search}
    assert searched - {"kernel"} <= set(space.space)
    for argument in set(registry.settings_of(type(model))) & set(hp.values) - {"kernel"}:
        assert getattr(model, argument) == hp.get(argument)
        low, *_, high = space.space[argument]
        if isinstance(space.space[argument], list):
            assert hp.get(argument) == low
        else:
            assert low < hp.get(argument) < high
    if model.trains_by_gradients:
        assert float(model.optimizer.learning_rate) == pytest.approx(hp.get("learning_rate"))


@pytest.mark.parametrize("name", list(registry.members))
def test_every_model_trains_at_a_point_that_is_drawn(name):
    space = ki.tuning.HyperModel(name, **small_space(name), batch_size=8, **objects_of(name))
    hp = keras_tuner.HyperParameters()
    space.build(hp)
    for hyperparameter in hp.space:
        if not isinstance(hyperparameter, keras_tuner.engine.hyperparameters.Fixed):
            hp.values[hyperparameter.name] = hyperparameter.random_sample(seed=3)
    model = space.build(hp)
    model.run_eagerly = True
    conditional = "condition" in constructor_parameters(type(model))
    given = {"condition": np.arange(15) % 3} if conditional else {}
    history = space.fit(hp, model, X, **given, epochs=1, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    assert model.condition.num_classes == (3 if conditional else None)


def small_space(name):
    """Returns what is small of what a search over models of that name may vary."""
    cls = registry.members[name]
    known = hyperparameters_of(cls, registry.settings_of(cls))
    small = {"hidden_units": "4", "latent_dim": [2], "steps": [4], "start_steps": [1]}
    return {name: value for name, value in small.items() if name in known}


def objects_of(name):
    """Returns what keeps a model of that name small, and a condition."""
    small = {"factor_vae": ki.divergences.TotalCorrelationCritic((4,))}
    small["adversarial_autoencoder"] = ki.divergences.Adversarial((4,))
    given = {"divergence": small[name]} if name in small else {}
    if "condition" not in constructor_parameters(registry.get(name)):
        return given
    return given | {"condition": ki.conditions.Classes(3)}


def test_choices_are_used_and_fit_takes_the_batch_size():
    space = ki.tuning.HyperModel(
        "info_vae",
        hidden_units="4",
        latent_dim=2,
        alpha=0.5,
        lambda_=3.0,
        kernel="imq",
        batch_size=5,
    )
    hp = keras_tuner.HyperParameters()
    model = space.build(hp)
    space.fit(hp, model, X, epochs=1, verbose=0)
    assert int(model.optimizer.iterations) == 3
    assert (model.kl_weight, model.divergence_weight) == (0.5, 2.5)
    assert model.divergence.kernel == ki.kernels.get("imq")
    assert model.encoder.layers[1].units == 4


def test_objects_are_arguments_of_all_models_alike():
    space = ki.tuning.HyperModel(
        ki.BetaVAE, prior=ki.priors.GaussianMixture(3), beta=ki.schedules.Linear(0.1, 1.0)
    )
    models = [space.build(keras_tuner.HyperParameters()) for _ in range(2)]
    assert models[0].prior is not models[1].prior  # which hold weights
    for model in models:
        assert model.prior.num_components == 3
        assert model.beta == ki.schedules.Linear(0.1, 1.0)
    assert space.config["prior"]["config"] == models[0].prior.get_config()
    assert "beta" not in space.space


def test_a_kernel_is_a_choice_only_where_there_is_one():
    space = ki.tuning.HyperModel("info_vae", divergence=["energy_distance", "mmd"])
    hp = keras_tuner.HyperParameters()
    space.build(hp)
    assert not hp.is_active("kernel")
    hp.values["divergence"] = "mmd"
    hp.ensure_active_values()  # as a tuner does
    space.build(hp)
    assert hp.is_active("kernel")


def test_a_kernel_is_searched_only_where_the_divergence_counts():
    assert "kernel" not in ki.tuning.HyperModel("vae").space
    assert "kernel" not in ki.tuning.HyperModel("iwae").space
    assert "kernel" in ki.tuning.HyperModel("iwae", lambda_=[1.0, 50.0]).space
    assert ki.tuning.HyperModel("vae", kernel="imq").space["kernel"] == ["imq"]


def test_a_list_may_have_numbers_of_numpy():
    space = ki.tuning.HyperModel("info_vae", latent_dim=list(np.arange(2, 5))).space
    assert space["latent_dim"] == [2, 3, 4]


@pytest.mark.parametrize(
    ("space", "words"),
    [
        ({"alpha": [0.0, 1.0], "lambda_": 0.5}, "must add up to at least 1"),
        ({"alpha": 1.5}, "`alpha` must be at most 1"),
        ({"latent_dim": []}, "`latent_dim` must be a list of at least one"),
        ({"latent_dim": (8, 8)}, "`latent_dim` must be a range"),
        ({"lambda_": ("auto", 10.0)}, r"`lambda_` must be a range \(low, high\) of numbers"),
        ({"lambda_": (10.0, "auto")}, r"`lambda_` must be a range \(low, high\) of numbers"),
        ({"divergence": ("mmd", "stein")}, "`divergence` must be a value or a list"),
        ({"prior": [ki.priors.StandardNormal()]}, "`prior` must be a number or a name"),
        ({"batch_size": 1}, "`batch_size` must be an integer of at least 2"),
        ({"divergence": "mdm"}, "Did you mean 'mmd'"),
        ({"divergence": "energy_distance", "kernel": "imq"}, "`kernel` must be left out"),
        ({"posterior": "deterministic"}, "`alpha` must be 1 for a posterior without"),
        ({"hidden_units": "12-a"}, "`hidden_units` must be integers as text"),
        ({"optimizer": "adm"}, "`optimizer` must be a Keras optimizer's name"),
        ({"beta": 2.0}, "`beta` must be left out"),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else None,
)
def test_a_space_with_an_invalid_point_is_refused(space, words):
    with pytest.raises((ValueError, TypeError), match=words):
        ki.tuning.HyperModel("info_vae", **space)


def test_what_is_no_registered_model_is_refused():
    with pytest.raises(ValueError, match="Did you mean 'beta_vae'"):
        ki.tuning.HyperModel("beta_va")
    with pytest.raises(TypeError, match="`model` must be a registered model or its name"):
        ki.tuning.HyperModel(ki.GenerativeModel)


@pytest.mark.parametrize("name", ["latent_dim", "lambda_", "beta", "learning_rate", "divergence"])
def test_choices_are_read_from_the_words_that_they_are_shown_by(name):
    model_class = ki.BetaVAE if name == "beta" else ki.InfoVAE
    parameter, default = hyperparameters_of(model_class, registry.settings_of(model_class))[name]
    search = parameter.search or [default]
    parsed = choices.parse(name, parameter, choices.words(search))
    assert choices.check(name, parameter, parsed) == search


def test_networks_that_are_given_leave_nothing_of_theirs_to_search():
    given = {name: ki.networks.MLP([8]) for name in ("encoder", "decoder")}
    space = ki.tuning.HyperModel("vae", latent_dim=2, **given)
    assert not {"network", "hidden_units", "filters"} & set(space.space)
    assert "hidden_units" in ki.tuning.HyperModel("vae", encoder=given["encoder"]).space
    with pytest.raises(ValueError, match="`hidden_units` must be left out where encoder and deco"):
        ki.tuning.HyperModel("vae", latent_dim=2, hidden_units=["8", "4"], **given)
