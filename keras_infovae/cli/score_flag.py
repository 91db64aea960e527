"""The flag that says by which score rows are unusual."""

from keras_infovae.cli import sources


def define(flag_set, shown):
    """Adds --score to `flag_set`.

    Args:
        flag_set: a `FlagSet`.
        shown: the default, as the help page says it.
    """
    family = sources.read("keras_infovae.evaluation.anomaly_threshold", "anomaly_scores")
    flag_set.choice(
        "score",
        tuple(family.registry.members),
        "By what examples are unusual (docs/anomalies.md). One that has to know usual examples is "
        "shown those that the run was trained on.",
        shown=shown,
    )
