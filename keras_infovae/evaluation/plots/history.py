"""The terms of the loss over a training."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras_infovae.evaluation.plots import style
from keras_infovae.typing import Path
from keras_infovae.utils.checks import argument_error

_UNITS = {
    "loss": "nats per example",
    "reconstruction_loss": "nats per example",
    "kl_divergence": "nats per example",
    "negative_log_likelihood": "nats per example",
    "divergence": "in its own unit",
    "adversary_loss": "nats",
}
_NAMES = {"kl_divergence": "KL divergence"}
_MOST_DECADES = 1.5  # a start that many decades above the rest needs a logarithmic axis


def plot_history(history: Any, path: Path) -> str:
    """Draws each term of the loss over the epochs, in training and validation.

    Args:
        history: {term: one number per epoch}, such as `fit(...).history`; a term's validation is
            under "val_" + its name.
        path: the PNG file to write.

    Returns:
        `path`.

    Raises:
        ValueError: for a history without epochs, or a path that does not end in .png.
    """
    path = style.check_path(path)
    history = getattr(history, "history", history)
    terms = [name for name in history if not name.startswith("val_") and len(history[name])]
    if not terms:
        raise argument_error("history", "a dictionary of lists with at least one epoch", history)
    terms.sort(key=lambda name: list(_UNITS).index(name) if name in _UNITS else len(_UNITS))
    epochs = max(len(history[name]) for name in terms)
    columns = 2 if len(terms) > 1 else 1
    rows = -(-len(terms) // columns)
    figure = style.new_figure(
        f"Training over {epochs} epoch{'s' if epochs > 1 else ''}",
        "Good: both lines level off together. Validation that turns up while training goes down is "
        "over-fitting; lines that still fall at the end ask for more epochs.",
        width=9.0,
        height=2.6 * rows,
    )
    for axes, name in zip(style.panels(figure, len(terms), columns), terms, strict=True):
        _plot_term(axes, name, history[name], history.get(f"val_{name}", []), epochs)
    return style.write(figure, path)


def _plot_term(axes, name, training, validation, epochs):
    unit = _UNITS.get(name)
    style.panel_title(axes, _NAMES.get(name, name.replace("_", " ")), most=60)
    marker = "o" if epochs == 1 else None
    shown = []
    for label, values, color, weight in (
        ("training", training, style.MODEL, 1.6),
        ("validation", validation, style.SECOND, 1.6),
    ):
        if len(values):
            values = np.asarray(values, "float64")
            # Validation may have come every few epochs only.
            at = np.arange(1, len(values) + 1) * (epochs / len(values))
            label = f"{label} {values[-1]:.4g}"
            axes.plot(at, values, color=color, linewidth=weight, marker=marker, label=label)
            shown.append(values[np.isfinite(values)])
    _set_range(axes, np.concatenate(shown))
    if epochs == 1:
        axes.set_xticks([1])
    else:
        axes.set_xlim(1, epochs)
        axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel("epoch", size=8, color=style.MUTED)
    if unit:
        axes.set_ylabel(unit, size=8, color=style.MUTED)
    axes.legend(frameon=False, fontsize=8, labelcolor=style.INK, loc="best", title_fontsize=8)


def _set_range(axes, values):
    """Uses a logarithmic axis where a high start would flatten all the rest."""
    if len(values) < 4 or values.min() <= 0:
        return
    if np.log10(values.max() / np.median(values)) > _MOST_DECADES:
        axes.set_yscale("log")
