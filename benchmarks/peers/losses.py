"""What a trained model has come to, by one formula for all libraries: NumPy alone."""

import numpy as np

SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # of the kernels of the maximum mean discrepancy


def losses(x, mean, log_variance, decode, seed=0):
    """Returns {"reconstruction", "kl", "mmd"}: nats per example, and MMD^2.

    Args:
        x: [n, ...] in [0, 1].
        mean, log_variance: of q(z|x), [n, latent_dim].
        decode: function of z [n, latent_dim] that gives the logits of x, [n, ...].
        seed: of the draws of z, the same for all.
    """
    random = np.random.default_rng(seed)
    z = mean + np.exp(0.5 * log_variance) * random.standard_normal(mean.shape)
    z = z.astype("float32")
    logits = np.asarray(decode(z), "float64").reshape(len(x), -1)
    x = x.reshape(len(x), -1)
    softplus = np.logaddexp(0.0, logits)
    kl = 0.5 * (mean**2 + np.exp(log_variance) - 1.0 - log_variance).sum(axis=1)
    prior = random.standard_normal(mean.shape)
    return {
        "reconstruction": float((softplus - x * logits).sum(axis=1).mean()),
        "kl": float(kl.mean()),
        "mmd": float(squared_mmd(z.astype("float64"), prior)),
    }


def squared_mmd(first, second):
    """Returns the unbiased MMD^2 of two samples [n, d]: inverse multiquadratic kernels, their mean.

    k(a, b) = C / (C + |a - b|^2), C = 2 d times each of `SCALES`.
    """
    n = len(first)
    own = sum(_kernel(a, a).sum() - n for a in (first, second)) / (n * (n - 1))
    return own - 2.0 * _kernel(first, second).mean()


def _kernel(a, b):
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2.0 * a @ b.T
    return np.mean([(c := 2.0 * a.shape[1] * scale) / (c + squares) for scale in SCALES], axis=0)
