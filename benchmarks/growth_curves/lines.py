"""Straight lines in log-log: how steep they are, and where the points leave them."""

import dataclasses

import numpy as np

FAR = 1.25  # times: a point is off its line from here on
COLUMNS = ("curve", "quantity", "exponent", "last_exponent", "at_most", "off_the_line")


@dataclasses.dataclass(frozen=True)
class Line:
    """The line y = level * x^exponent through some points, by least squares in logarithms.

    Attributes:
        exponent: of x.
        level: y at x = 1.
        last_exponent: of the last two points alone, where what does not grow weighs least.
        off: {x: y over that of the line} of the points that are `FAR` from it.
    """

    exponent: float
    level: float
    last_exponent: float
    off: dict

    def at(self, x):
        return self.level * np.asarray(x, float) ** self.exponent


def fit(x, y):
    """Returns the `Line` of two sequences of at least two positive numbers, x growing."""
    log_x, log_y = np.log(x), np.log(y)
    exponent, height = np.polyfit(log_x, log_y, 1)
    last = (log_y[-1] - log_y[-2]) / (log_x[-1] - log_x[-2])
    ratios = np.exp(log_y - height - exponent * log_x)
    off = {a: float(r) for a, r in zip(x, ratios, strict=True) if max(r, 1.0 / r) >= FAR}
    return Line(float(exponent), float(np.exp(height)), float(last), off)


def quantities(points):
    """Returns {"time", "memory"}: (x, y) of the points of one curve, dictionaries of numbers.

    Time is of the processor, in seconds, and memory in MB above what the libraries take.
    """
    points = sorted(points, key=lambda point: point["x"])
    x = [point["x"] for point in points]
    return {
        "time": (x, [point["processor_seconds"] for point in points]),
        "memory": (x, [point["peak_mb"] - point["before_mb"] for point in points]),
    }


def table(curves, points):
    """Returns the rows of `COLUMNS` of all curves that have two points.

    Args:
        curves: {name: `Curve`}.
        points: {name: the curve's points}.
    """
    rows = []
    for name, found in points.items():
        if len(found) < 2:
            continue
        for quantity, (x, y) in quantities(found).items():
            line = fit(x, y)
            off = "; ".join(f"{a}: {ratio:.2f}" for a, ratio in line.off.items())
            exponents = round(line.exponent, 3), round(line.last_exponent, 3)
            rows.append((name, quantity, *exponents, curves[name].exponent, off))
    return rows
