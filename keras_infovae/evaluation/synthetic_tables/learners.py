"""What a learner makes of synthetic rows: whether it tells them, and what it learns of them."""

import math

import numpy as np

from keras_infovae.evaluation.synthetic_tables.values import as_matrix
from keras_infovae.utils.randomness import scikit_seed, some_rows

USES = (
    "target_measure",
    "train_on_synthetic",
    "train_on_real",
    "difference",
    "difference_standard_error",
)
_FOLDS = 5
_MOST_ROWS = 5000  # of each table, for the detector
_LEAF = 3  # rows, at least, in a leaf of a tree


def detection(real, synthetic, seed):
    """Returns how well a classifier tells synthetic from real rows that it has not seen.

    Args:
        real, synthetic: {column: `Values`}, at least ten rows.
        seed: integer, for the rows (as many of each, at most 5,000), folds and trees.

    Returns:
        {"detection_auc", "detection_auc_standard_error"}: the mean ROC-AUC over five folds, 0.5
        where it cannot tell, and its standard error over them.
    """
    from sklearn import metrics, model_selection

    parts = [_inputs(table, real) for table in (real, synthetic)]
    count = min(*map(len, parts), _MOST_ROWS)
    x = np.concatenate([part[some_rows(len(part), count, seed)] for part in parts])
    is_synthetic = np.repeat([0, 1], count)
    folds = model_selection.StratifiedKFold(_FOLDS, shuffle=True, random_state=scikit_seed(seed))
    areas = []
    for fitted, tested in folds.split(x, is_synthetic):
        model = _forest(True, seed).fit(x[fitted], is_synthetic[fitted])
        scores = model.predict_proba(x[tested])[:, 1]
        areas.append(metrics.roc_auc_score(is_synthetic[tested], scores))
    error = np.std(areas, ddof=1) / math.sqrt(_FOLDS)
    return {"detection_auc": float(np.mean(areas)), "detection_auc_standard_error": float(error)}


def usefulness(real, synthetic, held_out, target, seed):
    """Returns how well one learns to predict a column from synthetic rows, tested on real ones.

    Args:
        real, synthetic, held_out: {column: `Values`}.
        target: the name of the column. Rows in which it is missing do not count.
        seed: integer, for the trees.

    Returns:
        A dictionary of `USES`: the measure, "accuracy" for a category and "R2" for a number; what
        it is on the held-out rows, for either; the first less the second; and the error of that
        over their draw.
    """
    is_number = real[target].is_number
    x, y = _without(held_out, target, real)
    losses = []  # of each held-out row, once for each table that was learned from
    for table in (synthetic, real):
        predicted = _predicted(*_without(table, target, real), x, is_number, seed)
        losses.append((y - predicted) ** 2 if is_number else (y != predicted).astype("float64"))
    scale = float(np.var(y)) if is_number else 1.0
    scores = [1.0 - float(np.mean(loss)) / scale for loss in losses]
    error = np.std(losses[0] - losses[1], ddof=1) / scale / math.sqrt(len(y))
    measure, difference = "R2" if is_number else "accuracy", scores[0] - scores[1]
    return dict(zip(USES, (measure, *scores, difference, float(error)), strict=True))


def _predicted(known_x, known_y, x, is_number, seed):
    """Returns the target of rows `x`, learned from known rows; what it always is where it is."""
    if np.ptp(known_y) == 0:
        return np.full(len(x), known_y[0])
    model = _forest(not is_number, seed)
    return model.fit(known_x, known_y).predict(x)


def _without(table, target, real):
    """Returns (the other columns, the target) of the rows in which the target is known."""
    known = table[target].is_known
    rest = {name: column for name, column in table.items() if name != target}
    return _inputs(rest, real)[known], table[target].values[known]


def _inputs(table, real):
    """Returns what forests take of a table, float64 [n, columns].

    They make float32 of it, which does not tell seconds since 1970 apart: numbers are less the mean
    of the real table, and over its deviation.
    """
    return as_matrix({name: column.standardized_as(real[name]) for name, column in table.items()})


def _forest(classify, seed):
    """Returns a learner that takes numbers, places of categories, and missing values.

    A random forest: boosted trees tell a little more, and took 5 to 20 times as long.
    """
    from sklearn import ensemble

    make = ensemble.RandomForestClassifier if classify else ensemble.RandomForestRegressor
    return make(min_samples_leaf=_LEAF, random_state=scikit_seed(seed))
