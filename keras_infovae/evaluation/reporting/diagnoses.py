"""Is the model healthy? Each answer is a sentence with its number, by a rule that is stated."""

from __future__ import annotations

import dataclasses
import math

from keras_infovae.typing import Numbers

_LEAST_NATS = 0.1  # of KL(q(z|x) || p(z)), below which nothing can be told of q(z|x)
GOOD, FAIR, POOR, UNKNOWN = "good", "fair", "poor", "unknown"
_FEW_HELD_OUT = "There are fewer than 20 held-out examples."


@dataclasses.dataclass(frozen=True)
class Diagnosis:
    """One answer.

    Attributes:
        question: what is asked, in a few words.
        level: "good", "fair", "poor" or "unknown".
        sentence: the answer, with its number.
        rule: which numbers are good and which are fair.
    """

    question: str
    level: str
    sentence: str
    rule: str


def diagnose(metrics: Numbers) -> list[Diagnosis]:
    """Returns a list of `Diagnosis` from the numbers that `measure` returned.

    What is asked of codes, of samples or of a fit is asked only of models that have them, two
    questions only of models whose condition is a class, and one only where anomalies are known.
    """
    can = set(metrics["model"]["capabilities"])
    found = [check(metrics) for check, needs in _CHECKS if can.issuperset(needs)]
    return [diagnosis for diagnosis in found if diagnosis is not None]


def _graded(question, value, good, fair, sentence, rule):
    """Returns the diagnosis of a `value` that is good up to `good` and fair up to `fair`."""
    level = GOOD if value <= good else FAIR if value <= fair else POOR
    return Diagnosis(question, level, sentence, rule)


def _unknown(question, why):
    return Diagnosis(question, UNKNOWN, why, "")


def _latents_used(metrics):
    question = "Are the latents used?"
    summary = metrics["held_out"]
    active, latent_dim = summary["active_units"], summary["latent_dim"]
    sentence = f"{active} of {latent_dim} dimensions of z depend on x"
    if metrics["latents"] is not None:
        information = metrics["latents"]["information"]
        sentence += (
            f"; z holds at least {information['mutual_information']:.1f} nats about x "
            f"(these examples can show {information['log_examples']:.1f})"
        )
    rule = "Good: at least half of the dimensions; poor: none (variance of E[z_d|x] above 0.01)."
    level = POOR if not active else GOOD if 2 * active >= latent_dim else FAIR
    return Diagnosis(question, level, f"{sentence}.", rule)


def _code_matters(metrics):
    value = metrics["code_matters"]
    return _graded(
        "Does the decoder look at z?",
        -value,
        -1.0,
        -0.1,
        f"With the code of another example, log p(x|z) falls by {value:.2f} nats.",
        "Good: at least 1 nat; poor: less than 0.1, a decoder that does without z.",
    )


def _spread(metrics):
    question = "Do the codes spread as the prior does?"
    numbers = metrics["aggregated_posterior"]
    test, train = (numbers[split]["log_det_covariance"] for split in ("test", "train"))
    if test is None or train is None:
        return _unknown(question, "Cov[q(z)] has no inverse: codes do not fill all dimensions.")
    latent_dim, prior = metrics["model"]["latent_dim"], metrics["log_det_covariance_of_prior"]
    excess = (test - prior) / latent_dim
    direction = "past the prior" if excess > 0 else "over a part of the prior"
    return _graded(
        question,
        abs(excess),
        0.1,
        0.5,
        f"log det Cov[q(z)] is {test:+.2f} on held-out and {train:+.2f} on training examples, and "
        f"{prior + 0.0:.2f} for the prior: codes lie {direction}, by a factor of "
        f"{math.exp(0.5 * excess):.2f} per dimension.",
        "|difference| per dimension. Good: at most 0.1 (5 % in the standard deviation); fair: 0.5.",
    )


def _shape(metrics):
    question = "Are the codes distributed as the prior?"
    numbers = metrics["aggregated_posterior"]["test"]
    if numbers["mmd"] is None:
        return _unknown(question, "Not measured on a sphere.")
    high = numbers["mmd_null_high"]
    return _graded(
        question,
        numbers["mmd"],
        high,
        10 * high,
        f"MMD^2 of q(z) from p(z) is {numbers['mmd']:.2g}; draws of the prior itself score up to "
        f"{high:.2g} (p = {numbers['mmd_p_value']:.2g}).",
        "Good: within what chance makes of a perfect fit; fair: up to 10 times that.",
    )


