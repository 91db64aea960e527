"""`keras-infovae generate`."""

from keras_infovae.cli import output_path, run_flag
from keras_infovae.cli.command import Command

SUFFIXES = (".png", ".npy", ".csv", ".txt", ".parquet")


class Generate(Command):
    """Writes new examples, made by the model of a run."""

    name = "generate"
    summary = "writes new examples that the model of a run makes, as a picture or as numbers"
    description = """
What is written follows from the name of --output:

  .png   one picture with all examples in rows; for images
  .npy   a NumPy array, float32 [n, ...], in the units of the data that the run was trained on
  .csv   a table in these units, with the names of its columns; for tables. A name that
         spreadsheets would compute (=..., @...) has a ' before it, and is read without it.
         Of a .csv or .parquet file whose columns the model knows, rows of the same form:
         names, categories, dates, integers, missing values
  .parquet  the same, for such a file
  .txt   a text in each line, for a run on texts
"""
    examples = (
        "keras-infovae generate --run=runs/first --n=64 --output=samples.png",
        "keras-infovae generate --run=digits_info_vae --output=digits.png",
        "keras-infovae generate --run=runs/by_digit --condition=3 --output=threes.png",
        "keras-infovae generate --run=runs/patients --n=1000 --seed=1 --output=made_up.csv",
        "keras-infovae generate --run=runs/patients --given=sex=F,age=40 --output=women_of_40.csv",
    )

    def define_flags(self, flag_set):
        run_flag.define(flag_set)
        flag_set.path(
            "output", "FILE", "A .png, .npy, .csv, .parquet or .txt file to write.", required=True
        )
        flag_set.integer("n", "EXAMPLES", "How many.", default=16)
        flag_set.text(
            "condition",
            "CLASS",
            "The label that the examples are to have, for a run with --condition=labels. The same "
            "seed gives the same z under each.",
            shown="none; it must be given for such a run",
        )
        flag_set.text(
            "given",
            "COLUMN=VALUE,...",
            "For a run of a table whose columns the model knows: values that all rows are to have; "
            "the rest is drawn given these. The columns of train --condition are required.",
            shown="none",
        )
        flag_set.integer("seed", "INTEGER", "Same seed, same examples.", minimum=0, default=0)
        flag_set.boolean(
            "noise",
            "Draw x from p(x|z), with the noise that the likelihood models, instead of taking its "
            "mean.",
            default=None,
            shown="on for texts, and for tables but those of bounded values; their mean lacks the "
            "spread",
        )
        flag_set.boolean("overwrite", "Write --output although it is there already.")

    def check(self, flags):
        output_path.check_file(flags.output, SUFFIXES, flags.overwrite)

    def run(self, flags):
        from keras_infovae.cli.actions import generate

        return generate.run(self, flags)
