"""Pictures of a search."""

import numpy as np

from keras_infovae.evaluation.plots import style
from keras_infovae.tuning.objectives import OBJECTIVES

_COMPLETED = "COMPLETED"
_COLUMNS = 3
_MOST_DECADES = 1.0  # a range wider than that is shown in its logarithm
_CHARACTERS = 24  # of tick labels that fit beside each other
_KEPT = 0.9  # of the trials are in view: a few bad ones would flatten all others


def plot_trials(rows, objective, path):
    """Draws the objective of each trial in turn, and the best so far; returns `path`.

    Args:
        rows: what `results.rows_of` returned, at least one of them of a trial that succeeded.
        objective: its name.
        path: the PNG file to write.
    """
    path = style.check_path(path)
    values = np.array([_value(row, objective) for row in rows])
    better = np.fmax if OBJECTIVES[objective] == "max" else np.fmin
    best = better.accumulate(values)
    number = np.arange(1, len(rows) + 1)
    failed = [n for n, row in zip(number, rows, strict=True) if row["status"] == "FAILED"]
    way = "Higher" if OBJECTIVES[objective] == "max" else "Lower"
    figure = style.new_figure(
        f"{len(rows)} trials by {_words(objective)}",
        f"{way} is better. A line that still improves at the end asks for more trials.",
        width=8.0,
        height=3.4,
    )
    (axes,) = style.panels(figure, 1, 1)
    axes.plot(number, values, "o", color=style.DATA, markersize=5, label="a trial")
    axes.step(number, best, where="post", color=style.MODEL, linewidth=1.8, label="best so far")
    _look(axes, values, OBJECTIVES[objective])
    for n in failed:
        axes.plot(n, 0.03, "x", color=style.SECOND, transform=axes.get_xaxis_transform())
    if failed:
        axes.plot([], [], "x", color=style.SECOND, label="failed")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel("trial", size=8, color=style.MUTED)
    axes.set_ylabel(_words(objective), size=8, color=style.MUTED)
    axes.legend(frameon=False, fontsize=8, labelcolor=style.INK)
    return style.write(figure, path)


def plot_hyperparameters(rows, objective, names, path):
    """Draws each hyperparameter against the objective, but for those that never vary.

    Args:
        rows, objective, path: as for `plot_trials`.
        names: of the hyperparameters.

    Returns:
        `path`.
    """
    path = style.check_path(path)
    rows = [row for row in rows if row["status"] == _COMPLETED]
    varied = [n for n in names if len({row[n] for row in rows if n in row}) > 1]
    shown = varied or names[:1]
    height = 2.5 * -(-len(shown) // _COLUMNS)
    figure = style.new_figure(
        f"What each hyperparameter did for {_words(objective)}",
        "A column that lies better than the others is a choice that matters by itself; no order "
        "means that it does not, or that it depends on the rest.",
        width=9.5,
        height=height,
    )
    columns = min(_COLUMNS, len(shown))
    best = max(rows, key=lambda row: _gain(row, objective))
    for axes, name in zip(style.panels(figure, len(shown), columns), shown, strict=True):
        having = [row for row in rows if name in row]
        at, ticks = _positions([row[name] for row in having])
        values = np.array([_value(row, objective) for row in having])
        axes.plot(at, values, "o", color=style.MODEL, alpha=0.65, markersize=5)
        for x, row in zip(at, having, strict=True):
            if row is best:
                axes.plot(x, best[objective], "o", color=style.SECOND, markersize=7)
        _look(axes, values, OBJECTIVES[objective])
        style.panel_title(axes, name, most=30)
        if ticks is None:
            _scale_axis(axes, np.asarray(at))
        else:
            turned = {"rotation": 20, "ha": "right"} if len("".join(ticks)) > _CHARACTERS else {}
            axes.set_xticks(range(len(ticks)), ticks, **turned)
            axes.set_xlim(-0.5, len(ticks) - 0.5)
    return style.write(figure, path)


def plot_pareto(rows, front, path):
    """Draws reconstruction loss against MMD, and the trials that no other is better than.

    Args:
        rows, path: as for `plot_trials`.
        front: those of the rows that `objectives.pareto` kept.

    Returns:
        `path`.
    """
    path = style.check_path(path)
    rows = [row for row in rows if row["status"] == _COMPLETED]
    figure = style.new_figure(
        "Reconstruction against fit to the prior",
        "Left and low is better. Orange: no other trial is better in reconstruction, in MMD beyond "
        "the null band and in active units, which the number beside it tells.",
        width=7.0,
        height=4.0,
    )
    (axes,) = style.panels(figure, 1, 1)
    for row in rows:
        on_front = any(row["trial"] == other["trial"] for other in front)
        color = style.SECOND if on_front else style.DATA
        at = row["reconstruction_loss"], row["mmd"]
        axes.plot(*at, "o", color=color, markersize=6 if on_front else 4)
        if on_front:
            text = f"{row['active_units']:.0f}"
            offset = {"xytext": (5, 4), "textcoords": "offset points"}
            axes.annotate(text, at, size=8, color=style.INK, **offset)
    band = float(np.median([row["mmd_null_high"] for row in rows]))
    axes.axhline(band, color=style.MUTED, linewidth=0.9, linestyle="--")
    axes.annotate(
        "above: not chance (95 %, median over trials)",
        (1.0, band),
        xycoords=axes.get_yaxis_transform(),
        xytext=(-2, 3),
        textcoords="offset points",
        ha="right",
        size=8,
        color=style.MUTED,
    )
    axes.set_xlabel("reconstruction loss, nats", size=8, color=style.MUTED)
    axes.set_ylabel("MMD² between q(z) and p(z)", size=8, color=style.MUTED)
    return style.write(figure, path)


def _value(row, objective):
    return row[objective] if row["status"] == _COMPLETED else np.nan


def _gain(row, objective):
    return row[objective] if OBJECTIVES[objective] == "max" else -row[objective]


def _words(name):
    return name.replace("_", " ")


def _positions(values):
    """Returns where to draw the values, and the labels of the places; None for a number line."""
    numeric = all(isinstance(value, (int, float)) for value in values)
    if numeric and len(set(values)) > 6:
        return list(values), None
    places = sorted(set(values))
    return [places.index(value) for value in values], [f"{place}" for place in places]


def _look(axes, values, direction):
    """Limits the view to all but the worst values, where those are far off."""
    values = values[np.isfinite(values)]
    if len(values) < 10:
        return
    good, worst = (
        (values.max(), values.min()) if direction == "max" else (values.min(), values.max())
    )
    edge = np.quantile(values, 1 - _KEPT if direction == "max" else _KEPT)
    if abs(worst - good) > 2 * abs(edge - good) > 0:
        margin = 0.08 * abs(edge - good)
        low, high = sorted((edge, good))
        axes.set_ylim(low - margin, high + margin)


def _scale_axis(axes, values):
    if values.min() > 0 and np.log10(values.max() / values.min()) > _MOST_DECADES:
        axes.set_xscale("log")
    else:
        axes.locator_params(axis="x", nbins=5)
