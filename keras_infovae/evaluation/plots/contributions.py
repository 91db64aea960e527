"""Where the most unusual examples are unusual: their scores as heat maps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keras_infovae.anomaly_scores import AnomalyScore
from keras_infovae.evaluation import texts
from keras_infovae.evaluation.examples import check_examples
from keras_infovae.evaluation.plots import style, views
from keras_infovae.tables.frames import beside, is_frame
from keras_infovae.tables.schema import schema_of
from keras_infovae.typing import Condition, Model, Path, Rows
from keras_infovae.utils.checks import argument_error, check_integer

_MOST_COLUMNS = 40
_MOST_WRITTEN = 20  # columns whose values have room
_MOST_INCHES = 15.6
_HEADER = (
    "The most unusual examples, and where they are so",
    "What a {part} adds to the score, less {mean}, in nats. Red adds.",
)
_ITS_MEAN = "its mean over all examples"


def plot_contributions(
    model: Model,
    path: Path,
    x: Rows,
    *,
    count: int = 8,
    score: AnomalyScore | str | None = None,
    feature_names: Sequence[str] | None = None,
    condition: Condition = None,
    batch_size: int = 256,
) -> str:
    """Draws the examples of the highest scores with what each value or pixel adds to the score.

        c_i(x) - mean over x of c_i,      sum_i c_i(x) + code(x) = score(x)

    by `model.contributions`, since what a value adds usually depends on its unit. Rows of a
    DataFrame stand below each other with their values; only the columns that vary most are drawn
    where there are more than 40. Texts are written word by word, and the mean is that of all words.

    Args:
        model: a trained model of independent values, or of texts.
        path: the PNG file to write.
        x: a DataFrame, strings, or an array [n, ...], n >= 2.
        count: how many examples are drawn, at most. Default 8.
        score: "negative_elbo" or "reconstruction_loss", or such an object. Default None: that which
            `model.score` takes by default.
        feature_names: a name per column, for arrays that are tables. Default None.
        condition: one row per example, where the model takes a condition. Default None.
        batch_size: examples computed at a time. Default 256.

    Returns:
        `path`.

    Raises:
        ValueError, TypeError: for data that is not as the model was trained on, and for a score or
            a likelihood that is no sum over values.
    """
    path = style.check_path(path)
    count = check_integer("count", count)
    if len(x) < 2:
        raise argument_error("x", "at least 2 examples", f"{len(x)}")
    if is_frame(x):
        found = model.contributions(x, score, batch_size, condition)
        totals, values = found.sum(axis=1).to_numpy(), found.to_numpy()
        names = [str(name) for name in found]
        top = _highest(totals, count)
        return _table(x.iloc[top], _above_mean(values)[top], top, totals, names, path)
    x, condition = check_examples(model, x, condition)
    values, code = model.contributions(x, score, batch_size, condition)
    totals = values.reshape(len(values), -1).sum(axis=1) + code
    top = _highest(totals, count)
    if schema_of(model) is not None:
        raw = model.preprocessor.raw(np.nan_to_num(x))  # beside what tells of missing ones
        sums = beside(model.preprocessor.sums_of_parts(raw, values), "code", code)
        names = [str(name) for name in sums]
        excess = _above_mean(sums.to_numpy())[top]
        return _table(raw.iloc[top], excess, top, totals, names, path)
    if texts.is_of_texts(model):
        words, excess = texts.words_above_mean(model, x, values, code, top)
        part = model.preprocessor.tokens.removesuffix("s")
        return _table(words, excess, top, totals, list(words), path, part, "the mean of all")
    if views.view(x.shape[1:], feature_names) == views.IMAGES:
        return _images(model, x[top], values, top, totals, path)
    names = [*views.check_features(feature_names, x[0].size), "code"]
    rows = np.concatenate([values.reshape(len(values), -1), code[:, None]], axis=1)
    return _table(None, _above_mean(rows)[top], top, totals, names, path)


def _above_mean(values):
    return values - values.mean(axis=0)


def _highest(totals, count):
    return np.argsort(-totals, kind="stable")[:count]


def _limit(excess):
    """Returns the number of nats at which the colors end: a few large values do not pale all."""
    return max(float(np.percentile(np.abs(excess), 99.5)), 1e-6)


def _table(raw, excess, top, totals, names, path, part="column", mean=_ITS_MEAN):
    shown = np.arange(excess.shape[1])
    if len(shown) > _MOST_COLUMNS:
        shown = np.sort(np.argsort(-np.abs(excess).max(axis=0))[:_MOST_COLUMNS])
    width = min(max(6.0, 0.68 * len(shown) + 2.0), _MOST_INCHES)
    title, subtitle = _HEADER[0], _HEADER[1].format(part=part, mean=mean)
    figure = style.new_figure(title, subtitle, width=width, height=0.42 * len(top) + 1.9)
    axes = figure.add_subplot()
    image = _heat(axes, excess[:, shown])
    axes.set_aspect("auto")
    labels = [style.shortened(names[i], 18) for i in shown]
    axes.set_xticks(range(len(shown)), labels, size=8, rotation=45, ha="right")
    rows = [f"{i}" if raw is None else f"{raw.index[k]}" for k, i in enumerate(top)]
    sides = [
        f"{style.shortened(row, 14)}:  {total:.1f} nats"
        for row, total in zip(rows, totals[top], strict=True)
    ]
    axes.set_yticks(range(len(top)), sides, size=8)
    axes.tick_params(length=0, colors=style.INK)
    if raw is not None and len(shown) <= _MOST_WRITTEN:
        _write_values(axes, raw, [names[i] for i in shown], excess[:, shown])
    _bar(figure, image, axes)
    return style.write(figure, path)


def _write_values(axes, raw, names, excess):
    limit = _limit(excess)
    for column, name in enumerate(names):
        if name not in map(str, raw.columns):
            continue  # the code has no value
        series = next(raw[c] for c in raw.columns if str(c) == name)
        for row, (value, missing) in enumerate(zip(series, series.isna(), strict=True)):
            dark = abs(excess[row, column]) > 0.6 * limit
            axes.text(
                column,
                row,
                "-" if missing else style.shortened(_text(value), 10),
                ha="center",
                va="center",
                size=6.5,
                color="white" if dark else style.INK,
            )


def _text(value):
    if hasattr(value, "strftime"):
        return value.strftime("%Y-%m-%d")
    return f"{value:.4g}" if isinstance(value, (float, np.floating)) else str(value)


def _images(model, x, values, top, totals, path):
    excess = _above_mean(values)
    excess = excess[top] if excess.ndim == 3 else excess[top].sum(axis=-1)  # over the channels
    view = views.ImageView(model, x)
    aspect = x.shape[1] / x.shape[2]
    title, subtitle = _HEADER[0], _HEADER[1].format(part="pixel", mean=_ITS_MEAN) + view.note
    width = max(6.0, 1.1 * len(x) + 1.6)
    figure = style.new_figure(title, subtitle, width=width, height=2.4 * aspect + 0.5)
    grid = figure.add_gridspec(2, len(x))
    limit = _limit(excess)
    for k, example in enumerate(view.colors(x)):
        axes = style.bare_axes(figure.add_subplot(grid[0, k]))
        axes.imshow(example)
        axes.set_title(f"{totals[top[k]]:.0f} nats", size=8.5, color=style.INK, pad=4)
        below = style.bare_axes(figure.add_subplot(grid[1, k]))
        image = _heat(below, excess[k], limit)
    _bar(figure, image, figure.axes)
    return style.write(figure, path)


def _heat(axes, values, limit=None):
    limit = _limit(values) if limit is None else limit
    return axes.imshow(values, cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest")


def _bar(figure, image, axes):
    bar = figure.colorbar(image, ax=axes, shrink=0.8, pad=0.02)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=8, colors=style.MUTED, length=0)
    bar.set_label("nats above the mean", size=8, color=style.MUTED)
