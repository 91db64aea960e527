"""Models with latents that can learn p(z) a second time, on the codes of the trained model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from keras_infovae.distributions import priors
from keras_infovae.models.code_model import learned_on_codes
from keras_infovae.models.generative_model import GenerativeModel
from keras_infovae.models.row_functions import RowFunctions
from keras_infovae.typing import Condition, Kind, Numbers, Optimizer, Seed
from keras_infovae.utils.checks import check_integer

# The priors that the command line offers for the second stage, by their names.
SECOND_STAGES = ("gaussian_mixture", "masked_autoregressive_flow", "energy_based", "diffusion")


class TwoStageModel(GenerativeModel):
    """What models with a prior and codes do in two stages.

    In the first, `fit` trains decoder and codes with `prior`. In the second, `fit_prior` leaves
    them as they are and learns another p(z) on the codes, `learned_prior`. From then on the model
    is p(x|z) with that p(z): `generate`, densities, evaluation and servers go by it. Codes, and
    what `fit` and `evaluate` compute, go by the prior of the training. `fit` forgets the learned
    prior, since it changes the codes.

    A member has `prior`, `inference` and `latent_dim`.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        # Out of Keras's sight: the optimizer goes by the weights of the first stage.
        self._second_stage = _SecondStage()

    @property
    def learned_prior(self) -> Any:
        """The `Prior` that `fit_prior` learned, which p(z) is now; None where there is none."""
        return self._second_stage.prior

    def fit_prior(
        self,
        x: Any,
        prior: Kind = "gaussian_mixture",
        *,
        epochs: int = 100,
        batch_size: int = 128,
        optimizer: Optimizer = "auto",
        condition: Condition = None,
        validation_data: Any = None,
        callbacks: Sequence[Any] | None = None,
        seed: Seed = None,
        verbose: int | str = "auto",
    ) -> keras.callbacks.History:
        """Learns p(z) on the codes of x, and leaves all other weights as they are.

        The second of two stages: where the codes of a trained model do not fit its prior, or it has
        codes and no prior that counts (a deterministic autoencoder), samples and log p(x) are
        better with a p(z) that was learned for the codes. Codes are drawn anew in each epoch.
        `learned_prior` is then the model's p(z); `forget_prior` goes back to that of the training.

        Args:
            x: as for `fit`: an array [n, ...], or a dataset of batches.
            prior: a `Prior` or its name. Default "gaussian_mixture". One that is built already, as
                `learned_prior` is, goes on from its weights.
            epochs: default 100.
            batch_size: codes per step. Default 128.
            optimizer: a Keras optimizer or its name. Default "auto": that of the prior, for most
                Adam(1e-3).
            condition: one row per example, where the model takes a condition. Default None.
            validation_data: x, or (x, condition), whose codes the loss is told for too. Default
                None.
            callbacks: Keras callbacks, of the training of the prior by itself.
            seed: an integer for repeatable draws. Default None.
            verbose: as for `fit`.

        Returns:
            A Keras `History` with the prior's loss: -log p(z) in nats, for priors with a density.

        Raises:
            ValueError, TypeError: naming the argument, before any weight changes.

        Example:

        >>> import numpy as np
        >>> import keras_infovae as ki
        >>> x = np.random.default_rng(0).random((64, 12)).astype("float32")
        >>> model = ki.WassersteinAutoencoder(latent_dim=2, seed=0)
        >>> history = model.fit(x, epochs=1, verbose=0)
        >>> history = model.fit_prior(x, "gaussian_mixture", epochs=2, verbose=0)
        >>> type(model.learned_prior).__name__, model.generate(3, seed=0).shape
        ('GaussianMixture', (3, 12))

        References:
            Ghosh, Sajjadi, Vergari, Black, Schoelkopf, From Variational to Deterministic
            Autoencoders, arXiv:1903.12436, section 4 (ex-post density estimation).
            Dai and Wipf, Diagnosing and Enhancing VAE Models, arXiv:1903.05789, section 4.
        """
        options = {
            "epochs": check_integer("epochs", epochs),
            "batch_size": check_integer("batch_size", batch_size),
            "optimizer": optimizer,
            "callbacks": callbacks,
            "verbose": verbose,
        }
        data = (x, condition), validation_data
        learned, history = learned_on_codes(self, prior, *data, seed, options)
        self._set_second(learned)
        return history

    def _set_second(self, prior):
        self._second_stage.prior = prior
        self._rows = RowFunctions(self)  # those that were compiled hold another prior's weights
        self.anomaly_threshold = None  # scores may change with p(z)

    def forget_prior(self) -> None:
        """Goes back to the prior of the training: `learned_prior` is None from here on."""
        if self.learned_prior is not None:
            self._set_second(None)

    def forget(self) -> None:
        """Drops what was derived from the weights: the threshold, and the learned prior."""
        super().forget()
        self.forget_prior()

    # === Saving: the learned prior is neither an argument nor a weight that `fit` trains ===

    def get_build_config(self) -> Numbers:
        """Returns the shape that the model was built for, and what was learned since."""
        config = super().get_build_config()
        if config is not None and self.learned_prior is not None:
            config["learned_prior"] = priors.serialize(self.learned_prior)
        return config

    def build_from_config(self, config: Numbers) -> None:
        """Builds the model for the shape that it was saved with."""
        if config is not None and "learned_prior" in config:
            self._second_stage.restore(self, config["learned_prior"])
        super().build_from_config(config)


class _SecondStage:
    """Holds the learned prior, or None."""

    def __init__(self):
        self.prior = None

    def restore(self, model, config):
        """Makes the prior that `config` describes; its weights are loaded with the model's."""
        self.prior = priors.deserialize(config)
        if not self.prior.built:  # Keras builds what tells it how
            self.prior.build(model.latent_dim)
