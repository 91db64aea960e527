"""What `keras-infovae export` does."""

import os
import warnings

import numpy as np

from keras_infovae.cli.actions import conditions, trained
from keras_infovae.cli.actions import data as run_data
from keras_infovae.cli.errors import CommandLineError, reported
from keras_infovae.cli.export import chosen
from keras_infovae.evaluation import calibrate_anomaly_threshold
from keras_infovae.evaluation.label_classes import shown
from keras_infovae.serving import export_for_serving, write_server_config
from keras_infovae.serving.signatures import PARTS, SIGNATURES
from keras_infovae.utils.files import atomic_directory

SUFFIXES = {"litert": ".tflite", "onnx": ".onnx"}


def run(command, flags):
    """Writes the model of a run for a server or for phones."""
    signatures = chosen("signatures", flags.signatures, SIGNATURES)
    parts = chosen("parts", flags.parts, PARTS)
    names = {name: name for name in command.flag_set().names()} | {"directory": "output"}
    with reported(names):
        found = trained.load(flags.run)
        model, config = found.model, found.config
        try:
            if flags.format == "saved_model":
                _export_for_serving(flags, model, config, signatures)
            else:
                _export_parts(flags, model, PARTS if parts == "all" else parts)
        except RuntimeError as error:  # the exported model is not the run's
            raise CommandLineError(str(error)) from error
    classes = config.get(conditions.CLASSES)
    if classes is not None:
        print("Input `condition` is the place of the label, from 0, in `classes` of config.json:")
        print(f"  {shown(classes)}")


def _export_for_serving(flags, model, config, signatures):
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


def _warmup(model, x, condition):
    if model.preprocessor is not None:
        raw = model.preprocessor.raw(np.nan_to_num(x))  # where missing, x says so elsewhere
    else:
        raw = x if model.scaling is None else model.scaling.invert(x)
    return raw if condition is None else (raw, condition[: len(raw)])
