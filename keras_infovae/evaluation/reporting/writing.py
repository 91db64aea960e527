"""`report`: one page on a trained model, and its numbers."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from typing import Any

from keras_infovae import anomaly_scores
from keras_infovae.datasets.dataset import Dataset
from keras_infovae.evaluation import plots, texts
from keras_infovae.evaluation.conditions import class_names_of, conditions_of
from keras_infovae.evaluation.plots.embedding import available_methods
from keras_infovae.evaluation.reporting import page
from keras_infovae.evaluation.reporting.anomalies import check_anomaly_label
from keras_infovae.evaluation.reporting.diagnoses import diagnose
from keras_infovae.evaluation.reporting.measurements import measure
from keras_infovae.evaluation.reporting.predictive import shown
from keras_infovae.evaluation.texts import is_of_texts
from keras_infovae.typing import Condition, Model, Path
from keras_infovae.utils.checks import argument_error, check_integer
from keras_infovae.utils.files import whole_file, write_json

_LABEL_USE = {
    "labels": "What codes tell of the labels",
    "condition": "What draws of z tell of the condition (ideally nothing)",
}
_NUMBERS = ("latent_dim", "kl_weight", "divergence_weight")
PAGE, NUMBERS = "report.html", "metrics.json"


def report(
    model: Model,
    data: Dataset,
    directory: Path,
    *,
    history: Any = None,
    weights_epoch: int | None = None,
    seed: int = 0,
    batch_size: int = 256,
    condition: Condition = None,
    anomaly_label: str | int | None = None,
) -> str:
    """Writes `report.html`, one page that needs no network, and `metrics.json` to `directory`.

    The page says what the model is, whether it is healthy (each diagnosis a sentence with its
    number and the rule that it is judged by), and shows the loss, reconstructions, samples with
    their nearest training examples, traversals of z, the codes and q(z) against the prior. All is
    measured on the test split, or the validation split where that is empty. What the model cannot
    do is left out, with a line that says so.

    Args:
        model: a trained model.
        data: the `datasets.Dataset` that it was trained on.
        directory: made if it is not there; the two files are replaced.
        history: what `fit` returned, its dictionary, or None (default) for no loss.
        weights_epoch: the epoch of the history, from 1, whose weights the model has, where a
            training stopped early and took the best ones back. Default None: the last.
        seed: integer, for all that is drawn. Default 0.
        batch_size: examples computed at a time for the numbers; it does not change them. Default
            256.
        condition: where the model takes a condition: "labels", for the labels of each split, or a
            dictionary {split: one row (or label) per example}. All is then measured and drawn under
            it, and two diagnoses are added where it is a class. Default None.
        anomaly_label: the label of the examples that are anomalies, the others being usual. The
            page then says how well `model.score` tells them, beside the norm of the standardized
            row, for which nothing is trained (`anomaly_report`). Default None.

    Returns:
        The path of the page.

    Raises:
        ValueError, TypeError: for data or a condition that is not as the model was trained on,
            fewer than 3 training examples, an `anomaly_label` that none or all of the measured
            examples have, or a `directory` that holds the metrics.json of something else.

    Example:

    >>> path = report(model, data, "reports/first", history=history)  # doctest: +SKIP
    """
    directory = os.fspath(directory)
    seed = check_integer("seed", seed, minimum=0)
    conditions = conditions_of(model, data, condition)
    if len(data.train) < 3:
        raise argument_error("data", "of at least 3 training examples", len(data.train))
    check_anomaly_label(data, anomaly_label)
    path, numbers = (os.path.join(directory, name) for name in (PAGE, NUMBERS))
    if os.path.lexists(numbers) and not os.path.lexists(path):
        raise argument_error(
            "directory", f"one without another's {NUMBERS}, such as that of a run", directory
        )
    history = getattr(history, "history", history)
    if weights_epoch is not None:
        epochs = len(next(iter(history.values()))) if history else 0
        weights_epoch = check_integer("weights_epoch", weights_epoch)
        if weights_epoch > epochs:
            expected = f"one of the {epochs} epochs of `history`"
            raise argument_error("weights_epoch", expected, weights_epoch)
    given = {"seed": seed, "batch_size": batch_size, "condition": conditions}
    given |= {"weights_epoch": weights_epoch, "anomaly_label": anomaly_label}
    metrics = measure(model, data, history=history, **given)
    diagnoses = diagnose(metrics)
    metrics["diagnoses"] = [dataclasses.asdict(diagnosis) for diagnosis in diagnoses]
    os.makedirs(directory, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        text = page.render(
            title=f"{metrics['model']['class']} on {data.name}",
            lead=_lead(metrics),
            diagnoses=diagnoses,
            sections=_draw(model, data, conditions, metrics, folder, seed),
            tables=_tables(metrics),
            left_out=metrics["left_out"],
            footer=_footer(metrics, seed),
        )
    with whole_file(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        file.write(text)
    write_json(numbers, metrics)
    return path


def _draw(model, data, conditions, metrics, folder, seed):
    """Returns {heading: [(name, path) or `Lines`]}: what of this model and data can be shown."""
    split, history = metrics["data"]["measured_split"], metrics["history"]
    x, labels = getattr(data, split), getattr(data, f"{split}_labels")
    names = {"feature_names": data.feature_names}
    given = {"condition": conditions[split]}
    classes = {"class_names": class_names_of(model, data, conditions)}
    can, sections = set(model.capabilities), {}
    in_space = "encode" in can and model.latent_support == "euclidean"

    def draw(section, name, function, what, *arguments, **options):
        path = os.path.join(folder, f"{name.replace(' ', '_')}.png")
        sections.setdefault(section, []).append((name, function(what, path, *arguments, **options)))

    if history is not None:
        draw("Training", "loss", plots.plot_history, history)
    if is_of_texts(model):
        sections |= _texts(model, x, conditions[split], seed)
        can -= {"reconstruct", "generate", "decode"}
    if "reconstruct" in can:
        section, plot = "Reconstructions", plots.plot_reconstructions
        draw(section, "reconstructions", plot, model, x, **names, **given)
    if "generate" in can:
        section, options = "Samples", names | classes | {"seed": seed}
        draw(section, "samples", plots.plot_samples, model, x, **options, **given)
        options["condition"] = conditions["train"]
        draw(section, "neighbors", plots.plot_nearest_neighbors, model, data.train, **options)
    if "score" in can and anomaly_scores.gives_contributions(model):
        options = names | {"condition": conditions[split]}
        draw("Unusual examples", "unusual", plots.plot_contributions, model, x, **options)
    if metrics["predictive_checks"] is not None:
        section, options = "Predictive checks", names | {"seed": seed} | given
        draw(section, "predictive checks", plots.plot_predictive_checks, model, x, **options)
    section = "What z holds"
    if "kl_per_dimension" in (metrics["latents"] or {}):
        draw(section, "kl", plots.plot_kl_per_dimension, model, x, **given)
    if in_space and "decode" in can:
        draw(section, "traversals", plots.plot_traversals, model, x, **names, **given, **classes)
    if {"encode", "decode"} <= can:
        draw(section, "interpolation", plots.plot_interpolation, model, x, **names, **given)
    section, given = "Codes and prior", given | {"seed": seed}
    if "encode" in can:
        draw(section, "codes", plots.plot_latent_space, model, x, labels, **given)
        methods = available_methods() if model.latent_dim > 2 and len(x) >= 10 else []
        for method in methods:
            options = given | {"method": method}
            draw(section, method, plots.plot_latent_embedding, model, x, labels, **options)
    if in_space and "prior" in can:
        draw(section, "q of z", plots.plot_aggregated_posterior, model, x, **given)
    return sections


def _texts(model, x, condition, seed):
    """Returns {heading: [`Lines`]}: what a model of texts makes."""
    can, sections = set(model.capabilities), {}
    if "reconstruct" in can:
        sections["Reconstructions"] = [texts.reconstructions(model, x, condition)]
    if "generate" in can:
        sections["Samples"] = [texts.samples(model, x, condition, seed)]
    if {"encode", "decode"} <= can:
        sections["Interpolations"] = [texts.interpolations(model, x, condition)]
    return sections


def _lead(metrics):
    model, data = metrics["model"], metrics["data"]
    numbers = [f"{n.replace('_', ' ')} {model[n]:g}" for n in _NUMBERS if n in model]
    parts = [model[name] for name in ("likelihood", "posterior", "prior") if name in model]
    about = [", ".join(texts) for texts in (numbers, parts) if texts]
    if "condition" in model:
        about.append(f"conditioned on {model['condition']}")
    split = data["measured_split"]
    return (
        f"{'; '.join(about) or 'No latents'}. Measured on the {data[split]:,} examples of the "
        f"{split} split; trained on {data['train']:,}."
    )


def _tables(metrics):
    latents, shape = metrics["latents"] or {}, metrics["manifold"] or {}
    of_columns = (metrics["new_rows"] or {}).get("shapes")
    tables = {
        "Held-out examples": metrics["held_out"],
        "Training examples (at most 1,000)": metrics["train"],
        "Aggregated posterior, held-out": (metrics["aggregated_posterior"] or {}).get("test"),
        "Aggregated posterior, training": (metrics["aggregated_posterior"] or {}).get("train"),
        "Information in z, nats": latents.get("information"),
        "Parts of the ELBO, nats": latents.get("decomposition"),
        _LABEL_USE[(metrics["label_use"] or {}).get("of", "labels")]: metrics["label_use"],
        "Samples": metrics["samples"],
        "Predictive checks, 99 replicas": shown(metrics["predictive_checks"] or {}),
        "New rows against the table": metrics["new_rows"],
        "Shapes of the columns of new rows": of_columns,
        "Samples on the manifold": shape.get("samples"),
        "Distance of reconstructions": shape.get("reconstruction"),
        "Residual between codes": shape.get("between_codes"),
        "Betti numbers": {n: _joined(b) for n, b in (shape.get("betti") or {}).items()},
        "Anomaly threshold": metrics["anomaly_threshold"],
        "Anomalies": metrics["anomalies"],
        "Model": metrics["model"],
        "Data": metrics["data"],
    }
    return {
        caption: {name: value for name, value in values.items() if value is not None}
        for caption, values in tables.items()
        if values
    }


def _joined(numbers):
    return ", ".join(map(str, numbers))


def _footer(metrics, seed):
    versions = ", ".join(f"{name} {version}" for name, version in metrics["versions"].items())
    return f"Written with {versions}, seed {seed}. The same numbers are in {NUMBERS}."