def _generalizes(metrics):
    question = "Does it do as well on new data?"
    if metrics["data"]["measured_split"] == "train":
        return _unknown(question, "There are no held-out examples.")
    fit = metrics["fit_per_example"]
    train, held_out = fit["train"], fit["held_out"]
    # Of densities of real values the zero and, by the unit of x, the scale of nats mean nothing:
    # what examples differ by among themselves does.
    gap = (train - held_out) / max(fit["held_out_standard_deviation"], 1e-9)
    error = math.sqrt(1.0 / fit["train_examples"] + 1.0 / fit["held_out_examples"])
    return _graded(
        question,
        gap - 2.0 * error,
        0.2,
        0.5,
        f"{fit['name']}: {train:.2f} nats on training and {held_out:.2f} on held-out examples, a "
        f"gap of {round(gap, 2) + 0.0:.2f} +- {error:.2f} standard deviations among them.",
        "The gap in standard deviations among held-out examples, less two standard errors. Good: "
        "at most 0.2; fair: 0.5 (Cohen's small and medium effects).",
    )


def _inference(metrics):
    question = "Is q(z|x) close to the true posterior?"
    gap, bound, kl = (
        metrics["held_out"].get(name)
        for name in ("inference_gap", "importance_weighted_bound", "kl_divergence")
    )
    if gap is None or kl is None:
        return _unknown(question, "Not defined for a prior without a density.")
    if kl < _LEAST_NATS:
        return _unknown(question, f"q(z|x) tells nothing: its KL from the prior is {kl:.2f} nats.")
    share = metrics["held_out"].get("unreliable_weights") or 0.0
    doubt = (
        f" The weights of {share:.0%} of the examples have a Pareto k of 0.7 or more: there the "
        "gap is larger than it shows."
    )
    return _graded(
        question,
        gap / kl,
        0.2,
        0.5,
        f"KL(q(z|x) || p(z|x)) is at least {gap:.2f} nats, {gap / kl:.0%} of the {kl:.2f} that "
        f"q(z|x) spends: the ELBO is {bound - gap:.2f}, the importance-weighted bound "
        f"{bound:.2f}.{doubt if share else ''}",
        "Relative to KL(q(z|x) || p(z)). Good: at most 20 %; fair: 50 %.",
    )


def _condition_in_codes(metrics):
    numbers = metrics["label_use"]
    if numbers is None or numbers["of"] != "condition":
        return None
    error, guess = (
        numbers[n] for n in ("semi_supervised_error", "error_of_the_most_frequent_class")
    )
    told = 1.0 - error / guess if guess > 0 else 0.0
    return _graded(
        "Do the codes leave the class to the condition?",
        told,
        0.1,
        0.3,
        f"From draws of z a classifier is wrong about {error:.0%} of the classes, from their "
        f"frequencies alone about {guess:.0%}: z repeats {max(told, 0.0):.0%} of what the "
        "condition tells.",
        "1 - error / error of the most frequent class. Good: at most 10 %; fair: 30 %.",
    )


def _class_as_asked(metrics):
    samples = metrics["samples"]
    if samples is None or "class_agreement" not in samples:
        return None
    agreement, accuracy = samples["class_agreement"], samples["classifier_accuracy"]
    return _graded(
        "Are the samples of the class asked for?",
        1.0 - agreement / max(accuracy, 1e-9),
        0.05,
        0.2,
        f"A classifier finds the class asked for in {agreement:.0%} of samples, and is right about "
        f"{accuracy:.0%} of data.",
        "1 - agreement / accuracy. Good: at most 5 %; fair: 20 %.",
    )


def _new_samples(metrics):
    question = "Are the samples new?"
    samples = metrics["samples"]
    if samples is None:
        return _unknown(question, _FEW_HELD_OUT)
    score, share = samples["memorization_z_score"], samples["memorization"]
    return _graded(
        question,
        score,
        3.0,
        6.0,
        f"A sample is nearer to the training data than a held-out example is in {share:.0%} of "
        f"pairs (z = {score:+.1f}); 50 % is as new as data, far above it copies.",
        "z of the Mann-Whitney test. Good: at most 3; fair: 6. Blurred samples pass.",
    )


