"""What a report says of anomalies: the model's threshold, and how well its score tells them."""

import numpy as np

from keras_infovae.evaluation.anomaly_report import anomaly_report
from keras_infovae.utils.checks import argument_error


def threshold(held_out):
    """Returns the model's threshold and the share of a `Measured` above it; None without one."""
    model = held_out.model
    if model.anomaly_threshold is None:
        return None
    flagged = float(np.mean(model.is_anomaly(held_out.x, **held_out.given)))
    return model.anomaly_threshold.summary() | {"flagged_of_held_out": flagged}


def check_anomaly_label(data, label):
    """Raises ValueError where not some, and not all, of the measured examples have the label."""
    split = data.held_out()
    if label is None:
        return
    if getattr(data, f"{split}_labels") is None:
        raise argument_error("anomaly_label", "None for data without labels", label)
    unusual = _are_anomalies(data, split, label)
    if unusual.all() or not unusual.any():
        known = sorted(map(str, np.unique(getattr(data, f"{split}_labels"))[:12]))
        raise argument_error(
            "anomaly_label",
            f"the label of some of the {split} examples and not of all; there are "
            f"{', '.join(known)}",
            label,
        )


def _are_anomalies(data, split, label):
    """Returns which examples have the label, bool; by its text, which a command line gives."""
    labels = np.asarray(getattr(data, f"{split}_labels"))
    return np.array([str(each) == str(label) for each in labels.tolist()])


def anomalies(held_out, data, label):
    """Returns what `anomaly_report` says of the examples with the label; None without one."""
    if label is None or "score" not in held_out.model.capabilities:
        return None
    unusual = _are_anomalies(data, data.held_out(), label)
    found = anomaly_report(held_out.model, held_out.x, unusual, data.train, **held_out.given)
    return {"anomaly_label": str(label)} | found
