"""Draws the figures of the reproduction from its tables, and prints means and spreads.

python examples/reproduce/draw.py --output=reproduction
"""

import glob
import os

import common
import numpy as np
from absl import app, flags
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

FLAGS = flags.FLAGS
COLOURS = {
    "elbo": "#e4681c",
    "mmd": "#2457d6",
    "stein": "#16a06a",
    "adversarial": "#8a4fd0",
    "beta_vae": "#b8860b",
    "beta_tcvae": "#d6246e",
    "factor_vae": "#667085",
}

# Table: (settings on the horizontal axis, {number: what it is}).
FIGURES = {
    "overfitting": (
        "n",
        {
            "log_det_train": "log det Cov[q(z)], training",
            "log_det_test": "log det Cov[q(z)], test",
            "elbo_test": "test ELBO, nats",
            "inference_gap_test": "inference gap on test, nats (lower bound)",
        },
    ),
    "latent_size": (
        "latent_dim",
        {
            "mmd": "MMD^2(q(z), p(z))",
            "log_det_test": "log det Cov[q(z)], test",
            "class_cross_entropy": "class mismatch of samples, nats",
            "semi_supervised_error": "semi-supervised error",
        },
    ),
}


def main(_):
    for path in sorted(glob.glob(os.path.join(FLAGS.output, "*.csv"))):
        rows = common.read(path)
        name = os.path.splitext(os.path.basename(path))[0]
        print(f"\n{name}")
        summarize(rows)
        experiment = name.split("-")[0]
        if experiment in FIGURES:
            draw(rows, *FIGURES[experiment], os.path.join(FLAGS.output, f"{name}.png"))


def groups(rows):
    """Returns the names of the settings, the columns before the seed, and {settings: rows}."""
    names = list(rows[0])[: list(rows[0]).index("seed")]
    found = {}
    for row in rows:
        found.setdefault(tuple(row[name] for name in names), []).append(row)
    return names, found


def numbers(rows):
    """Returns the names of what was measured."""
    names = list(rows[0])
    return names[names.index("seed") + 1 : names.index("seconds")]


def summarize(rows):
    """Prints mean and standard deviation over seeds of each number, a table in Markdown."""
    names, found = groups(rows)
    measured = numbers(rows)
    print(f"| {' | '.join(names)} | seeds | {' | '.join(measured)} |")
    print("|---" * (len(names) + len(measured) + 1) + "|")
    for key, members in found.items():
        cells = []
        for name in measured:
            values = np.array([float(row[name]) for row in members])
            spread = f" +- {values.std(ddof=1):.3g}" if len(values) > 1 else ""
            cells.append(f"{values.mean():.4g}{spread}")
        print(f"| {' | '.join(key)} | {len(members)} | {' | '.join(cells)} |")


def draw(rows, axis, titles, path):
    """Writes a picture with a panel per number: the mean over seeds, and each seed as a dot.

    A line is of one model, with one value of each other setting that the table varies.
    """
    figure = Figure(figsize=(9, 6), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    settings = [name for name in groups(rows)[0] if name not in (axis, "model")]
    varied = [name for name in settings if len({row[name] for row in rows}) > 1]
    lines = {}
    for row in rows:
        others = ", ".join(row[name] for name in varied)
        lines.setdefault((row["model"], others), []).append(row)
    kinds = list(dict.fromkeys(others for _, others in lines))
    at = sorted({float(row[axis]) for row in rows})
    for axes, (name, title) in zip(figure.subplots(2, 2).flat, titles.items(), strict=True):
        for (model, others), members in lines.items():
            points = [(float(r[axis]), float(r[name])) for r in members]
            here = sorted({x for x, _ in points})
            means = [np.mean([y for x, y in points if x == value]) for value in here]
            look = {"color": COLOURS[model]}
            style = ("-", "--", ":", "-.")[kinds.index(others) % 4]
            axes.plot(here, means, style, label=f"{model} {others}".strip(), **look)
            axes.scatter(*zip(*points, strict=True), s=12, zorder=3, **look)
        if name.startswith("log_det"):
            axes.axhline(0.0, color="#98a2b3", linewidth=0.8, linestyle="--")
        axes.set_xscale("log")
        axes.set_xticks(at, [f"{value:,.0f}" for value in at])
        axes.minorticks_off()
        axes.set_axisbelow(True)
        axes.set_title(title, loc="left", fontsize=9)
        axes.set_xlabel(axis)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(True, color="#e4e7ec", linewidth=0.7)
    figure.axes[0].legend(frameon=False)
    figure.savefig(path)
    print(f"Drawn: {path}")


if __name__ == "__main__":
    flags.DEFINE_string("output", "reproduction", "The folder of the tables.")
    app.run(main)
