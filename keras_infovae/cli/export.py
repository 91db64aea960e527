"""`keras-infovae export`."""

import os
import warnings

from keras_infovae.cli import conditions
from keras_infovae.cli import data as run_data
from keras_infovae.cli.command import Command
from keras_infovae.cli.errors import CommandLineError, reported
from keras_infovae.serving.signatures import PARTS, SIGNATURES
from keras_infovae.utils.checks import check_choice
from keras_infovae.utils.files import atomic_directory

SUFFIXES = {"litert": ".tflite", "onnx": ".onnx"}
# {format: flags that say something of no other}
_OWN_FLAGS = {
    "saved_model": (
        "version",
        "signatures",
        "warmup",
        "server_config",
        "false_positive_rate",
    ),
    "litert": ("parts", "float16"),
    "onnx": ("parts",),
}


class Export(Command):
    """Writes the model of a run as TensorFlow Serving loads it, or for phones and browsers."""

    name = "export"
    summary = "writes the model of a run for TensorFlow Serving, LiteRT or ONNX"
    description = """
The server takes and gives values in the units of the data that the run was trained on. Before the
new version appears in --output, another process loads it without Keras, and every signature is
compared with the run's model. README.md and signatures.json in the version say what to send.

--format=litert and --format=onnx write encoder, decoder and autoencoder to files that need no
TensorFlow, into a new directory, each compared with the run's model too.
"""
    examples = (
        "keras-infovae export --run=runs/first --output=serving/digits",
        "keras-infovae export --run=runs/first --output=serving/digits --version=7 --warmup",
        "keras-infovae export --run=runs/first --output=serving/digits --false_positive_rate=0.01",
        "keras-infovae export --run=runs/first --format=onnx --output=phone/digits",
    )

    def define_flags(self, flag_set):
        flag_set.text("run", "DIRECTORY", "A directory that train wrote.", required=True)
        flag_set.text(
            "output",
            "DIRECTORY",
            "The model's directory on the server; the version becomes a folder in it. For the "
            "other formats, a directory that is not there yet.",
            required=True,
        )
        flag_set.choice(
            "format",
            tuple(_OWN_FLAGS),
            "A SavedModel, .tflite files (need the extra keras-infovae[litert]) or .onnx files "
            "(need keras-infovae[onnx]).",
            default="saved_model",
        )
        flag_set.integer(
            "version", "INTEGER", "A version that is not there yet.", shown="the next one"
        )
        flag_set.text(
            "signatures",
            "NAME,...",
            f"Of {', '.join(SIGNATURES)}.",
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
        flag_set.boolean(
            "server_config",
            "Write models.config, batching_params.pbtxt and monitoring.config beside --output, for "
            "all models there.",
        )
        flag_set.text(
            "parts",
            "NAME,...",
            f"Of {', '.join(PARTS)}, for LiteRT and ONNX.",
            default="all",
            shown="all three",
        )
        flag_set.boolean("float16", "Store the weights of .tflite files in 16 bits.")

    def run(self, flags):
        _check_formats(flags)
        signatures = _chosen("signatures", flags.signatures, SIGNATURES)
        parts = _chosen("parts", flags.parts, PARTS)
        from keras_infovae.training import RunDirectory

        names = {name: name for name in self.flag_set().names()} | {"directory": "output"}
        with reported(names):
            run = RunDirectory(flags.run)
            config = run_data.config_of(run)
            model = run.load_model()
            try:
                if flags.format == "saved_model":
                    _export_for_serving(flags, model, config, signatures)
                else:
                    _export_parts(flags, model, PARTS if parts == "all" else parts)
            except RuntimeError as error:  # the exported model is not the run's
                raise CommandLineError(str(error)) from error
        classes = config.get(conditions.CLASSES)
        if classes is not None:
            from keras_infovae.evaluation.label_classes import shown

            print(
                "Input `condition` is the place of the label, from 0, in `classes` of config.json:"
            )
            print(f"  {shown(classes)}")


def _export_for_serving(flags, model, config, signatures):
    from keras_infovae.evaluation import calibrate_anomaly_threshold
    from keras_infovae.serving import export_for_serving, write_server_config

    x = condition = None
    if flags.warmup or flags.false_positive_rate is not None:
        data = run_data.load_of_run(config)
        x = getattr(data, data.held_out())
        condition = conditions.of_splits(data, config)[data.held_out()]
    if flags.false_positive_rate is not None:
        with warnings.catch_warnings():  # what too few examples promise is printed
            warnings.simplefilter("ignore", UserWarning)
            rate = flags.false_positive_rate
            threshold = calibrate_anomaly_threshold(model, x, rate, condition=condition)
        print(
            f"Anomalies score above {threshold.value:.6g}. Of usual examples at most "
            f"{threshold.expected_rate:.2g} do so on average over calibrations on "
            f"{threshold.examples:,} examples, below {threshold.rate_bound:.2g} in 95 % of these."
        )
    export_for_serving(
        model,
        flags.output,
        version=flags.version,
        signatures=signatures,
        warmup=_warmup(model, x[:8], condition) if flags.warmup else None,
        classes=config.get(conditions.CLASSES),
    )
    if flags.server_config:
        for path in write_server_config(os.path.dirname(os.path.abspath(flags.output))):
            print(f"Wrote {path}.")


def _export_parts(flags, model, parts):
    from keras_infovae.serving.portable.exporting import export_part

    with atomic_directory(flags.output) as temporary:
        differences = {}
        for part in parts:
            file = part + SUFFIXES[flags.format]
            path = os.path.join(temporary, file)
            differences[file] = export_part(model, path, part, flags.float16)
    for file, difference in differences.items():
        path = os.path.join(flags.output, file)
        print(f"Exported to {path}. The largest difference from the model is {difference:.2g}.")


def _check_formats(flags):
    own = _OWN_FLAGS[flags.format]
    for name in {name for names in _OWN_FLAGS.values() for name in names} - set(own):
        if flags[name].present:
            fitting = [form for form, names in _OWN_FLAGS.items() if name in names]
            raise CommandLineError(
                f"--{name} must not be given with --format={flags.format}: it is for "
                f"{' and '.join(fitting)}."
            )


def _chosen(flag, given, choices):
    if given == "all":
        return given
    with reported({}):
        return [check_choice(f"--{flag}", name.strip(), choices) for name in given.split(",")]


def _warmup(model, x, condition):
    raw = x if model.scaling is None else model.scaling.invert(x)
    return raw if condition is None else (raw, condition[: len(raw)])
