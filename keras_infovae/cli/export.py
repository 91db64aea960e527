"""`keras-infovae export`."""

from keras_infovae.cli import output_path, register, run_flag
from keras_infovae.cli.command import Command
from keras_infovae.cli.errors import CommandLineError, reported
from keras_infovae.utils.checks import check_choice

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
        needs = " For --warmup and --false_positive_rate, a directory."
        run_flag.define(flag_set, preset_needs=needs)
        flag_set.path(
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
            f"Of {', '.join(register.signatures())}.",
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
            f"Of {', '.join(register.parts())}, for LiteRT and ONNX.",
            default="all",
            shown="all three",
        )
        flag_set.boolean("float16", "Store the weights of .tflite files in 16 bits.")

    def check(self, flags):
        output_path.check_directory(flags.output)
        _check_formats(flags)
        chosen("signatures", flags.signatures, register.signatures())
        chosen("parts", flags.parts, register.parts())

    def run(self, flags):
        from keras_infovae.cli.actions import export

        return export.run(self, flags)


def _check_formats(flags):
    own = _OWN_FLAGS[flags.format]
    for name in {name for names in _OWN_FLAGS.values() for name in names} - set(own):
        if flags[name].present:
            fitting = [form for form, names in _OWN_FLAGS.items() if name in names]
            raise CommandLineError(
                f"--{name} must not be given with --format={flags.format}: it is for "
                f"{' and '.join(fitting)}."
            )


def chosen(flag, given, choices):
    """Returns what a flag with the value `given` chooses of `choices`: "all", or a list of names.

    Raises:
        CommandLineError: for an unknown name.
    """
    if given == "all":
        return given
    with reported({}):
        return [check_choice(f"--{flag}", name.strip(), choices) for name in given.split(",")]
