"""Search spaces: every point is a valid model, and what is not is refused at once."""

import subprocess
import sys

import keras_tuner
import numpy as np
import pytest

import keras_infovae as ki

SPACES = {"info": ki.tuning.HyperInfoVAE, "beta": ki.tuning.HyperBetaVAE}
SPACES["mmd"] = ki.tuning.HyperMMDVAE


@pytest.mark.parametrize("name", list(SPACES))
def test_defaults(name):
    space = SPACES[name]()
    assert isinstance(space, keras_tuner.HyperModel)
    assert isinstance(space, SPACES[name])
    hp = keras_tuner.HyperParameters()
    model = space.build(hp)
    assert type(model) is SPACES[name].model_class
    assert set(hp.values) == set(space.hyperparameters) - {"filters"}
    assert model.latent_dim == hp.get("latent_dim") == 8
    assert float(model.optimizer.learning_rate) == pytest.approx(hp.get("learning_rate"))


def test_choices_are_used_and_fit_takes_the_batch_size():
    space = ki.tuning.HyperInfoVAE(
        hidden_units="4", latent_dim=2, alpha=0.5, lambda_=3.0, kernel="imq", batch_size=5
    )
    hp = keras_tuner.HyperParameters()
    model = space.build(hp)
    x = np.random.default_rng(0).random((15, 6)).astype("float32")
    space.fit(hp, model, x, epochs=1, verbose=0)
    assert int(model.optimizer.iterations) == 3
    assert (model.kl_weight, model.divergence_weight) == (0.5, 2.5)
    assert model.divergence.kernel == ki.kernels.get("imq")
    assert model.encoder.layers[1].units == 4


def test_a_kernel_is_a_choice_only_where_there_is_one():
    space = ki.tuning.HyperInfoVAE(divergence=["energy_distance", "mmd"])
    hp = keras_tuner.HyperParameters()
    space.build(hp)
    assert not hp.is_active("kernel")
    hp.values["divergence"] = "mmd"
    hp.ensure_active_values()  # as a tuner does
    space.build(hp)
    assert hp.is_active("kernel")


@pytest.mark.parametrize(
    ("space", "words"),
    [
        ({"alpha": [0.0, 1.0], "lambda_": 0.5}, "must add up to at least 1"),
        ({"alpha": 1.5}, "`alpha` must be at most 1"),
        ({"latent_dim": []}, "`latent_dim` must be a list of at least one"),
        ({"latent_dim": (8, 8)}, "`latent_dim` must be a range"),
        ({"batch_size": 1}, "`batch_size` must be an integer of at least 2"),
        ({"divergence": "mdm"}, "Did you mean 'mmd'"),
        ({"hidden_units": "12-a"}, "`hidden_units` must be integers as text"),
        ({"optimizer": "adm"}, "`optimizer` must be a Keras optimizer's name"),
        ({"beta": 2.0}, "`beta` must be left out"),
    ],
    ids=["weights", "alpha", "empty", "range", "batch", "divergence", "units", "optimizer", "beta"],
)
def test_a_space_with_an_invalid_point_is_refused(space, words):
    with pytest.raises((ValueError, TypeError), match=words):
        ki.tuning.HyperInfoVAE(**space)


def test_the_package_does_not_import_keras_tuner():
    code = "import sys, keras_infovae; assert 'keras_tuner' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
