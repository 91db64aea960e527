"""What `keras-infovae score` does."""

import numpy as np

from keras_infovae import evaluation
from keras_infovae.cli import data_flags
from keras_infovae.cli.actions import anomaly_score, conditions, rows, trained
from keras_infovae.cli.errors import reported
from keras_infovae.tables.frames import beside
from keras_infovae.tables.schema import schema_of
from keras_infovae.utils.files import whole_file


def run(command, flags):
    """Writes the score of each example."""
    import pandas

    names = {name: name for name in command.flag_set().names()} | data_flags.NAMES
    given = data_flags.table_settings(flags)
    with reported(names):
        found = trained.load(flags.run)
        model, config = found.model, found.config
        model.capabilities.require("score")
        data, frame = rows.in_order(flags.data, config, model, given)
        condition = conditions.of_splits(data, config, ("train",))["train"]
        score = anomaly_score.chosen(flags.score, model, config)
    scores = model.score(data.train, score, condition=condition)
    threshold = model.anomaly_threshold
    if score is not None and threshold is not None and threshold.score != score:
        threshold = None  # of another score
    result = pandas.DataFrame(index=np.arange(len(scores)))
    if frame is not None:
        left_out = [name for name, _ in schema_of(model).left_out if name in frame]
        result = frame[left_out].reset_index(drop=True)
    result = beside(result, "row", np.arange(len(scores)), place=0)
    result = beside(result, "score", scores)
    if threshold is not None:
        result = beside(result, "is_anomaly", scores > threshold.value)
    asked, known = frame is not None and flags.reasons, model.example_spec.values.accepts_missing
    if asked and known:
        drops = evaluation.score_drops(model, data.train, score, condition=condition)
        unit = "nats" if score is None else score.unit
        for name, values in reasons(drops, frame, flags.reasons, unit).items():
            result = beside(result, name, values)
    with whole_file(flags.output) as temporary:
        rows.write_frame(temporary, result)
    rows.print_notes(data)
    if asked and not known:
        print("note: no reasons are given: the model's likelihood takes no missing values")
    print(
        f"Wrote the scores of {len(scores)} examples to {flags.output}{_said(threshold, scores)}."
    )


def reasons(drops, frame, count, unit):
    """Returns {column of the output: texts [n]}: for each row the columns that say most.

    Args:
        drops: what `evaluation.score_drops` gives.
        frame: the raw rows.
        count: how many columns to name; those without which the score would not fall are not.
        unit: that of the score.
    """
    order = np.argsort(-drops.to_numpy(), axis=1, kind="stable")[:, :count]
    texts = {f"reason_{rank + 1}": [] for rank in range(order.shape[1])}
    for row, chosen in enumerate(order):
        for rank, column in enumerate(chosen):
            name, drop = drops.columns[column], drops.iat[row, column]
            by = f"{drop:.1f} {unit}".rstrip()
            text = f"{name} = {frame[name].iat[row]} ({by})" if drop > 0 else ""
            texts[f"reason_{rank + 1}"].append(text)
    return texts


def _said(threshold, scores):
    if threshold is None:
        return "; `keras-infovae calibrate` says from which on they are anomalies"
    above = int((scores > threshold.value).sum())
    return f"; {above} are anomalies, above {threshold.value:.4g}"
