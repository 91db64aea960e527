"""`keras-infovae calibrate`."""

from keras_infovae.cli import data_flags, score_flag
from keras_infovae.cli.command import Command


class Calibrate(Command):
    """Says from which score on an example is an anomaly to the model of a run."""

    name = "calibrate"
    summary = "sets the score from which on an example counts as an anomaly to the model of a run"
    description = """
By the scores of usual examples that the model was not trained on: of new usual examples a share of
at most --false_positive_rate is called an anomaly, on average over calibrations. The threshold is
kept in the run's model.keras, for score, for servers and for model.is_anomaly.
"""
    examples = (
        "keras-infovae calibrate --run=runs/patients",
        "keras-infovae calibrate --run=runs/patients --data=usual.csv --false_positive_rate=0.001",
    )

    def define_flags(self, flag_set):
        flag_set.path("run", "DIRECTORY", "A directory that train wrote.", required=True)
        flag_set.path(
            "data",
            "NAME|PATH",
            "Usual examples that the model was not trained on, as for train.",
            shown="the run's validation and test examples",
        )
        data_flags.define_table(
            flag_set,
            "With --data: the column that is the label and not data.",
            data_flags.AS_IN_THE_RUN,
        )
        score_flag.define(flag_set, shown="the model's own")
        flag_set.number(
            "false_positive_rate",
            "SHARE",
            "Of usual examples that are called anomalies, between 0 and 1.",
            default=0.01,
            exclusive_minimum=0,
        )

    def run(self, flags):
        from keras_infovae.cli.actions import calibrate

        return calibrate.run(self, flags)
