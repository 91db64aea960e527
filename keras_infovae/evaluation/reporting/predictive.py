"""What a report says of replicas of a table: where statistics of the data lie among theirs."""

import math

from keras_infovae.evaluation.plots import views
from keras_infovae.evaluation.predictive_checks import posterior_predictive_checks

_MOST_EXAMPLES = 300
_REPLICAS = 99
_SHOWN = 12


def predictive_checks(measured, feature_names):
    """Returns {statistic: its numbers} of a `Measured`, those far out first; None but for tables.

    None is a statistic's number that is not defined.
    """
    model = measured.model
    if "generate" not in model.capabilities or not is_table(model, feature_names):
        return None
    few = measured.some(_MOST_EXAMPLES)
    checks = posterior_predictive_checks(
        model,
        few.x,
        num_replicas=_REPLICAS,
        seed=few.seed,
        feature_names=feature_names,
        **few.given,
    )
    checks = checks.sort_values("tail_probability", kind="stable")
    return {
        str(name): {key: float(v) if math.isfinite(v) else None for key, v in row.items()}
        for name, row in checks.iterrows()
    }


def is_table(model, feature_names):
    """Returns whether the examples of a model are the rows of a table."""
    return views.view(model.event_shape, feature_names) == views.TABLE


def shown(checks):
    """Returns {statistic: text} of those that lie farthest out, with a line on all of them."""
    known = {name: row for name, row in checks.items() if row["tail_probability"] is not None}
    if not known:
        return {}
    beyond = sum(row["tail_probability"] <= 0.05 for row in known.values())
    lines = {
        f"{beyond} of {len(known)} statistics": "beyond 95 % of the replicas",
    }
    for name, row in list(known.items())[:_SHOWN]:
        lines[name] = (
            f"{row['data']:.4g}; replicas {row['low']:.4g} to {row['high']:.4g}; "
            f"tail {row['tail_probability']:.2f}"
        )
    return lines
