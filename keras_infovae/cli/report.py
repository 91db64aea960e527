"""`keras-infovae report`."""

import os

from keras_infovae import evaluation
from keras_infovae.cli import conditions
from keras_infovae.cli import data as run_data
from keras_infovae.cli.command import Command
from keras_infovae.cli.errors import CommandLineError, reported
from keras_infovae.training import RunDirectory


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
    )

    def define_flags(self, flag_set):
        flag_set.text("run", "DIRECTORY", "A directory that train wrote.", required=True)
        flag_set.text(
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

    def run(self, flags):
        page = os.path.join(flags.output, "report.html")
        if os.path.lexists(page) and not flags.overwrite:
            raise CommandLineError(
                "Argument `--output` must be a directory without a report, or --overwrite be set. "
                f"Received: --output={flags.output}"
            )
        with reported({name: name for name in self.flag_set().names()} | {"directory": "output"}):
            run = RunDirectory(flags.run)
            config = run_data.config_of(run)
            model = run.load_model()
            data = run_data.load_of_run(config)
            given = {"seed": flags.seed, "condition": conditions.of_splits(data, config)}
            given["anomaly_label"] = flags.anomaly_label
            history = run.history() or None
            path = evaluation.report(model, data, flags.output, history=history, **given)
        print(f"Written to {path}")
