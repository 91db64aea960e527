"""`keras-infovae export`."""

from keras_infovae.cli import data as run_data
from keras_infovae.cli.command import Command
from keras_infovae.cli.errors import CommandLineError, reported
from keras_infovae.utils.checks import check_choice

SIGNATURES = (
    "serving_default",
    "encode",
    "decode",
    "generate",
    "score",
    "regress",
    "encode_image_bytes",
    "score_image_bytes",
)


class Export(Command):
    """Writes the model of a run as TensorFlow Serving loads it."""

    name = "export"
    summary = "writes the model of a run as a SavedModel for TensorFlow Serving"
    description = """
The server takes and gives values in the units of the data that the run was trained on. Before the
new version appears in --output, another process loads it without Keras, and every signature is
compared with the run's model. README.md and signatures.json in the version say what to send.
"""
    examples = (
        "keras-infovae export --run=runs/first --output=serving/digits",
        "keras-infovae export --run=runs/first --output=serving/digits --version=7 --warmup",
        "keras-infovae export --run=runs/first --output=serving/digits --false_positive_rate=0.01",
    )

    def define_flags(self, flag_set):
        flag_set.text("run", "DIRECTORY", "A directory that train wrote.", required=True)
        flag_set.text(
            "output",
            "DIRECTORY",
            "The model's directory on the server; the version becomes a folder in it.",
            required=True,
        )
        flag_set.integer(
            "version", "INTEGER", "A version that is not there yet.", shown="the next one"
        )
        flag_set.text(
            "signatures",
            "NAME,...",
            f"Of {', '.join(SIGNATURES)}; the last two are for images.",
            default="all",
            shown="all that the model can have",
        )
        flag_set.boolean(
            "warmup",
            "Have the server run requests, made of examples that the run was not trained on, "
            "before it takes others; needs the extra keras-infovae[serving].",
        )

        flag_set.number(
            "false_positive_rate",
            "SHARE",
            "Calibrate a threshold that this share of usual examples may lie above, on examples "
            "that the run was not trained on, and answer `anomaly` in score.",
            shown="no threshold",
            exclusive_minimum=0.0,
            maximum=0.5,
        )

    def run(self, flags):
        signatures = _signatures(flags.signatures)
        from keras_infovae.evaluation import calibrate_anomaly_threshold
        from keras_infovae.serving import export_for_serving
        from keras_infovae.training import RunDirectory

        names = {name: name for name in self.flag_set().names()} | {"directory": "output"}
        with reported(names):
            run = RunDirectory(flags.run)
            config = run_data.config_of(run)
            model = run.load_model()
            x = None
            if flags.warmup or flags.false_positive_rate is not None:
                data = run_data.load_of_run(config)
                x = getattr(data, run_data.held_out(data))
            if flags.false_positive_rate is not None:
                calibrate_anomaly_threshold(model, x, flags.false_positive_rate)
            warmup = _raw(model, x[:8]) if flags.warmup else None
            try:
                export_for_serving(
                    model,
                    flags.output,
                    version=flags.version,
                    signatures=signatures,
                    warmup=warmup,
                )
            except RuntimeError as error:  # the exported model is not the run's
                raise CommandLineError(str(error)) from error


def _signatures(given):
    if given == "all":
        return given
    with reported({}):
        return [check_choice("--signatures", name.strip(), SIGNATURES) for name in given.split(",")]


def _raw(model, x):
    return x if model.scaling is None else model.scaling.invert(x)
