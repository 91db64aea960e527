"""`keras-infovae score`."""

from keras_infovae.cli import data_flags, output_path, run_flag, score_flag
from keras_infovae.cli.command import Command


class Score(Command):
    """Says how unusual rows are to the model of a run."""

    name = "score"
    summary = "says how unusual each row of a table, or each example, is to the model of a run"
    description = """
Writes a .csv file with a line for each example, in their order: the number of the row, what the
model leaves out (identifiers), the score, which is the larger the more unusual the row is, and for
a model that was calibrated by the same score whether it is an anomaly. For tables the columns that
say most follow: those without which the ELBO would rise furthest, with their values.
"""
    examples = (
        "keras-infovae score --run=runs/patients --data=new.csv --output=scores.csv",
        "keras-infovae score --run=runs/digits --data=new.npz --output=scores.csv",
        "keras-infovae score --run=runs/patients --data=new.csv --output=scores.csv "
        "--score=mahalanobis",
    )

    def define_flags(self, flag_set):
        run_flag.define(flag_set)
        flag_set.path("data", "NAME|PATH", "The examples, as for train.", required=True)
        data_flags.define_table(
            flag_set,
            "The column that is the label and not data.",
            data_flags.AS_IN_THE_RUN,
        )
        score_flag.define(flag_set, shown="that of calibrate, else the model's own")
        flag_set.path("output", "FILE.csv", "Where to write.", required=True)
        flag_set.integer(
            "reasons", "COLUMNS", "How many columns to name for each row of a table.", 0, default=3
        )
        flag_set.boolean("overwrite", "Write --output although it is there already.")

    def check(self, flags):
        output_path.check_file(flags.output, (".csv",), flags.overwrite)

    def run(self, flags):
        from keras_infovae.cli.actions import score

        return score.run(self, flags)
