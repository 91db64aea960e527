"""fit: kinds of input, replicas, precision, and what stops it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from tests.models.beginnings import beginning_of

X = np.random.default_rng(0).random((44, 5)).astype("float32")
NETWORK = ki.networks.MLP([6], "tanh")
TERMS = {"loss", "reconstruction_loss", "kl_divergence", "divergence"}


def model_for(x=X, **arguments):
    keras.utils.set_random_seed(0)
    arguments = {"encoder": NETWORK, "decoder": NETWORK, "seed": 0, "lambda_": 50.0} | arguments
    model = ki.InfoVAE(2, **arguments)
    model.build((None, *x.shape[1:]))
    return model


def batches(x=X, batch_size=8):
    return tf.data.Dataset.from_tensor_slices(x).batch(batch_size)


class Batches(keras.utils.PyDataset):
    """X in batches of 8, as (x,)."""

    def __len__(self):
        return 6

    def __getitem__(self, index):
        return (X[8 * index : 8 * index + 8],)


# === Kinds of input ===


KINDS = {
    "array": lambda: {"x": X.astype("float64"), "batch_size": 8},
    "tuple": lambda: {"x": (X,), "batch_size": 8},
    "list": lambda: {"x": X.tolist(), "batch_size": 8},
    "dataset": lambda: {"x": batches()},
    "shapeless": lambda: {
        "x": batches().map(lambda x: tf.numpy_function(lambda x: x, [x], tf.float32))
    },
    "tuples": lambda: {"x": batches().map(lambda x: (x,))},
    "py_dataset": lambda: {"x": Batches()},
    "generator": lambda: {
        "x": ((X[i : i + 8],) for _ in range(2) for i in range(0, 44, 8)),
        "steps_per_epoch": 6,
    },
}


def test_every_kind_of_input_trains_alike():
    model = model_for(divergence="moment_matching")
    model.compile("adam", jit_compile=False)
    begin_again = beginning_of(model)

    def run(**data):
        begin_again()
        history = model.fit(**data, epochs=2, verbose=0, shuffle=False).history
        assert set(history) == TERMS
        return model.get_weights()

    expected = run(x=X, batch_size=8)
    for kind, data in KINDS.items():
        for a, b in zip(run(**data()), expected, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6, err_msg=kind)


def test_training_is_repeatable():
    def run():
        model = model_for(divergence="moment_matching")
        model.compile("adam", jit_compile=False)
        model.fit(X, epochs=2, batch_size=8, verbose=0)
        model.fit(X, epochs=1, batch_size=8, verbose=0)
        return model.get_weights()

    for a, b in zip(run(), run(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_validation_split_is_the_end_of_the_array():
    model = model_for(divergence="moment_matching")
    model.compile("adam", jit_compile=False)
    history = model.fit(X, validation_split=0.25, batch_size=8, epochs=1, verbose=0).history
    expected = model.evaluate(X[33:], batch_size=8, verbose=0)
    assert set(history) == TERMS | {f"val_{term}" for term in TERMS}
    for term, value in expected.items():
        assert history[f"val_{term}"][0] == pytest.approx(value, rel=1e-5)


def test_a_last_batch_of_one_trains():
    model = model_for(X[:9])
    model.compile("adam", jit_compile=False)
    for data, batch_size in ((X[:9], 8), (batches(X[:9]), None)):
        history = model.fit(data, batch_size=batch_size, epochs=1, verbose=0).history
        assert np.isfinite(history["loss"][0])
    with pytest.raises(ValueError, match="`batch_size` must be at least 2.*examples=1"):
        model.train_on_batch(X[:1])


def test_steps_per_execution_takes_the_same_steps():
    weights = []
    for steps in (1, 3):
        model = model_for(divergence="moment_matching")
        model.compile("adam", steps_per_execution=steps, jit_compile=False)
        model.fit(X[:40], batch_size=8, epochs=2, verbose=0)
        weights.append(model.get_weights())
    for a, b in zip(*weights, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_schedules_go_by_whole_epochs_however_many_steps_these_have():
    alpha = ki.schedules.Linear(0.0, 1.0, duration=4, unit="epochs")
    model, restored, saved = model_for(alpha=alpha), model_for(alpha=alpha), {}
    with pytest.raises(ValueError, match="`steps_per_epoch` must be given to `fit`.*epochs"):
        model.train_on_batch(X)
    assert int(model.progress.step) == 0

    def weights(x, **options):
        return model.fit(x, verbose=0, **options).history["kl_weight"]

    assert weights(X[:40], batch_size=8) == [pytest.approx(0.9)]  # of 5 steps
    assert weights(X[:40], batch_size=20) == [pytest.approx(0.6875)]  # of 2, after 1 epoch
    assert model.kl_weight == 0.5
    with pytest.warns(UserWarning, match="ran out of data"):
        assert weights(batches(X[:40], 20), steps_per_epoch=10) == [pytest.approx(0.4375)]
    model.train_on_batch(X)
    assert model.kl_weight == 0.125  # half an epoch of 2 steps
    model.save_own_variables(saved)
    restored.load_own_variables(saved)
    assert restored.kl_weight == 0.125
    del saved["epoch_start"]  # which files of 0.2.0 do not have
    restored.load_own_variables(saved)
    assert restored.kl_weight == 0.25


WRONG_COUNTS = [
    {"steps_per_epoch": -1},
    {"steps_per_epoch": "3"},
    {"steps_per_epoch": 2.5},
    {"epochs": -1},
    {"epochs": "3"},
    {"initial_epoch": -1},
    {"validation_freq": 0},
    {"validation_freq": [1, 0]},
    {"validation_batch_size": 0},
    {"validation_steps": -1},
]


def test_counts_that_are_none_are_refused_by_name():
    model = model_for()
    for counts in WRONG_COUNTS:
        words = f"`{next(iter(counts))}.*` must be an integer of at least"
        with pytest.raises((TypeError, ValueError), match=words):
            model.fit(X, validation_data=X, verbose=0, **counts)
    for method, steps in ((model.evaluate, -1), (model.predict, "1")):
        with pytest.raises((TypeError, ValueError), match="`steps` must be an integer of at"):
            method(X, steps=steps, verbose=0)
    for at_once in (0, "x"):
        words = "`steps_per_execution` must be 'auto' or an integer of at least 1"
        with pytest.raises((TypeError, ValueError), match=words):
            model.compile(steps_per_execution=at_once)
    assert int(model.progress.step) == 0


# === Replicas ===


def test_replicas_share_datasets_and_arrays_as_one_device_has_them():  # see test_replicas.py too
    def run():  # batches of 13 and 15 are not shared equally
        model = model_for(likelihood="normal")
        model.compile("adam", jit_compile=False)
        first = model.fit(
            batches(X[:29], 16).repeat(2), validation_data=batches(X, 15), epochs=2, verbose=0
        ).history
        second = model.fit(X, batch_size=16, epochs=2, verbose=0).history
        return first, second, model.get_weights()

    expected = run()
    with ki.training.get_strategy("mirrored").scope():
        result = run()
    for a, b in zip(result[:2], expected[:2], strict=True):
        for term, values in b.items():
            np.testing.assert_allclose(a[term], values, rtol=1e-5, atol=1e-6)
    for a, b in zip(result[2], expected[2], strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_a_model_made_for_replicas_can_be_trained_outside_of_their_scope():
    strategy = ki.training.get_strategy("mirrored")
    with strategy.scope():
        model = ki.InfoVAE(
            2, divergence="moment_matching", encoder=NETWORK, decoder=NETWORK, seed=0
        )
        model.compile("adam")
    history = model.fit(X, batch_size=16, validation_data=(X[:5],), verbose=0).history
    assert np.isfinite(history["val_loss"][0])
    assert len(model.trainable_variables[0]._value.values) == 2


def test_regularizers_of_own_networks_are_minimized_beside_the_loss():
    def run(factor):
        keras.utils.set_random_seed(0)
        z = keras.Input((2,))
        dense = keras.layers.Dense(5, kernel_regularizer=keras.regularizers.L2(factor))
        decoder = keras.Model(z, keras.layers.ActivityRegularization(0.0)(dense(z)))
        model = ki.VAE(2, divergence="moment_matching", encoder=NETWORK, decoder=decoder, seed=0)
        model.compile(keras.optimizers.SGD(0.1), jit_compile=False)
        before = dense.kernel.numpy() if dense.built else None
        history = model.fit(X, batch_size=len(X), verbose=0).history
        return before, dense.kernel.numpy(), history["loss"][0]

    before, plain, loss = run(0.0)
    _, regularized, same_loss = run(0.5)
    assert same_loss == pytest.approx(loss, rel=1e-6)
    # The gradient of 0.5 ||w||^2 is w: the step of 0.1 shortens the weights by a tenth of them.
    np.testing.assert_allclose(plain - regularized, 0.1 * before, atol=1e-6)


# === Precision ===


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_trains_and_keeps_its_numbers_in_float32(policy):
    keras.config.set_dtype_policy(policy)
    try:
        model = model_for()
        model.compile(keras.optimizers.Adam(1e-2), jit_compile=False)
        history = model.fit(X, batch_size=8, epochs=8, verbose=0).history
        assert model.encoder.compute_dtype == policy.removeprefix("mixed_")
        assert all(weight.dtype == "float32" for weight in model.trainable_variables)
        assert all(
            term.dtype == tf.float32
            for term in model.batch_loss(X, None, tf.constant([0, 1])).terms.values()
        )
        assert model.encode(X).dtype == np.float32
        assert np.all(np.isfinite(history["loss"])) and history["loss"][-1] < history["loss"][0]
    finally:
        keras.config.set_dtype_policy("float32")


# === What stops it ===


class Breaks(keras.callbacks.Callback):
    """Makes a weight of the encoder NaN before the step with the given number."""

    def __init__(self, step):
        super().__init__()
        self.step = step

    def on_train_batch_begin(self, batch, logs=None):
        if batch == self.step:
            weight = self.model.encoder.trainable_variables[0]
            weight.assign(weight * np.nan)


def test_nan_stops_the_training_and_says_where_it_began():
    model = model_for(divergence="moment_matching")
    model.compile("adam", jit_compile=False)
    with pytest.raises(
        FloatingPointError, match="`reconstruction_loss` was the first .* at step 4.*learning rate"
    ):
        model.fit(X, batch_size=8, epochs=5, verbose=0, callbacks=[Breaks(3)])
    assert int(model.optimizer.iterations) == 6  # the epoch's end, not the training's


def test_nan_is_noticed_within_a_long_epoch():
    model = model_for(divergence="moment_matching")
    model.compile("adam", jit_compile=False)
    with pytest.raises(FloatingPointError):
        model.fit(batches(X, 4).repeat(), steps_per_epoch=500, verbose=0, callbacks=[Breaks(3)])
    assert int(model.optimizer.iterations) == 100


def test_a_fit_after_a_stop_begins_anew():
    model = model_for(divergence="moment_matching")
    weights = model.get_weights()
    model.compile("adam", jit_compile=False)
    with pytest.raises(FloatingPointError):
        model.fit(X, batch_size=8, verbose=0, callbacks=[Breaks(0)])
    model.set_weights(weights)
    model.compile("adam", jit_compile=False)
    assert np.isfinite(model.fit(X, batch_size=8, verbose=0).history["loss"][0])


# === XLA ===


@pytest.mark.parametrize(
    ("option", "epochs", "compiled"), [("auto", 2, True), ("auto", 1, False), (False, 2, False)]
)
def test_a_long_training_is_compiled_by_xla_unless_told_otherwise(
    monkeypatch, option, epochs, compiled
):
    monkeypatch.setattr("keras_infovae.models.compilation._STEPS", 12)
    model = model_for(divergence="moment_matching")
    model.compile("adam", jit_compile=option)
    # XLA draws other random numbers from the same seed, so the losses are not those without it.
    history = model.fit(X, batch_size=8, epochs=epochs, verbose=0).history
    assert model.jit_compile is compiled
    assert np.all(np.isfinite(history["loss"]))


# === What is said ===


def test_an_epoch_is_one_line_where_no_bar_can_be_drawn(capsys, monkeypatch):
    model = model_for(divergence="moment_matching")
    model.compile("adam", jit_compile=False)
    history = model.fit(X[:8], validation_data=(X[8:16],), batch_size=4, epochs=2).history
    objective, *lines = capsys.readouterr().out.splitlines()
    assert objective == model.objective()
    for epoch, line in enumerate(lines):
        words = [f"epoch {epoch + 1}/2: loss {history['loss'][epoch]:.5g}, divergence "]
        words += [f", val_loss {history['val_loss'][epoch]:.5g}, val_divergence "]
        assert line.startswith(words[0]) and words[1] in line and line.endswith(" s)")
    assert len(lines) == 2
    model.fit(X[:8], batch_size=4, epochs=1, verbose=0)
    assert capsys.readouterr().out == ""
    monkeypatch.setattr("keras_infovae.utils.terminal.redraws_lines", lambda: True)
    model.fit(X[:8], batch_size=4, epochs=1)
    assert "━" in capsys.readouterr().out


@pytest.mark.parametrize(("steps", "shuffle"), [(4, True), (7, False)])
def test_epochs_of_any_length_go_on_as_if_they_had_not_been_stopped(steps, shuffle):
    """44 examples make 6 batches of 8: epochs of 4 begin within a pass over them."""
    fit = {"batch_size": 8, "steps_per_epoch": steps, "shuffle": shuffle, "verbose": 0}
    histories, models = [], []
    for parts in ([(0, 4)], [(0, 2), (2, 4)]):
        model = model_for(divergence="moment_matching")
        model.compile("adam", jit_compile=False)
        history = []
        for first, last in parts:
            history += model.fit(X, initial_epoch=first, epochs=last, **fit).history["loss"]
        histories.append(history)
        models.append(model)
    assert histories[0] == histories[1]
    assert int(models[0].progress.step) == int(models[1].progress.step) == 4 * steps
    for one, other in zip(models[0].get_weights(), models[1].get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_is_set_between_two_fits_counts():
    model = ki.BetaVAE(2, beta=4.0, encoder=NETWORK, decoder=NETWORK, seed=0)
    model.compile("adam", jit_compile=False)
    for name, value in (("beta", 4.0), ("beta", 0.5), ("free_bits", 2.0)):
        setattr(model, name, value)
        log = {name: v[0] for name, v in model.fit(X, batch_size=44, verbose=0).history.items()}
        kl = 4.0 if model.free_bits else log["kl_divergence"]  # 2 nats of each dimension
        assert log["loss"] == pytest.approx(log["reconstruction_loss"] + model.beta * kl, rel=1e-5)


def test_the_first_step_on_a_batch_tells_the_unit_as_fit_does():
    x = 300.0 + 20.0 * X
    model = ki.VAE(2, likelihood="normal", encoder=NETWORK, decoder=NETWORK, seed=0)
    model.train_on_batch(x)
    again = ki.VAE(2, likelihood="normal", encoder=NETWORK, decoder=NETWORK, seed=0)
    again.fit(x, batch_size=44, epochs=1, verbose=0)
    np.testing.assert_allclose(
        model.likelihood.get_weights()[-1], again.likelihood.get_weights()[-1]
    )
    before = model.reconstruct(x)
    model.optimizer.learning_rate = 0.0
    model.fit(x + 50.0, batch_size=44, epochs=1, verbose=0)  # what was learned first stays
    np.testing.assert_allclose(model.reconstruct(x), before, rtol=1e-6)


@pytest.mark.slow
def test_what_is_frozen_stays_and_is_frozen_in_a_saved_model(tmp_path):
    model = ki.InfoVAE(
        2, prior="gaussian_mixture", likelihood="normal", encoder=NETWORK, decoder=NETWORK, seed=0
    )
    model.fit(X, epochs=1, verbose=0)
    model.prior.trainable = model.likelihood.trainable = False
    model.compile("adam")
    model.fit(X, epochs=1, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    kept = [part.get_weights() for part in (model.prior, model.likelihood)]
    histories = [m.fit(X, epochs=2, verbose=0).history["loss"] for m in (model, again)]
    assert histories[0] == pytest.approx(histories[1], rel=1e-6)
    for one in (model, again):
        for part, weights in zip((one.prior, one.likelihood), kept, strict=True):
            for weight, before in zip(part.get_weights(), weights, strict=True):
                np.testing.assert_array_equal(weight, before)


@pytest.mark.slow
def test_images_of_a_batch_are_what_they_are_to_fit():
    images = np.random.default_rng(0).integers(0, 256, size=(20, 4, 4, 1)).astype("uint8")
    model = ki.VAE(2, encoder=NETWORK, decoder=NETWORK, seed=0)
    model.fit(images, epochs=1, verbose=0)
    found = model.predict_on_batch(images)
    np.testing.assert_array_equal(found, model.predict(images, verbose=0))
    binary = (images > 127).astype("uint8")
    for x in (binary, tf.constant(binary), tf.data.Dataset.from_tensor_slices(binary).batch(8)):
        with pytest.raises(ValueError, match="`x` must be images from 0 to 255"):
            ki.VAE(2, encoder=NETWORK, decoder=NETWORK).fit(x, verbose=0)
