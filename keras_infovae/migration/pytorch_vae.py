"""PyTorch-VAE, `InfoVAE` (github.com/AntixK/PyTorch-VAE)."""

import math

from keras_infovae.distributions import likelihoods
from keras_infovae.divergences import MaximumMeanDiscrepancy
from keras_infovae.kernels import Gaussian, InverseMultiquadratic
from keras_infovae.migration.explanation import Explanation
from keras_infovae.migration.reading import Settings

# Of the constructor of models/info_vae.py, the rest of configs/infovae.yaml.
DEFAULTS = {
    "latent_dim": 128,
    "alpha": -0.5,
    "beta": 5.0,
    "reg_weight": 100.0,
    "kernel_type": "imq",
    "latent_var": 2.0,
    "in_channels": 3,
    "patch_size": 64,
    "train_batch_size": 64,
    "kld_weight": 0.00025,
}
IGNORED = (
    "name",
    "hidden_dims",
    "data_path",
    "val_batch_size",
    "num_workers",
    "LR",
    "weight_decay",
    "scheduler_gamma",
    "manual_seed",
    "trainer_params",
    "logging_params",
)


def explain_pytorch_vae(settings=None):
    """Returns the `Explanation` of PyTorch-VAE's InfoVAE.

    Their loss, with P values of x per example, batches of B and M_N the `kld_weight`, is

        beta * mean (x - m)^2 + (1 - alpha) M_N KL + (alpha + reg_weight - 1) / (B (B - 1)) * mmd

    The squared error is a mean over examples and pixels. Times P / (2 beta) it is the negative log
    likelihood of a normal of scale 1, and the KL and the divergence get that factor too, which
    makes the divergence thousands of times as strong as it looks. `mmd` depends on the kernel:

        imq     the three sums over pairs i != j: B (B - 1) times the U-statistic
        rbf     the three means over all pairs, divided by B (B - 1) once more

    so that the weight of an rbf divergence falls with the square of the batch.

    Args:
        settings: of the model and the experiment, flat or in the sections of their yaml files. What
            is missing has the defaults of their constructor, or of configs/infovae.yaml.
    """
    read = Settings(settings, DEFAULTS, IGNORED)
    latent_dim = read.integer("latent_dim")
    alpha = read.number("alpha", maximum=0)  # as their constructor asserts
    beta = read.number("beta", exclusive_minimum=0)
    weight = alpha + read.number("reg_weight") - 1.0
    latent_var = read.number("latent_var", exclusive_minimum=0)
    kld_weight = read.number("kld_weight", minimum=0)
    batch = read.integer("train_batch_size", minimum=2)
    values = read.integer("in_channels") * read.integer("patch_size") ** 2
    factor = values / (2.0 * beta)
    pairs = batch * (batch - 1)
    notes = []
    if read.choice("kernel_type", ("imq", "rbf")) == "imq":
        kernel = InverseMultiquadratic(math.sqrt(latent_dim * latent_var), (1.0,))
        unbiased, on_one_kernel = True, weight
        notes.append(
            "Their sum over pairs of z and prior samples leaves out i = j, which changes nothing "
            "in expectation."
        )
    else:
        # exp(-mean_d (z - z')^2 / (2 D v)): the dimension divides twice, so that h = D^2 v.
        kernel = Gaussian(latent_dim * math.sqrt(latent_var), (1.0,))
        unbiased, on_one_kernel = False, weight / pairs
        notes.append(
            f"The mean over pairs is divided by B (B - 1) = {pairs} again: the weight of "
            f"{weight:g} in their formula is {on_one_kernel:g} on the kernel mean, and falls with "
            "the square of the batch."
        )
    kl_weight = (1.0 - alpha) * kld_weight * factor
    if kl_weight > 0:
        notes.append(
            "With the KL term at its full weight, this is a normal likelihood of scale "
            f"{math.sqrt(kl_weight):.3g} per pixel instead of 1 (alpha = 0; both other weights "
            f"divided by {kl_weight:.4g})."
        )
    notes += [
        "Their validation loss has the KL weight of kld_weight = 1 and cannot be compared with the "
        "training loss.",
        "One z per example is drawn for the divergence. A strong divergence collapses the latents "
        "then; with the default of MaximumMeanDiscrepancy, in closed form over z, take "
        'lambda_="auto" and not the number above.',
    ]
    return Explanation(
        source="PyTorch-VAE, models/info_vae.py",
        their_loss=(
            f"{beta:g} * mean (x - m)^2 + {(1 - alpha) * kld_weight:g} * KL "
            f"+ {on_one_kernel:g} * MMD"
        ),
        factor=factor,
        kl_weight=kl_weight,
        divergence_weight=on_one_kernel * factor,
        likelihood=likelihoods.Normal(1.0),
        divergence=MaximumMeanDiscrepancy(kernel, unbiased, "sampled", 1),
        latent_dim=latent_dim,
        batch_size=batch,
        notes=tuple(notes),
    )
