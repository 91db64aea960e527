"""Two samples: the ELBO grows without bound while q(z|x) leaves the true posterior.

    python examples/reproduce/two_samples.py

Proposition 1 of the paper. Data {-1, +1}, one latent dimension, normal everything: the ELBO pushes
the two posteriors apart and lets the decoder's scale go to zero, while the true posterior has to
share the prior's mass. A few minutes for each model.
"""

import common
import keras
import numpy as np
import tensorflow as tf
from absl import app, flags

import keras_infovae as ki

FLAGS = flags.FLAGS
X = np.array([[-1.0], [1.0]] * 32, "float32")
GRID = np.linspace(-12, 12, 4001).astype("float32")[:, None]
MODELS = {
    "elbo": (ki.VAE, {}),
    "mmd": (ki.InfoVAE, {"lambda_": 500.0}),
}


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


def two_samples(name, seed=0, spells=3, steps=2000):
    """Returns KL(q(z|x) || p(z|x)) in nats after each of `spells` spells of training."""
    keras.utils.set_random_seed(seed)
    model_class, settings = MODELS[name]
    network = ki.networks.MLP([64, 64], "leaky_relu")
    model = model_class(
        1,
        likelihood=ki.likelihoods.Normal(minimum_scale=1e-5),
        encoder=network,
        decoder=network,
        seed=seed,
        **settings,
    )
    model.compile(keras.optimizers.Adam(1e-3), steps_per_execution=50)
    batches = tf.data.Dataset.from_tensors(X).repeat(steps).prefetch(4)
    values = []
    for _ in range(spells):
        model.fit(batches, epochs=1, verbose=0)
        values.append(kl_to_true_posterior(model))
    return values


def main(_):
    def measure(name, seed):
        values = two_samples(name, seed)
        return {f"kl_after_{2000 * i}_steps": value for i, value in enumerate(values, start=1)}

    common.sweep("two_samples", common.cells_of(MODELS), measure, ())


if __name__ == "__main__":
    common.define_common_flags()
    app.run(main)
