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


def two_samples(model_class, seed=0, spells=3, steps=2000, **arguments):
    """Returns KL(q(z|x) || p(z|x)) in nats after each of `spells` spells of training."""
    keras.utils.set_random_seed(seed)
    network = ki.networks.MLP([64, 64], "leaky_relu")
    model = model_class(
        1,
        likelihood=ki.likelihoods.Normal(minimum_scale=1e-5),
        encoder=network,
        decoder=network,
        seed=seed,
        **arguments,
    )
    model.compile(keras.optimizers.Adam(1e-3), steps_per_execution=50)
    batches = tf.data.Dataset.from_tensors(X).repeat(steps).prefetch(4)
    values = []
    for _ in range(spells):
        model.fit(batches, epochs=1, verbose=0)
        values.append(kl_to_true_posterior(model))
    return values


@pytest.mark.slow
def test_two_samples():
    vae = two_samples(ki.VAE)
    info_vae = two_samples(ki.InfoVAE, lambda_=500.0)
    print(f"KL(q(z|x) || p(z|x)), nats, after 2,000, 4,000, 6,000 steps: {vae=} {info_vae=}")
    # Over three seeds, 0.37 to 0.42, 0.61 to 1.21, 0.77 to 2.14 against at most 0.052: the VAE's
    # wavers from step to step while it grows (docs/paper_failures.md).
    assert min(vae[1:]) > 1.3 * vae[0] and min(vae) > 4.0 * max(info_vae)
    assert max(info_vae) < 0.1


# === A decoder that needs no z (section 4 of the paper) ===


def mutual_information(model, x, seed=0):
    """Returns I_q(x; z) in nats, E log q(z|x) - log q(z), with q(z) the mixture over all of x.

    Below the truth by no more than the mixture's error, and at most log n.
    """
    q = model.posterior_distribution(tf.constant(x))
    z = q.sample(seed=tf.constant([seed, 0]))
    log_q = q.log_prob(z[:, None]).numpy().astype("float64")  # [n, n]: of z_i under q(z|x_j)
    largest = log_q.max(axis=1)
    log_mixture = np.log(np.exp(log_q - largest[:, None]).mean(axis=1)) + largest
    return float(np.mean(np.diag(log_q) - log_mixture))


def flexible_decoder(model_class, seed=0, epochs=30, **arguments):
    """Returns I_q(x; z) in nats of a model of 8x8 digits with a PixelCNN decoder."""
    data = ki.datasets.load("digits", validation_fraction=0.0, test_fraction=0.2)
    keras.utils.set_random_seed(seed)
    model = model_class(
        8,
        encoder=ki.networks.MLP([128, 128]),
        decoder=ki.networks.PixelCNN(filters=16, num_layers=3, spatial_filters=4),
        seed=seed,
        **arguments,
    )
    model.compile(keras.optimizers.Adam(1e-3))
    model.fit(data.train, batch_size=64, epochs=epochs, verbose=0)
    return mutual_information(model, data.test)


@pytest.mark.slow
def test_a_flexible_decoder():
    vae = flexible_decoder(ki.VAE)
    info_vae = flexible_decoder(ki.InfoVAE, alpha=0.9, lambda_=100.0)
    print(f"I_q(x; z), nats: {vae=} {info_vae=}")
    # Over three seeds, at most 0.02 against at least 4.8; no more than log 360 = 5.9 can be seen.
    assert vae < 0.1
    assert info_vae > 4.0
