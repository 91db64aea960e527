"""The InfoVAE authors' scripts (github.com/ShengjiaZhao/MMD-Variational-Autoencoder and others)."""

import math

from keras_infovae.distributions import likelihoods
from keras_infovae.divergences import MaximumMeanDiscrepancy
from keras_infovae.kernels import Gaussian
from keras_infovae.migration.explanation import Explanation
from keras_infovae.migration.reading import Settings

# What each script has where the settings say nothing. `pixels` is 784 in all of them.
SCRIPTS = {
    "tutorial": {"z_dim": 20, "batch_size": 200},
    "evaluation": {"z_dim": 5, "batch_size": 400},
    "research": {"z_dim": 5, "batch_size": 200, "mi": 1.0, "reg_size": 50.0},
    "bernoulli": {"z_dim": 10, "batch_size": 100, "mi": 0.0, "reg_size": 50.0},
}
SOURCES = {
    "tutorial": "MMD-Variational-Autoencoder, mmd_vae.py",
    "evaluation": "MMD-Variational-Autoencoder, mmd_vae_eval.py",
    "research": "research code, mmd_vae_eval.py (normal likelihood)",
    "bernoulli": "research code, model_vae.py (Bernoulli likelihood)",
}
_STANDARD_DEVIATION = (
    "Their posterior's standard deviation is a sigmoid, at most 1 and at least {}; ours is "
    "exp(log_variance / 2), within 0.001 and 1,100."
)


def explain_authors(settings=None):
    """Returns the `Explanation` of one of the authors' scripts, trained with `reg_type` mmd.

        tutorial     mean (x - m)^2 + MMD, means over examples and pixels, no noise on z
        evaluation   mean of the negative log likelihood over examples and pixels + 50 MMD
        research     the sum over pixels + (reg_size + mi - 1) MMD + (1 - mi) KL: ours, with
                     alpha = mi and lambda_ = reg_size
        bernoulli    as research, for binary x

    The first two divide the likelihood by the number of pixels P: on our scale the divergence
    weighs P / 2 and 50 P. The kernel of all is exp(-|z - z'|^2 / D^2), the dimension D dividing
    twice, which sees less and less as D grows; means are over all pairs (V-statistic).

    Args:
        settings: "script" ("tutorial" by default), and "z_dim", "batch_size", "pixels" and, for
            the research code, "mi" and "reg_size" (its command line's names).
    """
    names = {"script": "tutorial", "pixels": 784, **SCRIPTS["research"]}
    script = Settings(settings, names).choice("script", SCRIPTS)
    read = Settings(settings, {"script": script, "pixels": 784, **SCRIPTS[script]})
    latent_dim, pixels = read.integer("z_dim"), read.integer("pixels")
    notes = []
    posterior = "diagonal_normal"
    if script == "tutorial":
        their_loss, factor, kl_weight, weight = "mean (x - m)^2 + MMD", pixels / 2.0, 0.0, 1.0
        likelihood, posterior = likelihoods.Normal(1.0), "deterministic"
    elif script == "evaluation":
        their_loss, factor, kl_weight, weight = "mean of -log p(x|z) + 50 * MMD", pixels, 0.0, 50.0
        likelihood = likelihoods.Normal("per_value", minimum_scale=0.005)
        notes.append(_STANDARD_DEVIATION.format(0.005))
    else:
        mi, factor = read.number("mi"), 1.0
        kl_weight, weight = 1.0 - mi, read.number("reg_size") + mi - 1.0
        their_loss = f"sum of -log p(x|z) + {weight:g} * MMD + {kl_weight:g} * KL"
        if script == "research":
            likelihood = likelihoods.Normal("per_value", minimum_scale=0.1)
            notes.append(
                "They add log(2 pi) / 2 once per example instead of once per pixel: the losses "
                f"that they report lie {(pixels - 1) * math.log(2 * math.pi) / 2:.4g} nats below "
                "the negative log likelihood of their model."
            )
        else:
            likelihood = likelihoods.get("bernoulli")
        notes.append(_STANDARD_DEVIATION.format(0.1 if script == "research" else 0.01))
    kernel = Gaussian(latent_dim / math.sqrt(2.0), (1.0,))
    divergence = MaximumMeanDiscrepancy(kernel, False, "sampled", 1)
    if posterior != "deterministic":
        notes.append(
            "One z per example is drawn for the divergence; the default of MaximumMeanDiscrepancy "
            'is in closed form over z, with lambda_="auto".'
        )
    return Explanation(
        source=f"The authors' {SOURCES[script]}",
        their_loss=their_loss,
        factor=float(factor),
        kl_weight=kl_weight,
        divergence_weight=weight * factor,
        likelihood=likelihood,
        divergence=divergence,
        latent_dim=latent_dim,
        posterior=posterior,
        batch_size=read.integer("batch_size", minimum=2),
        notes=tuple(notes),
    )
