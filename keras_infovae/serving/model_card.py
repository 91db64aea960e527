"""What stands beside an exported model: `signatures.json` and a README."""

import os

import tensorflow as tf

from keras_infovae.evaluation.label_classes import shown
from keras_infovae.utils.files import whole_file, write_json
from keras_infovae.version import __version__


def describe(served, signatures, traced, differences, limit, classes=None):
    """Returns what `signatures.json` says.

    Args:
        served: the `ServedModel`.
        signatures: that it has.
        traced: {signature: concrete function}.
        differences: {signature: the largest difference from the Keras model}.
        limit: the largest that was allowed.
        classes: their labels, or None.
    """
    model = served.model
    return {
        "keras_infovae": __version__,
        "tensorflow": tf.__version__,
        "model": type(model).__name__,
        "latent_dim": getattr(model, "latent_dim", None),
        "event_shape": list(model.event_shape),
        "scaling": _scaling(served),
        "classes": classes,
        "anomaly_threshold": model.anomaly_threshold and model.anomaly_threshold.summary(),
        "parity": {"tolerance": limit, "largest_difference": differences},
        "signatures": {
            signature.name: {
                "about": signature.about,
                "inputs": _specs(traced[signature.name].structured_input_signature[1]),
                "outputs": _specs(traced[signature.name].structured_outputs),
            }
            for signature in signatures
        },
    }


def write(directory, description):
    """Writes `signatures.json` and `README.md` to the version's directory."""
    write_json(os.path.join(directory, "signatures.json"), description)
    path = os.path.join(directory, "README.md")
    with whole_file(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        file.write(_readme(description))


def _scaling(served):
    if served.preprocessing is not None:
        return "own preprocessing; outputs are in the units of the model's x"
    if served.scaling is None:
        return None
    return {"offset": served.scaling.offset, "scale": served.scaling.scale}


def _specs(tensors):
    return {
        name: {"dtype": tensor.dtype.name, "shape": [-1, *tensor.shape[1:]]}
        for name, tensor in sorted(tensors.items())
    }


def _readme(description):
    parity, latent_dim = description["parity"], description["latent_dim"]
    codes = "" if latent_dim is None else f"z has {latent_dim} dimensions. "
    lines = [
        f"# {description['model']}, exported for TensorFlow Serving",
        "",
        f"Written by keras-infovae {description['keras_infovae']} with TensorFlow "
        f"{description['tensorflow']}. {codes}An example has the shape "
        f"{description['event_shape']}.",
        "",
        f"Raw values come in and go out; scaling: {_short(description['scaling'])}. A request with "
        "NaN, Inf or values that the model cannot describe is answered with an error.",
        "",
        "| signature | inputs | outputs | gives |",
        "|---|---|---|---|",
    ]
    for name, signature in description["signatures"].items():
        inputs, outputs = (_cell(signature[side]) for side in ("inputs", "outputs"))
        about = signature["about"].replace("|", "\\|")  # which would end the cell
        lines.append(f"| `{name}` | {inputs} | {outputs} | {about} |")
    if description["anomaly_threshold"] is not None:
        lines += [
            "",
            "`anomaly` is true where `{score}` is above {value:.6g}, calibrated on {calibrated_on} "
            "usual examples for a false-positive rate of {false_positive_rate:g}: on average over "
            "such calibrations it is at most {expected_false_positive_rate:.2g}, and that of this "
            "one below {false_positive_rate_95_percent_bound:.2g} with 95 % confidence.".format(
                **description["anomaly_threshold"]
            ),
        ]
    if description["classes"] is not None:
        listed = shown(description["classes"])
        lines += ["", f"`condition` is a place, from 0, in `classes` of signatures.json: {listed}."]
    worst = max(parity["largest_difference"].values())
    lines += [
        "",
        "-1 is the batch: any number of rows. A seed is an integer of at least 0 per row: row i of "
        "a call of the model with seed s has s * 2**32 + i.",
        "",
        f"Checked at export: every signature, in batches of 1, 3 and 64 rows, differs from the "
        f"Keras model by at most {worst:.2g} (allowed: {parity['tolerance']:.2g}).",
        "",
    ]
    return "\n".join(lines)


def _short(scaling):
    """Returns a scaling in words; a long one (a number per column) is in signatures.json."""
    if isinstance(scaling, dict):
        if any(isinstance(value, list) for value in scaling.values()):
            return "x = (raw - offset) / scale for each column, in signatures.json"
        return f"x = (raw - {scaling['offset']:g}) / {scaling['scale']:g}"
    return scaling or "none"


def _cell(specs):
    return ", ".join(f"`{name}` {spec['dtype']} {spec['shape']}" for name, spec in specs.items())
