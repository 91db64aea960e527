"""`keras-infovae report`."""

import os

from keras_infovae.cli import output_path, run_flag
from keras_infovae.cli.command import Command
from keras_infovae.cli.errors import CommandLineError


class Report(Command):
    """Writes a page on the model of a run."""

    name = "report"
    summary = "writes one page on the model of a run: what it is, whether it is healthy, pictures"
    description = """
The page, report.html, needs no network and no other file; metrics.json beside it has the same
numbers. Each diagnosis says its number and the rule that it is judged by. All is measured on
examples that the run was not trained on.
"""
    examples = (
        "keras-infovae report --run=runs/first --output=reports/first",
        "keras-infovae report --run=runs/first --output=reports/first --seed=1 --overwrite",
        "keras-infovae report --run=runs/tumors --output=reports/tumors --anomaly_label=0",
        "keras-infovae report --run=digits_vae --data=digits --output=reports/preset",
    )

    def define_flags(self, flag_set):
        run_flag.define(flag_set, preset_needs=" A preset needs --data.")
        flag_set.path(
            "data",
            "NAME|PATH",
            "For a preset: its data, as for train; a tenth, drawn by seed 0, is measured.",
            shown="the run's own",
        )
        flag_set.path(
            "output", "DIRECTORY", "Where to write the two files; not in a run.", required=True
        )
        flag_set.text(
            "anomaly_label",
            "LABEL",
            "The label of the examples that are anomalies: say how well the model tells them.",
            shown="none",
        )
        flag_set.integer("seed", "INTEGER", "Of all that is drawn.", minimum=0, default=0)
        flag_set.boolean("overwrite", "Write although the page is there already.")

    def check(self, flags):
        output_path.check_directory(flags.output)
        page = os.path.join(flags.output, "report.html")
        if os.path.lexists(page) and not flags.overwrite:
            raise CommandLineError(
                "Argument `--output` must be a directory without a report, or --overwrite be set. "
                f"Received: --output={flags.output}"
            )

    def run(self, flags):
        from keras_infovae.cli.actions import report

        return report.run(self, flags)
