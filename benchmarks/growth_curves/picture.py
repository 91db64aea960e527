"""The picture of the curves: a row of panels for each, time on the left and memory on the right."""

import numpy as np
from growth_curves import lines


def draw(curves, points, path):
    """Draws points, their fitted lines, and the growth that is due.

    Args:
        curves: {name: `Curve`}.
        points: {name: the curve's points, at least two}.
        path: of the .png file.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(
        len(points), 2, figsize=(9.0, 2.4 * len(points)), squeeze=False, layout="constrained"
    )
    for (name, found), (left, right) in zip(points.items(), axes, strict=True):
        curve, drawn = curves[name], lines.quantities(found)
        panel(left, curve, *drawn["time"], f"processor time\nof one {curve.timed} (s)")
        panel(right, curve, *drawn["memory"], "peak memory above\nthe libraries' (MB)")
    axes[0, 0].legend(loc="lower right", fontsize="small")
    figure.savefig(path, dpi=100)
    pyplot.close(figure)


def panel(axis, curve, x, y, label):
    """Draws one quantity of one curve."""
    from matplotlib import ticker

    line, x = lines.fit(x, y), np.asarray(x, float)
    axis.loglog(x, y, "o", color="black", label="measured")
    axis.loglog(x, line.at(x), "--", color="0.3", label="fitted line")
    # Through the last point: points below it would say that growth is steeper than it may be.
    due = y[-1] * (x / x[-1]) ** curve.exponent
    inside = due >= min(y) / 3.0
    axis.loglog(x[inside], due[inside], ":", color="0.5", label="as steep as it may be")
    if max(y) / min(y) < 10.0:  # or there would be no number on the axis
        axis.set_ylim(min(y) / 3.0, max(y) * 3.0)
    numbers = (1.0, 2.0, 5.0) if max(y) / min(y) < 100.0 else (1.0,)
    axis.yaxis.set_major_locator(ticker.LogLocator(subs=numbers))
    axis.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:,g}"))
    shown = x[:: 1 + len(x) // 6]
    axis.set_xticks(shown, map(short, shown))
    for of_axis in (axis.xaxis, axis.yaxis):
        of_axis.set_minor_formatter(ticker.NullFormatter())
    axis.set_xlabel(curve.grows)
    axis.set_ylabel(label)
    last = round(line.last_exponent, 2) + 0.0  # adding 0 turns -0 into 0
    axis.set_title(
        f"exponent {line.exponent:.2f}, of the last two points {last:.2f}",
        fontsize="medium",
    )
    axis.grid(True, color="0.9")


def short(x):
    """Returns a whole number as a label: 512, 100k, 10M."""
    for unit, name in ((1e6, "M"), (1e3, "k")):
        if x >= unit and x % unit == 0:
            return f"{x / unit:,.0f}{name}"
    return f"{x:,.0f}"
