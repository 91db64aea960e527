"""What all pictures share: colors, a header that says what one sees, and how they are written."""

import contextlib
import os
import textwrap

from keras_infovae.utils.checks import argument_error
from keras_infovae.utils.files import atomic_path

INK = "#1f2933"
MUTED = "#667085"
GRID = "#e4e7ec"
DATA = "#98a2b3"  # what was given: gray
MODEL = "#2457d6"  # what the model makes of it: blue
PALE = "#d0d5dd"
SECOND = "#e4681c"
# Ten hues that differ in lightness too; more classes take matplotlib's tab20.
CLASSES = (
    *("#2457d6", "#e4681c", "#16a06a", "#d92d4a", "#8a4fd0"),
    *("#8c5a2b", "#e05fa8", "#5f6b7a", "#b5a611", "#12a5c4"),
)
_DPI = 150
_MARGIN = 0.09  # inches
_HEADER_PADDING = 0.16
_TITLE_LINE = 0.30
_SUBTITLE_LINE = 0.20
_TITLE_CHARACTERS = 7.8  # that fit into an inch
_SUBTITLE_CHARACTERS = 13.2


def check_path(path):
    """Returns `path` as a string; it must end in .png, the one format that is written."""
    path = os.fspath(path)
    if not path.lower().endswith(".png"):
        raise argument_error("path", "a name that ends in .png", path)
    return path


def new_figure(title, subtitle, width, height):
    """Returns a matplotlib `Figure` with a header; nothing of matplotlib's global state is touched.

    Args:
        title: what one sees, subtitle: what is good; both are wrapped to the width.
        width, height: size in inches of the part below the header.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    titles = textwrap.wrap(title, int(width * _TITLE_CHARACTERS))
    lines = textwrap.wrap(subtitle, int(width * _SUBTITLE_CHARACTERS))
    header = 2 * _HEADER_PADDING + _TITLE_LINE * len(titles) + _SUBTITLE_LINE * len(lines)
    total = height + header
    figure = Figure(figsize=(width, total), dpi=_DPI, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    figure.get_layout_engine().set(
        rect=(_MARGIN / width, 0.0, 1.0 - 2 * _MARGIN / width, height / total),
        w_pad=0.07,
        h_pad=0.08,
        wspace=0.03,
        hspace=0.03,
    )
    left = 2 * _MARGIN / width
    top = 1.0 - _HEADER_PADDING / total
    text = {"ha": "left", "va": "top", "in_layout": False}
    figure.text(left, top, "\n".join(titles), size=14, weight="bold", color=INK, **text)
    figure.text(
        left,
        top - _TITLE_LINE * len(titles) / total,
        "\n".join(lines),
        size=10,
        color=MUTED,
        linespacing=1.35,
        **text,
    )
    return figure


def style_axes(axes, grid=True):
    """Gives `axes` quiet spines, ticks and grid."""
    axes.set_facecolor("white")
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(DATA)
        spine.set_linewidth(0.8)
    axes.tick_params(colors=MUTED, labelcolor=MUTED, labelsize=8, width=0.8, length=3)
    axes.set_axisbelow(True)
    if grid:
        axes.grid(True, color=GRID, linewidth=0.7)
    return axes


def bare_axes(axes):
    """Takes everything but the content off `axes`."""
    axes.set_facecolor("white")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    return axes


def panels(figure, count, columns):
    """Returns `count` styled axes in rows of `columns`; the rest of the last row stays empty."""
    rows = -(-count // columns)
    grid = figure.add_gridspec(rows, columns)
    return [style_axes(figure.add_subplot(grid[divmod(i, columns)])) for i in range(count)]


def panel_title(axes, text, most=24):
    """Writes a panel's title, cut where it would run into the next panel."""
    axes.set_title(shortened(text, most), loc="left", size=8.5, color=INK, pad=5)


def shortened(text, most):
    """Returns `text` as a string of at most `most` characters, cut where it is longer."""
    text = str(text)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def write(figure, path):
    """Writes `figure` to `path` as PNG, whole or not at all; returns `path`."""
    folder = os.path.dirname(path)
    with contextlib.suppress(FileExistsError):
        os.makedirs(folder or ".")
    _take_text_as_it_is(figure)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", facecolor="white")
    return path


def _take_text_as_it_is(figure):
    """Keeps matplotlib from reading names with a `$`, such as a column's or a class's, as formulas.

    Where they are none, it would fail. The numbers on an axis are matplotlib's own: 10^3 is one.
    """
    from matplotlib.text import Text
    from matplotlib.ticker import LogFormatter, ScalarFormatter

    numbers = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if isinstance(axis.get_major_formatter(), (LogFormatter, ScalarFormatter)):
                numbers.update(text for text in axis.findobj(Text) if text is not axis.label)
    for text in figure.findobj(Text):
        if text not in numbers:
            text.set_parse_math(False)
