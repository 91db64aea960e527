"""The register: what it reads from constructors is what the constructors hold to."""

import inspect

import numpy as np
import pytest

import keras_infovae as ki
from keras_infovae.models import registry
from keras_infovae.parameters.kinds import Widths
from keras_infovae.utils.constructors import constructor_parameters
from tests.contracts import OWN_TRAINING

ARGUMENTS = [
    (model, name) for model, cls in registry.members.items() for name in registry.settings_of(cls)
]


@pytest.mark.parametrize("model", list(registry.members))
def test_names_and_classes(model):
    cls = registry.members[model]
    assert registry.get(model) is registry.get(cls) is cls
    assert registry.name_of(cls) == model
    own = cls in {row[0] for row in OWN_TRAINING}  # whose prior and likelihood are fixed
    if issubclass(cls, ki.LatentVariableModel):
        settings = {"latent_dim"} if own else {"latent_dim", "prior", "likelihood"}
        assert settings <= set(registry.settings_of(cls))
    # What is read is what the config has: the constructor's arguments, without those it fixes.
    assert set(constructor_parameters(cls)) == set(cls(**needed(cls)).get_config())
    assert set(registry.settings_of(cls)) - {"kernel"} < set(constructor_parameters(cls))


@pytest.mark.parametrize(("model", "name"), ARGUMENTS)
def test_a_constructor_holds_to_the_limits_and_a_search_stays_within_them(model, name):
    cls = registry.members[model]
    parameter, default = registry.settings_of(cls)[name]
    outside = {
        ki.parameters.Integer: lambda: [parameter.minimum - 1],
        ki.parameters.Number: lambda: outside_of(parameter),
        ki.parameters.Choice: lambda: ["no such word"],
        ki.parameters.Member: lambda: ["no such name"],
        Widths: lambda: ["8-", "a"],
    }
    (kind,) = (kind for kind in outside if isinstance(parameter, kind))
    for value in outside[kind]():
        with pytest.raises(ValueError, match=f"Argument `{name}` must be .*Received: {name}="):
            registry.make(cls, **(needed(cls) | {name: value}))
    for value in [*(parameter.search or ()), parameter.suggestion, default]:
        if value not in (None, inspect.Parameter.empty):
            assert parameter.check(name, value) == parameter.parse(name, str(value)) == value


def needed(cls):
    """Returns the arguments without which a model cannot be made."""
    return {"latent_dim": 2} if "latent_dim" in constructor_parameters(cls) else {}


def outside_of(parameter):
    """Returns numbers that are just outside of the limits of a `Number`, and not finite."""
    limits = {-np.inf: parameter.minimum, np.inf: parameter.maximum}
    found = [np.nextafter(limit, way) for way, limit in limits.items() if limit is not None]
    return [*found, *filter(lambda x: x is not None, [parameter.exclusive_minimum]), np.nan]


def test_weights_take_schedules_within_the_limits():
    assert ki.InfoVAE(2, alpha=ki.schedules.Linear(0.0, 1.0)).alpha.final == 1.0
    with pytest.raises(ValueError, match="`alpha` must be at most 1 at all times"):
        ki.SteinVAE(2, alpha=ki.schedules.Linear(0.0, 1.5))
    with pytest.raises(TypeError, match="`lambda_diagonal` must be a number"):
        ki.DIPVAE(2, lambda_diagonal=ki.schedules.Linear(0.0, 1.0))


def test_an_annotation_is_that_of_the_nearest_class():
    own, inherited = (registry.settings_of(cls) for cls in (ki.BetaTCVAE, ki.SteinVAE))
    base = registry.settings_of(ki.InfoVAE)
    assert own["latent_dim"][0].minimum == 2 and base["latent_dim"][0].minimum == 1
    assert own["latent_dim"][0].text == base["latent_dim"][0].text
    assert inherited["alpha"][0] is base["alpha"][0]
    assert inherited["divergence"] == (base["divergence"][0], "stein")  # with its own default
    assert "alpha" not in own  # which is fixed


def test_a_kernel_goes_to_the_divergence_of_the_model():
    kernel = ki.kernels.get("rq")
    assert registry.make(ki.SteinVAE, latent_dim=2, kernel="rq").divergence.kernel == kernel
    made = registry.make(ki.InfoVAE, latent_dim=2, kernel="rq", divergence="stein").divergence
    assert isinstance(made, ki.divergences.KernelizedSteinDiscrepancy) and made.kernel == kernel
    with pytest.raises(ValueError, match="`kernel` must be left out for a divergence that has"):
        registry.make(ki.FactorVAE, latent_dim=2, kernel="rq")


def test_errors_are_those_of_the_constructor_that_was_called():
    with pytest.raises(TypeError, match="'betta'"):
        ki.BetaVAE(2, betta=1.0)
    with pytest.raises(TypeError, match=r"VAE.__init__\(\) missing 1 required positional"):
        ki.VAE()
    with pytest.raises(TypeError, match="`posterior` must be left out: WassersteinAutoencoder fix"):
        ki.WassersteinAutoencoder(2, posterior="deterministic")
