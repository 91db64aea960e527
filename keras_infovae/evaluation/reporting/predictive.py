"""What a report says of replicas of a table: where statistics of the data lie among theirs."""

import math

from keras_infovae.evaluation.predictive_checks import posterior_predictive_checks
from keras_infovae.tables.schema import schema_of

_MOST_EXAMPLES = 300
_REPLICAS = 99
_SHOWN = 12


def predictive_checks(measured, feature_names):
    """Returns {statistic: its numbers} of a `Measured`, those far out first.

    None where the columns have no names; a number is None where it is not defined.
    """
    model = measured.model
    is_table = feature_names is not None or schema_of(model) is not None
    if "generate" not in model.capabilities or not is_table:
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
