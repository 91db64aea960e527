"""The paper's failure cases: what the ELBO does wrong, and InfoVAE does not."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki

# === Two samples (Zhao, Song, Ermon, arXiv:1706.02262, proposition 1) ===
#
# Data {-1, +1}, one latent dimension, normal everything. The ELBO grows without bound by pushing
# the two posteriors apart and letting the decoder's scale go to zero, while q(z|x) leaves the true
# posterior, which has to share the prior's mass.

X = np.array([[-1.0], [1.0]] * 32, "float32")
GRID = np.linspace(-12, 12, 4001).astype("float32")[:, None]


def kl_to_true_posterior(model):
    """Returns the mean over {-1, +1} of KL(q(z|x) || p(z|x)) in nats, by a grid over z."""
    log_prior = model.prior_distribution().log_prob(GRID).numpy().astype("float64")
    likelihood = model.likelihood_distribution(tf.constant(GRID))
    step = float(GRID[1, 0] - GRID[0, 0])
    values = []
    for x in (-1.0, 1.0):
        joint = likelihood.log_prob(np.full_like(GRID, x)).numpy() + log_prior
        log_posterior = joint - (np.log(np.sum(np.exp(joint - joint.max())) * step) + joint.max())
        q = model.posterior_distribution(tf.constant([[x]]))
        log_q = q.log_prob(GRID[:, None]).numpy()[:, 0].astype("float64")
        values.append(np.sum(np.exp(log_q) * (log_q - log_posterior)) * step)
    return float(np.mean(values))


def two_samples(model_class, **arguments):
    """Returns KL(q(z|x) || p(z|x)) after each of three spells of training."""
    keras.utils.set_random_seed(0)
    network = ki.networks.MLP([64, 64], "leaky_relu")
    model = model_class(
        1,
        likelihood=ki.likelihoods.Normal(minimum_scale=1e-5),
        encoder=network,
        decoder=network,
        seed=0,
        **arguments,
    )
    model.compile(keras.optimizers.Adam(1e-3), jit_compile=True, steps_per_execution=100)
    values = []
    for _ in range(3):
        model.fit(X, batch_size=64, epochs=2000, verbose=0)
        values.append(kl_to_true_posterior(model))
    return values


@pytest.mark.slow
def test_two_samples():
    vae = two_samples(ki.VAE)
    info_vae = two_samples(ki.InfoVAE, lambda_=500.0)
    print(f"KL(q(z|x) || p(z|x)), nats, after 2,000, 4,000, 6,000 steps: {vae=} {info_vae=}")
    assert vae[0] < vae[1] < vae[2] and vae[2] > 1.0
    assert max(info_vae) < 0.3
