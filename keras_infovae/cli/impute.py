"""`keras-infovae impute`."""

from keras_infovae.cli import data_flags, output_path, run_flag
from keras_infovae.cli.command import Command

SUFFIXES = (".csv", ".parquet")


class Impute(Command):
    """Fills in the missing values of a table."""

    name = "impute"
    summary = "fills in the missing values of a table, from what the model of a run knows"
    description = """
Writes the table without missing values in the columns that the model knows: by the mean of what is
missing given the rest of its row (of numbers in the unit of their column, of categories the
likeliest), or with --draws as many tables below each other, whose column "draw" tells them apart,
and which say how sure a value is.
"""
    examples = (
        "keras-infovae impute --run=runs/patients --data=holes.csv --output=filled.csv",
        "keras-infovae impute --run=runs/patients --data=holes.csv --draws=5 --output=five.parquet",
    )

    def define_flags(self, flag_set):
        run_flag.define(flag_set, of=", of a table")
        flag_set.path("data", "PATH", "A .csv, .tsv or .parquet file.", required=True)
        data_flags.define_table(
            flag_set,
            "The column that is the label and not data.",
            data_flags.AS_IN_THE_RUN,
        )
        flag_set.path("output", "FILE", "A .csv or .parquet file to write.", required=True)
        flag_set.integer("draws", "DRAWS", "Of what is missing.", shown="none: its mean")
        flag_set.integer("seed", "INTEGER", "Same seed, same values.", minimum=0, default=0)
        flag_set.boolean("overwrite", "Write --output although it is there already.")

    def check(self, flags):
        output_path.check_file(flags.output, SUFFIXES, flags.overwrite)

    def run(self, flags):
        from keras_infovae.cli.actions import impute

        return impute.run(self, flags)
