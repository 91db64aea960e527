"""What stands beside an exported model: `signatures.json` and a README."""

import os

import tensorflow as tf

from keras_infovae.evaluation.label_classes import shown
from keras_infovae.serving.served_model import may_be_missing
from keras_infovae.utils.files import whole_file, write_json
from keras_infovae.version import __version__


def describe(served, signatures, traced, differences, limit, classes=None):
    """Returns what `signatures.json` says.

    Args:
        served: the `ServedModel`.
        signatures: that it has.
        traced: {signature: Traced}.
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
        "preprocessor": served.preprocessor and served.preprocessor.as_config(),
        "raw_example": served.preprocessor
        and _specs(served.raw_specs, _parts_with_missing_values(served)),
        "classes": classes,
        "anomaly_threshold": model.anomaly_threshold and model.anomaly_threshold.summary(),
        "parity": {"tolerance": limit, "largest_difference": differences},
        "signatures": {
            signature.name: {
                "about": signature.about,
                **_sides(signature, traced[signature.name], served),
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


def _sides(signature, traced, served):
    """Returns {"inputs", "outputs"} of a signature."""
    parts = _parts_with_missing_values(served)
    given = parts if signature.gives_examples else ()
    return {"inputs": _specs(traced.inputs, parts), "outputs": _specs(traced.outputs, given)}


def _parts_with_missing_values(served):
    preprocessor = served.preprocessor
    return served.raw_specs if preprocessor is not None and preprocessor.has_missing_values else ()


def _specs(tensors, parts):
    """Returns the types of tensors, and whether a value of a raw example may be missing in them."""
    specs = {}
    for name, tensor in sorted(tensors.items()):
        specs[name] = {"dtype": tensor.dtype.name, "shape": [-1, *tensor.shape[1:]]}
        if name in parts and may_be_missing(tensor.dtype):
            specs[name]["missing"] = True
    return specs


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
        f"{_raw_form(description)} A request with values that the model cannot describe is "
        "answered with an error.",
        "",
        "| signature | inputs | outputs | gives |",
        "|---|---|---|---|",
    ]
    for name, signature in description["signatures"].items():
        example = description["raw_example"] or {}
        inputs, outputs = (_cell(signature[side], example) for side in ("inputs", "outputs"))
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


def _raw_form(description):
    if description["preprocessor"] is None:
        scaling = _short(description["scaling"])
        return f"Raw values come in and go out, none of them NaN or Inf; scaling: {scaling}."
    example = description["raw_example"]
    said = [f"Raw examples come in and go out, each part by its name: {_cell(example)}."]
    if any(spec["dtype"] == "float64" for spec in example.values()):
        said.append("Whole numbers come out as int64 where none can be missing.")
    if any("missing" in spec for spec in example.values()):
        said.append("NaN, and of text the empty one, is a missing value.")
    said.append("`preprocessor` in signatures.json says what the parts are.")
    return " ".join(said)


def _short(scaling):
    """Returns a scaling in words; a long one (a number per column) is in signatures.json."""
    if isinstance(scaling, dict):
        if any(isinstance(value, list) for value in scaling.values()):
            return "x = (raw - offset) / scale for each column, in signatures.json"
        return f"x = (raw - {scaling['offset']:g}) / {scaling['scale']:g}"
    return scaling or "none"


def _cell(specs, example=()):
    """Returns the names and types of tensors, those of a raw example's parts in a word."""
    listed = {name: spec for name, spec in specs.items() if name not in example}
    cell = ", ".join(f"`{name}` {spec['dtype']} {spec['shape']}" for name, spec in listed.items())
    if len(listed) < len(specs):
        cell = f"a raw example, {cell}" if cell else "a raw example"
    return cell.replace("|", "\\|")
