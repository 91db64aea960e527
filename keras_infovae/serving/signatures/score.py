"""`score`: how unusual examples are."""

import numpy as np

from keras_infovae.serving.signatures.base import Signature

_OF_DRAWS = ("negative_elbo", "reconstruction_loss")


class Score(Signature):
    """`score`, by which the model judges, and whatever it is made of.

    All are of the same draws of z, those of `model.score`, so that scores repeat.
    """

    name = "score"
    about = "nats per example, of the model's x: the larger, the more unusual the example"
    needs = "score"
    takes = ("x",)
    outputs = (
        "score",
        "negative_log_prob",
        "negative_elbo",
        "reconstruction_loss",
        "kl_divergence",
        "anomaly",
    )

    def compute(self, served, x, condition=None):
        model, threshold = served.model, served.model.anomaly_threshold
        outputs = {}
        if _has_terms(model):
            drawn = _drawn_score(model)
            given = drawn.seeds(x), condition, drawn.num_samples
            log_likelihood, kl_divergence = model.elbo_terms(x, *given)
            outputs["reconstruction_loss"] = -log_likelihood
            if "elbo" in model.capabilities:
                outputs["kl_divergence"] = kl_divergence
                outputs["negative_elbo"] = kl_divergence - log_likelihood
        for score in _scores(model):
            if score.output not in outputs:
                outputs[score.output] = score.rows(model, x, condition)
            outputs["score"] = outputs[score.output]
        if threshold is not None:
            outputs["anomaly"] = outputs["score"] > threshold.value
        return outputs

    def answers(self, samples, x):
        model, threshold = samples.model, samples.model.anomaly_threshold

        def score(score):
            return model.score(x, score, condition=samples.condition)

        unit = unit_of_bounds(samples, x)
        answers = {}
        if _has_terms(model):
            from keras_infovae.anomaly_scores import NegativeElbo, ReconstructionLoss

            drawn = _drawn_score(model)
            loss = score(ReconstructionLoss(drawn.num_samples, drawn.seed))
            answers["reconstruction_loss"] = (loss, 1.0)
            if "elbo" in model.capabilities:
                negative_elbo = score(NegativeElbo(drawn.num_samples, drawn.seed))
                answers["kl_divergence"] = (negative_elbo - loss, unit)
                answers["negative_elbo"] = (negative_elbo, unit)
        for each in _scores(model):
            answers.setdefault(each.output, (score(each), unit))
            answers["score"] = answers[each.output]
        if threshold is not None:
            # What rounding puts on either side of the threshold may be called either way.
            value = answers["score"][0]
            near = np.abs(value - threshold.value) < 1e-3 * np.maximum(1.0, np.abs(value))
            answers["anomaly"] = (value > threshold.value, np.where(near, np.inf, 1.0))
        return answers


class ScoreImageBytes(Score):
    """`Score` of files."""

    name = "score_image_bytes"
    about = "`score` of PNG or JPEG files"
    takes = ("image_bytes",)


def unit_of_bounds(samples, x):
    """Returns the unit of a difference of log p(x|z) and a divergence: as exact as the larger."""
    model = samples.model
    if not _has_terms(model):
        return 1.0
    loss = model.score(x, "reconstruction_loss", condition=samples.condition)
    return np.maximum(1.0, np.abs(loss))


def _has_terms(model):
    return hasattr(model, "elbo_terms")


def _drawn_score(model):
    """Returns the score whose draws all outputs are of: the threshold's, where it has such."""
    from keras_infovae.anomaly_scores import NegativeElbo

    threshold = model.anomaly_threshold
    if threshold is None or threshold.score.output not in _OF_DRAWS:
        return NegativeElbo()
    return threshold.score


def _scores(model):
    """Returns the nearest score to -log p(x), then that of the threshold: the model's own."""
    from keras_infovae.anomaly_scores import main_score

    threshold = model.anomaly_threshold
    return [main_score(model)] + ([] if threshold is None else [threshold.score])
