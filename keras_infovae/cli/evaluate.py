"""`keras-infovae evaluate`."""

from keras_infovae.cli import data_flags, output_path, run_flag
from keras_infovae.cli.command import Command
from keras_infovae.cli.errors import CommandLineError
from keras_infovae.utils.splits import SPLITS


class Evaluate(Command):
    """Says how good the model of a run is."""

    name = "evaluate"
    summary = "says how good the model of a run is on examples that it was not trained on"
    description = """
Without --data, the run's own data is loaded and split again exactly as it was for the training, and
the numbers are those on its test examples. With --data, they are those on other examples, scaled as
the run's were. Where the run's model is told the labels, so it is here.

Losses and bounds are in nats per example. The table says of each number what is good.
"""
    examples = (
        "keras-infovae evaluate --run=runs/first",
        "keras-infovae evaluate --run=runs/first --split=train",
        "keras-infovae evaluate --run=runs/mine --data=new.npz --output=new.json",
        "keras-infovae evaluate --run=runs/first --likelihood=annealed_importance",
    )

    def define_flags(self, flag_set):
        run_flag.define(flag_set, preset_needs=" A preset needs --data.")
        flag_set.path("data", "NAME|PATH", "Other examples, as for train.", shown="the run's own")
        data_flags.define_table(
            flag_set,
            "With --data: the column that is the label and not data.",
            data_flags.AS_IN_THE_RUN,
        )
        flag_set.choice(
            "split",
            (*SPLITS, "all"),
            "Which examples; of --data, the splits are made as the run's were.",
            shown="test; with --data, all",
        )
        flag_set.integer(
            "num_samples",
            "DRAWS",
            "Of z per example, for the importance-weighted bound: more are tighter.",
            default=128,
        )
        flag_set.choice(
            "likelihood",
            ("importance", "annealed_importance", "exact"),
            "Estimate log p(x) too, by that method: 5,000 draws; or, without relying on the "
            "encoder, 16 chains over 500 temperatures, which takes minutes; or exactly, for normal "
            "likelihoods of one or two latents with a decoder of (leaky) ReLU layers.",
            shown="none",
        )
        flag_set.integer("seed", "INTEGER", "Of the draws of z.", minimum=0, shown="the run's")
        flag_set.path("output", "FILE.json", "Write the numbers there too.", shown="none")
        flag_set.boolean("overwrite", "Write --output although it is there already.")

    def check(self, flags):
        if flags.output is not None:
            output_path.check_file(flags.output, (".json",), flags.overwrite)
        for name, value in data_flags.table_settings(flags).items():
            if flags.data is None:
                raise CommandLineError(
                    f"Argument `--{name}` must be left out without --data. "
                    f"Received: --{name}={value}"
                )

    def run(self, flags):
        from keras_infovae.cli.actions import evaluate

        return evaluate.run(self, flags)
