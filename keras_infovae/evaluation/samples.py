"""All that is measured of a model's samples, by the eyes of one classifier."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras_infovae.datasets.dataset import Dataset
from keras_infovae.evaluation.class_distribution import class_distribution_mismatch
from keras_infovae.evaluation.classifier import Classifier
from keras_infovae.evaluation.conditions import class_names_of, conditions_of, draw
from keras_infovae.evaluation.examples import new_examples, without_gaps
from keras_infovae.evaluation.sample_metrics import (
    frechet_distance,
    memorization,
    precision_recall,
)
from keras_infovae.evaluation.texts import check_is_of_numbers
from keras_infovae.typing import Condition, Model, Numbers
from keras_infovae.utils.checks import check_integer


def sample_quality(
    model: Model,
    data: Dataset,
    *,
    count: int = 2000,
    neighbors: int = 5,
    classifier: Any = None,
    seed: int = 0,
    batch_size: int = 256,
    condition: Condition = None,
) -> Numbers:
    """Returns how good samples are, measured against held-out data.

    A classifier is trained on the training split; samples and data are compared in its features
    (128 units before the logits), and, for memorization, in x itself.

    Args:
        model: a trained model; samples are `model.generate(count, seed=seed)`. One
            that takes a condition is given those of training examples, drawn by `seed`.
        data: a `datasets.Dataset` with labels; the test split is compared with, or the validation
            split where it is empty.
        count: samples, at least 20. Default 2,000, the paper's.
        neighbors: of precision and recall. Default 5.
        classifier: a trained `Classifier`, to judge several models by the same one. Default None:
            trained here.
        seed: integer. Default 0.
        batch_size: samples made at a time; it does not change the result. Default 256.
        condition: where the model takes a condition: "labels", for the labels of each split, or a
            dictionary {split: one row (or label) per example}. Default None.

    Returns:
        A dictionary of floats: `class_cross_entropy`, `class_l1`, `class_l2` (against the classes'
        shares in the training split), `precision`, `recall`, `density`, `coverage`,
        `frechet_distance`, the same of the training split as `frechet_distance_of_data` (what as
        many real examples score), `memorization`, `memorization_z_score`, `classifier_accuracy`.
        Where the condition is the label, `class_agreement` too: the share of samples that the
        classifier takes for the class that they were asked for. Of data it is right about a share
        of `classifier_accuracy`.

    Raises:
        ValueError, TypeError: for data without labels, too few examples, or a condition that the
            model does not take.

    References:
        Zhao, Song, Ermon, InfoVAE, arXiv:1706.02262, section 5.3; see also the functions that
        this one calls.
    """
    count = check_integer("count", count, minimum=20)
    model.capabilities.require("generate", "The quality of samples")
    check_is_of_numbers(model, "sample_quality, which goes by distances")
    labels = data.train_labels
    if labels is None:
        raise ValueError("Argument `data` must have labels. Received: a dataset without labels")
    split = data.held_out(least=20)
    if split == "train":
        raise ValueError(
            "Argument `data` must have at least 20 test or validation examples. "
            f"Received: {len(data.test)} and {len(data.validation)}"
        )
    train = without_gaps(data.train)
    held_out = without_gaps(getattr(data, split), data.train)
    conditions = conditions_of(model, data, condition)
    if classifier is None:
        classifier = Classifier(train, labels, seed=seed)
    given = {"condition": draw(conditions["train"], count, seed), "batch_size": batch_size}
    samples = without_gaps(new_examples(model, count, seed=seed, **given), data.train)
    predicted = classifier.predict(samples)
    agreement = {}
    if class_names_of(model, data, conditions):
        asked = draw(labels, count, seed)  # of the same examples as the conditions
        agreement["class_agreement"] = float(np.mean(predicted == asked))
    shares = np.array([np.mean(np.asarray(labels) == one) for one in classifier.classes])
    mismatch = class_distribution_mismatch(classifier.classes, predicted, shares)
    real, generated = classifier.features(held_out), classifier.features(samples)
    some = np.random.default_rng(seed).permutation(len(train))[: len(samples)]
    copied = memorization(samples, train, held_out)
    return {
        **{f"class_{name}": value for name, value in mismatch.items()},
        **agreement,
        **precision_recall(real, generated, neighbors),
        "frechet_distance": frechet_distance(real, generated),
        "frechet_distance_of_data": frechet_distance(real, classifier.features(train[some])),
        "memorization": copied["probability"],
        "memorization_z_score": copied["z_score"],
        "classifier_accuracy": classifier.accuracy,
    }
