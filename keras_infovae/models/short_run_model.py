"""A decoder alone, whose codes are found by short Langevin chains."""

from typing import Any

from keras_infovae.inference import ShortRunLangevin
from keras_infovae.models.latent_variable_model import LatentVariableModel
from keras_infovae.models.registry import register_model
from keras_infovae.parameters.kinds import Integer, Number, Weight


@register_model("short_run")
class ShortRunModel(LatentVariableModel):
    """A model p(x|z) p(z) without an encoder: `LatentVariableModel` with a `ShortRunLangevin`.

        loss = reconstruction_loss = E_data [-log p(x|z_K)]

    where z_K is the end of a chain of K Langevin steps on log p(x, z) from the prior. There is no
    KL term that could be lowered by a code that tells nothing; how much z tells is set by the
    temperature. Choose it for decoders so powerful that a VAE's codes collapse, such as
    autoregressive ones, and for data too little to train an encoder on; `encode` costs `steps`
    passes through the decoder and back.

    Args:
        latent_dim: the number of dimensions of z, at least 1.
        steps: K, at least 1. Default 20.
        step_size: "paper" (default) for steps that shorten from 0.8 to 0.05; a number; or "adapt".
            A list is for `ShortRunLangevin(step_sizes=...)`.
        temperature: T, greater than 0, a number or a `Schedule`. Default 0.5: less for codes that
            tell more, 1 for draws from p(z|x).
        **settings: `prior`, `likelihood`, `decoder`, `condition`, `num_samples`, `seed`, `scaling`,
            as for `LatentVariableModel`; the prior needs a log density, by which its weights learn
            from the ends of the chains (no term of the loss shows it).

    Example:

    >>> import keras_infovae as ki
    >>> model = ki.ShortRunModel(latent_dim=2, steps=10, step_size=0.2)
    >>> model.inference.steps, "elbo" in model.capabilities
    (10, False)

    References:
        Pang, Nijkamp, Han, Wu, Generative Text Modeling through Short Run Inference,
        arXiv:2106.02513.
    """

    fixed_arguments = ("inference",)

    def __init__(
        self,
        latent_dim,
        *,
        steps: Integer("Langevin steps that a code takes.", search=[10, 20, 40], unit="STEPS") = 20,
        step_size: Number(
            "The length of Langevin steps; paper: from 0.8 to 0.05; adapt: by the acceptance rate.",
            exclusive_minimum=0,
            words=("paper", "adapt"),
            search=["paper", "adapt"],
        ) = "paper",
        temperature: Weight(
            "Of the Langevin noise: the colder, the more codes tell of x; 1 draws from p(z|x).",
            exclusive_minimum=0,
            search=[0.2, 0.5, 1.0],
        ) = 0.5,
        **settings: Any,
    ) -> None:
        super().__init__(
            latent_dim, inference=ShortRunLangevin(steps, step_size, temperature), **settings
        )
        self.steps = steps
        self.step_size = step_size
        self.temperature = temperature
