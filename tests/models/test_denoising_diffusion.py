"""Denoising diffusion as a model: units, bounds, conditions, guidance, and what it is told."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from tests import contracts

RNG = np.random.default_rng(0)
LABELS = np.arange(400) % 2
X = (RNG.normal(size=(400, 2)) * 0.1 + np.where(LABELS, 1.0, -1.0)[:, None]).astype("float32")
SMALL = ki.denoisers.ResidualMLP(24, 1)
TOLD = {"condition": ki.conditions.Classes(2)}


def trained(x=X, condition=None, epochs=12, run_eagerly=False, **settings):
    keras.utils.set_random_seed(0)
    kind = {} if condition is None else {"condition": ki.conditions.Classes(2)}
    model = ki.DenoisingDiffusion(SMALL, steps=40, seed=0, **kind, **settings)
    given = {"jit_compile": False, "run_eagerly": run_eagerly}
    model.compile(keras.optimizers.Adam(0.01), **given)
    given = {"batch_size": 100, "verbose": 0, "condition": condition}
    history = model.fit(x, epochs=epochs, **given).history["loss"]
    return model, history


@pytest.fixture(scope="module")
def told():
    """A model of two clusters that is told which one."""
    return trained(condition=LABELS, epochs=25, unconditional_share=0.3)[0]


def test_the_unit_of_x_makes_no_difference_to_a_training():
    small, losses = trained(epochs=2, run_eagerly=True)
    large, same = trained(1000.0 * X + 5000.0, epochs=2, run_eagerly=True)
    np.testing.assert_allclose(same, losses, rtol=1e-3)
    small.steps = large.steps = 10
    with contracts.eager_functions():
        found = (large.generate(5, seed=0) - 5000.0) / 1000.0
        np.testing.assert_allclose(found, small.generate(5, seed=0), atol=1e-2)
        shift = small.elbo(X[:9]) - large.elbo(1000.0 * X[:9] + 5000.0)
    np.testing.assert_allclose(shift, 2 * np.log(1000.0), atol=0.05)
    offset = float(small.units.offset)
    small.adapt(X + 7.0, 400)  # what was learned is in the unit of the first data
    assert float(small.units.offset) == offset


def test_examples_to_order_and_guidance(told):
    labels = np.arange(200) % 2
    new = told.generate(200, seed=0, condition=labels)
    assert np.mean((new.mean(axis=1) > 0) == labels) > 0.95
    spread = new[labels == 1].std()
    told.guidance = 2.0
    guided = told.generate(200, seed=0, condition=labels)
    told.guidance = 0.0
    assert np.mean((guided.mean(axis=1) > 0) == labels) > 0.98
    assert np.abs(guided - new).max() > 0 and spread > 0
    right, wrong = told.elbo(X, condition=LABELS), told.elbo(X, condition=1 - LABELS)
    assert right.mean() > wrong.mean() + 5


def test_a_draw_by_ddim_follows_from_its_start_and_settings_are_kept(told, tmp_path):
    labels = [0, 1, 1]
    ancestral = told.generate(3, seed=0, condition=labels)
    told.steps, told.noise_share = 10, 0.0
    implicit = told.generate(3, seed=0, condition=labels)
    assert np.abs(implicit - ancestral).max() > 1e-3
    noisy = told.generate(3, seed=0, condition=labels, sample=True)
    assert 0 < np.abs(noisy - implicit).max() < 0.5
    told.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    assert (restored.steps, restored.noise_share) == (10, 0.0)
    again = restored.generate(3, seed=0, condition=labels)
    np.testing.assert_allclose(again, implicit, atol=1e-5)
    told.steps, told.noise_share = 40, 1.0


def test_images_stay_within_the_range_of_the_data():
    x = RNG.random((20, 9, 8)).astype("float32")
    model = ki.DenoisingDiffusion(ki.denoisers.UNet((4, 4)), steps=2, seed=0)
    model.compile(run_eagerly=True)
    model.fit(x, epochs=1, verbose=0)
    with contracts.eager_functions():
        new = model.generate(4, seed=0)
        assert np.all(np.isfinite(model.elbo(x[:3])))
    assert new.shape == (4, 9, 8) and x.min() - 1e-6 <= new.min() < new.max() <= x.max() + 1e-6


def test_the_range_is_that_of_all_the_data():
    model = ki.DenoisingDiffusion(SMALL)
    model.build((None, 2))
    model.adapt(X[:100], 400)  # the first batch of a dataset
    assert model.value_range.numpy().tolist() == [-np.inf, np.inf]
    model = ki.DenoisingDiffusion(SMALL)
    model.build((None, 2))
    model.adapt(X, 400)
    assert model.value_range.numpy().tolist() == [X.min(), X.max()]


def batches(rows, count=None):
    dataset = tf.data.Dataset.from_tensor_slices(X).batch(rows)
    return dataset if count is None else dataset.repeat(count)


EVERYTHING, WHOLE = [-np.inf, np.inf], [float(X.min()), float(X.max())]


@pytest.mark.parametrize(
    ("data", "steps", "expected"),
    [
        (X, None, WHOLE),
        (X, 1, WHOLE),
        (batches(400), None, WHOLE),
        (batches(100), None, EVERYTHING),
        (batches(100), 1, EVERYTHING),  # 300 examples come in the epochs after it
        (batches(100, -1), 1, EVERYTHING),
        (batches(400, -1), 1, EVERYTHING),  # one batch, but of how many is not known
        (batches(100).filter(lambda x: True), 1, EVERYTHING),
    ],
)
def test_only_what_is_known_to_be_all_of_the_data_has_their_range(data, steps, expected):
    model = ki.DenoisingDiffusion(SMALL, steps=2, seed=0)
    model.compile(run_eagerly=True)
    model.fit(data, batch_size=None, epochs=1, steps_per_epoch=steps, verbose=0)
    assert model.value_range.numpy().tolist() == expected


def test_settings_that_change_after_a_draw_count():
    model = ki.DenoisingDiffusion(SMALL, steps=8, seed=0, condition=ki.conditions.Classes(2))
    model.compile(jit_compile=False)
    given = {"batch_size": 100, "verbose": 0, "condition": LABELS}
    model.fit(X, epochs=1, **given)
    model.anomaly_threshold = ki.anomaly_scores.AnomalyThreshold(
        ki.anomaly_scores.NegativeElbo(), 1.0, 0.1, examples=400
    )

    def draws():
        return model.generate(20, seed=0, condition=LABELS[:20])

    def changed(name, value):
        before = draws()
        setattr(model, name, value)
        return np.abs(draws() - before).max() > 1e-4

    assert model.anomaly_threshold is not None
    assert changed("clip", False) and model.anomaly_threshold is None
    assert changed("steps", 4) and changed("noise_share", 0.0) and changed("guidance", 1.0)


def test_an_unconditional_share_that_changes_after_a_step_counts():
    given = [keras.Input((2,)), keras.Input((1,)), keras.Input((3,))]
    layer = keras.layers.Dense(2)  # of what is told alone
    nothing = 0.0 * (given[0] + given[1])  # older versions of Keras want all inputs to be used
    model = ki.DenoisingDiffusion(keras.Model(given, layer(given[2]) + nothing), seed=0, **TOLD)
    model.compile(keras.optimizers.SGD(0.1), jit_compile=False)
    options = {"batch_size": 100, "verbose": 0, "condition": LABELS}
    first = layer.kernel.numpy()
    model.fit(X, epochs=1, **options)
    learned = layer.kernel.numpy()
    assert np.all(first != learned)
    model.unconditional_share = 1.0
    model.fit(X, epochs=1, **options)
    np.testing.assert_array_equal(layer.kernel, learned)


def test_two_replicas_are_one_device():
    def losses():
        keras.utils.set_random_seed(0)
        model = ki.DenoisingDiffusion(SMALL, steps=10, seed=0)
        model.compile("adam", jit_compile=False)
        given = {"epochs": 2, "batch_size": 17, "shuffle": False, "verbose": 0}
        return model.fit(X[:51], **given).history["loss"], model.get_weights()

    expected = losses()
    with ki.training.get_strategy("mirrored").scope():
        found = losses()
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-5)
    for one, other in zip(found[1], expected[1], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"steps": 1}, "`steps` must be an integer of at least 2"),
        ({"noise_share": 1.5}, "`noise_share` must be at most 1"),
        ({"guidance": 1.0}, "`guidance` must be 0 for a model without a condition"),
        ({"denoiser": "unet"}, "`denoiser` must be one of 'residual_mlp', 'u_net'"),
        ({"clip": "yes"}, "`clip` must be True or False"),
        (
            TOLD | {"guidance": 1.0, "unconditional_share": 0},
            "`guidance` must be 0 where `unconditional_share` is 0: the network never learned",
        ),
    ],
)
def test_what_cannot_be_is_refused(arguments, words):
    with pytest.raises((ValueError, TypeError), match=words):
        ki.DenoisingDiffusion(**arguments)


def test_what_is_set_later_is_checked_too_and_own_networks_are_looked_at():
    model = ki.DenoisingDiffusion()
    with pytest.raises(ValueError, match="`guidance` must be 0 for a model without a condition"):
        model.guidance = 1.0
    model = ki.DenoisingDiffusion(**TOLD, guidance=1.0)
    with pytest.raises(ValueError, match="`unconditional_share` must be greater than 0 where"):
        model.unconditional_share = 0.0
    with pytest.raises(ValueError, match="`unconditional_share` must be at most 1"):
        model.unconditional_share = 2.0
    with pytest.raises(TypeError, match="`clip` must be True or False"):
        model.clip = 1
    model.guidance = 0.0
    model.unconditional_share = 0.0
    with pytest.raises(ValueError, match="`guidance` must be 0 where `unconditional_share` is 0"):
        model.guidance = 2.0
    own = SMALL.network((3,))
    ki.DenoisingDiffusion(own).build((None, 3))
    with pytest.raises(ValueError, match=r"`denoiser` must map \[n, 2\] and \[n, 1\] to \[n, 2\]"):
        ki.DenoisingDiffusion(own).build((None, 2))
