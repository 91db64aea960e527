"""The base of anomaly scores: a number per example, the larger the more unusual it is."""

from typing import Any

from keras_infovae.typing import Model, Tensor
from keras_infovae.utils.serialization import Setting


class AnomalyScore(Setting):
    """How unusual an example is to a model, in one number; larger is more unusual.

    A score of an example depends on that example alone, draws of z included (their noise is the
    same in each row), so that it is the same in any batch, on any server.

    Attributes:
        output: the name of the score in what a server answers.
        unit: that of the score, a word; "" for one without.
        is_fitted: whether it knows all that it has to know of usual examples.
    """

    output = None
    unit = "nats"
    is_fitted = True

    def check(self, model: Model) -> None:
        """Raises ValueError where the score of `model` is not defined."""

    def fitted(self, usual: Any) -> "AnomalyScore":
        """Returns the score with what it has to know of usual examples.

        Args:
            usual: knows their q(z). `moments()` are its mean [latent_dim] and its covariance
                [latent_dim, latent_dim]; `codes(most, least)` are E[z|x], [n, latent_dim], of as
                many of them as `most`, spread evenly, and raises ValueError for fewer than `least`.
        """
        return self

    def _require_fitted(self):
        """Raises ValueError before it is `fitted`."""
        if not self.is_fitted:
            raise ValueError(
                f"{type(self).__name__}() knows no usual codes yet: give what keras_infovae."
                f"evaluation.fit_anomaly_score(model, x, {self.output!r}) returns for usual x as "
                "the score."
            )

    def check_contributions(self, model: Model) -> None:
        """Raises ValueError where the score is no sum over values of x and a rest."""
        raise ValueError(
            f"`contributions` are not defined for the score {type(self).__name__}, which is no sum "
            "over values of x. Choose 'negative_elbo' or 'reconstruction_loss'."
        )

    def part_rows(
        self, model: Model, x: Tensor, condition: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Returns what each value of x adds to the score, float32 [n, *event_shape], and the rest.

        The rest, float32 [n], is what the code costs.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `part_rows`")

    def rows(self, model: Model, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Returns the scores, float32 [n], of a tensor `x` [n, ...]; inside `tf.function` too."""
        raise NotImplementedError(f"{type(self).__name__} does not define `rows`")
