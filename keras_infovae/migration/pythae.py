"""pythae, `INFOVAE_MMD` (github.com/clementchadebec/benchmark_VAE)."""

import math

from keras_infovae.distributions import likelihoods
from keras_infovae.divergences import MaximumMeanDiscrepancy
from keras_infovae.kernels import Gaussian, InverseMultiquadratic
from keras_infovae.migration.explanation import Explanation
from keras_infovae.migration.reading import Settings
from keras_infovae.utils.checks import check_numbers

# Of pythae.models.INFOVAE_MMD_Config, 0.1.0 to 0.1.2.
DEFAULTS = {
    "latent_dim": 10,
    "reconstruction_loss": "mse",
    "kernel_choice": "imq",
    "alpha": 0.0,
    "lbd": 1e-3,
    "kernel_bandwidth": 1.0,
    "scales": [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0],
    "version": "0.1.2",
}
IGNORED = ("name", "input_dim", "uses_default_encoder", "uses_default_decoder")
VERSIONS = ("0.1.0", "0.1.1", "0.1.2")


def explain_pythae(settings=None):
    """Returns the `Explanation` of `INFOVAE_MMD`.

    Their loss, a mean over the batch of

        reconstruction + (1 - alpha) KL + (alpha + lbd - 1) MMD

    is summed over pixels as ours is, so that `factor` is 1. Two things differ from what the names
    say: the reconstruction is half the squared error (before 0.1.2 the whole), a normal of scale 1
    (before sqrt(1/2)); and the inverse multiquadratic kernel is the sum over its scales where ours
    is the mean, so that the divergence weighs as many times more as there are scales.

    Args:
        settings: the fields of `INFOVAE_MMD_Config`, as in a saved `model_config.json`, and
            "version" ("0.1.2" by default). What is missing has their defaults.
    """
    read = Settings(settings, DEFAULTS, IGNORED)
    latent_dim = read.integer("latent_dim")
    alpha, lbd = read.number("alpha"), read.number("lbd")
    bandwidth = read.number("kernel_bandwidth", exclusive_minimum=0)
    # h = latent_dim * bandwidth^2 in both kernels: the rule "dimension" at their default.
    ours = "dimension" if bandwidth == 1 else bandwidth * math.sqrt(latent_dim)
    divergence_weight = alpha + lbd - 1.0
    if read.choice("kernel_choice", ("imq", "rbf")) == "imq":
        given = read.value("scales")
        scales = [1.0] if given is None else check_numbers("settings['scales']", given, 0)
        kernel = InverseMultiquadratic(ours, scales)
        kernel_text = f"sum over {len(scales)} scales s of C s / (C s + |z - z'|^2)"
        divergence_weight *= len(scales)
    else:
        kernel = Gaussian(ours, (1.0,))
        kernel_text = "exp(-|z - z'|^2 / C)"
    if read.choice("reconstruction_loss", ("mse", "bce")) == "bce":
        likelihood, reconstruction = likelihoods.get("bernoulli"), "sum of cross-entropies"
    elif read.choice("version", VERSIONS) == "0.1.2":
        likelihood, reconstruction = likelihoods.Normal(1.0), "1/2 sum (x - m)^2"
    else:
        likelihood, reconstruction = likelihoods.Normal(math.sqrt(0.5)), "sum (x - m)^2"
    notes = [
        f"kernel: {kernel_text}, C = {2 * latent_dim * bandwidth**2:g}",
        "One z per example is drawn for the divergence, as here with num_samples=1. A strong "
        "divergence collapses the latents then; with the default of MaximumMeanDiscrepancy, in "
        'closed form over z, take lambda_="auto" and not the number above.',
    ]
    if kernel.scales != [1.0] and isinstance(kernel, InverseMultiquadratic):
        notes.append(
            f"Their kernel is a sum of {len(kernel.scales)} terms and ours their mean: the weight "
            f"of {alpha + lbd - 1:g} in their formula is {divergence_weight:g} on one kernel with "
            "k(z, z) = 1."
        )
    return Explanation(
        source="pythae, INFOVAE_MMD",
        their_loss=f"{reconstruction} + {1 - alpha:g} * KL + {alpha + lbd - 1:g} * MMD",
        factor=1.0,
        kl_weight=1.0 - alpha,
        divergence_weight=divergence_weight,
        likelihood=likelihood,
        divergence=MaximumMeanDiscrepancy(kernel, True, "sampled", 1),
        latent_dim=latent_dim,
        notes=tuple(notes),
    )
