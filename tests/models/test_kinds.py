"""Models without an encoder, a density, an optimizer, latents: each has exactly what it can."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.models.capabilities import NAMES
from tests.kinds import KINDS, WHOLE, PrincipalComponents

RNG = np.random.default_rng(0)
X = (RNG.normal(size=(40, 2)) @ RNG.normal(size=(2, 5)) + 0.3 * RNG.normal(size=(40, 5))).astype(
    "float32"
)


@pytest.fixture(scope="module", params=KINDS | WHOLE)
def kind(request):
    """A trained model, and what it can do."""
    make, capabilities = (KINDS | WHOLE)[request.param]
    model = make()
    model.fit(X, batch_size=20, epochs=2, verbose=0, validation_data=(X[:9],))
    return model, capabilities


def test_it_says_what_it_can_do_and_refuses_the_rest_by_name(kind):
    model, capabilities = kind
    assert set(model.capabilities) == capabilities
    calls = {
        "reconstruct": lambda: model.reconstruct(X),
        "encode": lambda: model.encode(X),
        "decode": lambda: model.decode(np.zeros([3, 2], "float32")),
        "generate": lambda: model.generate(3),
        "elbo": lambda: model.elbo(X),
        "log_prob": lambda: model.log_prob(X),
        "score": lambda: model.score(X),
    }
    for name in NAMES:
        if name in capabilities and name in calls:
            assert np.all(np.isfinite(calls[name]()))
        elif name in calls:
            with pytest.raises(ValueError, match="is not (defined|known) for"):
                calls[name]()


def test_results_do_not_depend_on_the_size_of_batches(kind):
    model, capabilities = kind
    for size in (7, 256):
        np.testing.assert_allclose(
            model.generate(9, seed=3, batch_size=size)[4:], model.generate(9, seed=3)[4:], atol=1e-5
        )
    if "encode" in capabilities:
        z = model.encode(X, sample=True, seed=3)
        np.testing.assert_allclose(model.encode(X, sample=True, seed=3, batch_size=9), z, atol=1e-4)
        np.testing.assert_allclose(model.encode(X[:5], sample=True, seed=3), z[:5], atol=1e-4)
    scores = model.score(X)
    np.testing.assert_allclose(model.score(X, batch_size=7), scores, rtol=1e-3, atol=1e-3)


def test_it_is_saved_and_goes_on(kind, tmp_path):
    model, _ = kind
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(
        restored.generate(4, seed=0), model.generate(4, seed=0), rtol=1e-5, atol=1e-5
    )
    assert restored.evaluate(X, verbose=0) == pytest.approx(model.evaluate(X, verbose=0), rel=1e-4)
    restored.fit(X, batch_size=20, epochs=1, verbose=0)
    assert restored.epochs_trained == model.epochs_trained + 1


def test_what_does_not_train_by_gradients_takes_no_optimizer():
    model = PrincipalComponents(2)
    model.compile()
    assert model.optimizer is None
    with pytest.raises(ValueError, match="`optimizer` must be left out"):
        model.compile("adam")
    with pytest.raises(ValueError, match="`optimizer` must be a Keras optimizer"):
        ki.VAE(2).compile(None)


def test_em_ends_at_the_principal_components():
    # Tipping and Bishop 1999, equations 7 and 8: the noise is the mean of the eigenvalues that are
    # left out, and W W' + s I has the covariance's eigenvalues that are not.
    model = PrincipalComponents(2)
    losses = []
    keep = keras.callbacks.LambdaCallback(on_train_batch_end=lambda _, logs: losses.append(logs))
    steps = tf.data.Dataset.from_tensors(X).repeat(300)
    model.fit(steps, epochs=1, verbose=0, callbacks=[keep])
    eigenvalues = np.linalg.eigvalsh(np.cov(X.T, bias=True))[::-1]
    assert float(model.variance) == pytest.approx(eigenvalues[2:].mean(), abs=2e-3)
    covariance = (
        model.loadings.numpy() @ model.loadings.numpy().T + model.variance.numpy() * np.eye(5)
    )
    np.testing.assert_allclose(np.linalg.eigvalsh(covariance)[::-1][:2], eigenvalues[:2], rtol=1e-2)
    totals = [log["loss"] * (step + 1) for step, log in enumerate(losses)]  # from running means
    assert np.all(np.diff(np.diff(totals)) < 1e-2)  # each step at most the loss before, to rounding