def _like_the_table(metrics):
    found = metrics.get("new_rows")
    if found is None:
        return None
    quality, ideal = found["quality"], found["quality_of_held_out"]
    known = {name: shape for name, shape in found["shapes"].items() if shape is not None}
    worst = min(known, key=known.get) if known else next(iter(found["shapes"]))
    return _graded(
        "Do new rows look like the table?",
        ideal - quality,
        0.03,
        0.1,
        f"The mean of column shapes and pair trends is {quality:.3f}, and {ideal:.3f} for held-out "
        f"rows; column {worst!r} is least alike. A detector tells new rows with a ROC-AUC of "
        f"{found['detection_auc']:.2f}; {found['exact_copies']:.1%} of them are copies of training "
        f"rows ({found['exact_copies_of_held_out']:.1%} of held-out rows).",
        "Below held-out rows. Good: by at most 0.03; fair: by 0.1.",
    )


def _reach(metrics):
    question = "Do the samples cover the data?"
    samples = metrics["samples"]
    if samples is None:
        return _unknown(question, _FEW_HELD_OUT)
    if "coverage" not in samples:
        return _unknown(question, "Needs labels, for the classifier that compares them.")
    mismatch = samples["class_cross_entropy"]
    classes = "a class never comes" if mismatch is None else f"class mismatch {mismatch:.3f} nats"
    return _graded(
        question,
        1.0 - samples["coverage"],
        0.2,
        0.5,
        f"{samples['coverage']:.0%} of held-out examples have a sample among their neighbors; "
        f"{samples['precision']:.0%} of samples look like data; {classes}.",
        "Coverage. Good: at least 80 %; fair: 50 %. In the features of a classifier trained here.",
    )


def _tells_anomalies(metrics):
    found = metrics.get("anomalies")
    if found is None:
        return None
    gain, error = found["gain"], found["gain_standard_error"]
    return _graded(
        "Does the model tell anomalies?",
        -gain,
        -2.0 * error,
        0.0,
        f"ROC-AUC {found['roc_auc']:.3f} +- {found['roc_auc_standard_error']:.3f} by the "
        f"{found['score'].replace('_', ' ')}, and {found['row_norm_roc_auc']:.3f} by the norm of "
        f"the standardized row, for which nothing is trained: the model adds {gain:+.3f} +- "
        f"{error:.3f} ({found['anomalies']:,} anomalies, {found['usual']:,} usual examples).",
        "Good: better than the norm by two standard errors; poor: worse than it.",
    )


def _trained(metrics):
    question = "Was it trained to the end?"
    history = metrics["history"]
    loss = None if history is None else history.get("val_loss") or history.get("loss")
    loss = [value for value in loss or [] if value is not None]
    if len(loss) < 10:
        return _unknown(question, "Needs the history of at least 10 epochs.")
    if not metrics["losses_compare"]:
        reason = "A weight followed a schedule or a critic learned beside the model"
        return _unknown(question, f"{reason}: losses of two epochs cannot be compared.")
    # Validation may have come every few epochs only.
    every = max(1, round(len(history.get("loss") or loss) / len(loss)))
    epochs = every * len(loss)
    kept = min(math.ceil((metrics["weights_epoch"] or epochs) / every), len(loss))
    best = every * (1 + loss.index(min(loss)))
    last = max(1, len(loss) // 10)
    total = loss[0] - min(loss)
    before, after = (sum(part) / last for part in (loss[-2 * last : -last], loss[-last:]))
    still = (before - after) / total if total > 0 and kept == len(loss) else 0.0
    kept_loss = after if kept == len(loss) else loss[kept - 1]
    risen = (kept_loss - min(loss)) / total if total > 0 else 1.0
    name = "validation loss" if "val_loss" in history else "loss"
    if kept < len(loss):
        text = f"Of {epochs} epochs the weights of epoch {every * kept} were kept; the {name} was "
        text += f"lowest at epoch {best}, {risen:.1%} below theirs."
    else:
        text = f"In the last {every * last} of {epochs} epochs the {name} fell by {still:.1%} of "
        text += f"all it fell, and is {risen:.1%} above its lowest."
        if risen > 0.02:
            text += f" The model over-fitted: epoch {best} would have been the best."
    return _graded(
        question, max(still, risen), 0.02, 0.1, text, "Good: both at most 2 %; fair: 10 %."
    )


# What is asked, and the capabilities without which a model is not asked.
_CHECKS = (
    (_trained, ()),
    (_generalizes, ("score",)),
    (_latents_used, ("encode",)),
    (_code_matters, ("encode", "likelihood")),
    (_spread, ("encode", "prior")),
    (_shape, ("encode", "prior")),
    (_inference, ("encode", "posterior")),
    (_condition_in_codes, ("encode",)),
    (_class_as_asked, ("generate",)),
    (_like_the_table, ("generate",)),
    (_reach, ("generate",)),
    (_new_samples, ("generate",)),
    (_tells_anomalies, ("score",)),
)
