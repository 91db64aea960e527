"""The score that --score names."""

from keras_infovae import anomaly_scores, evaluation
from keras_infovae.cli.actions import conditions, run_config
from keras_infovae.cli.actions import data as run_data
from keras_infovae.utils.checks import argument_error


def chosen(name, model, config, data=None):
    """Returns the `AnomalyScore` of that name for the model of a run; None for None.

    One that has to know usual examples is that of the model's threshold, if it is of that name, and
    else is shown the examples that the run was trained on (of a stream, a sample of these).

    Args:
        name: of a score, or None.
        model: the run's.
        config: the run's config.
        data: the run's data, where they have been read; None reads them where they are needed.

    Raises:
        ValueError: for a score that is not defined for the model, and for a preset whose training
            examples would be needed.
    """
    if name is None:
        return None
    score = anomaly_scores.chosen_score(model, name)
    score.check(model)
    if score.is_fitted:
        return score
    if run_config.of_preset(config):
        needs_none = "one that has to know no usual examples: a preset comes without its data"
        raise argument_error("score", needs_none, name)
    if data is None:
        data = run_data.load_of_run(config)
    condition = conditions.of_splits(data, config, ("train",))["train"]
    return evaluation.fit_anomaly_score(model, data.train, score, condition=condition)
