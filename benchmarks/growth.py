"""How time and memory grow: with rows, latent size, images, batch, devices and processes.

    python benchmarks/growth.py                      # all curves, about 20 minutes
    python benchmarks/growth.py --quick --output=/tmp/growth --picture=/tmp/growth.png
    python benchmarks/growth.py --curves=rows,batch

Everything but one number is held (curves.py of growth_curves/ lists what is, point.py how), and a
small InfoVAE trained: an epoch over the rows of a file that is never held as a whole, or single
steps. Each point is a process of its own, whose peak memory (VmHWM, so Linux alone) is its own.
Time is the least of the processor's seconds over repeats, on one thread, since other programs
disturb that least; the least and the median by the clock stand beside it. Without XLA.

Points go to growth.csv, one by one, and a run that was broken off goes on from there; then
growth_lines.csv gets the exponents of the lines through them in log-log and the points that are
off those lines, and the picture is drawn. On a machine of two cores, devices and processes share
what there is: their curves show what they cost, and never that they are faster. The processor time
of processes is that of them all, their memory that of the first.
"""

import json
import os
import pathlib
import subprocess
import sys

from absl import app, flags
from growth_curves import curves, lines, picture
from studies import table

HERE = pathlib.Path(__file__).resolve().parent

FLAGS = flags.FLAGS
flags.DEFINE_list("curves", list(curves.CURVES), f"Of {', '.join(curves.CURVES)}.")
flags.DEFINE_bool("quick", False, "Two small points of each curve, to try it.")
flags.DEFINE_float("seconds", 4.0, "What is timed is repeated for as long.", lower_bound=0.0)
flags.DEFINE_integer("threads", 1, "Of each process.", lower_bound=1)
flags.DEFINE_string("output", str(HERE), "The folder of growth.csv and growth_lines.csv.")
flags.DEFINE_string(
    "picture", str(HERE.parent / "docs" / "growth.png"), "The .png file of the picture."
)

FIGURES = (
    *("seconds", "median_seconds", "processor_seconds", "repeats"),
    *("before_mb", "peak_mb", "others", "process"),
)
COLUMNS = ("curve", "x", *FIGURES)


def check_flags(arguments):
    """Raises UsageError for what cannot be measured, before anything is."""
    if arguments:
        raise app.UsageError(f"There are no arguments but flags. Received: {arguments[0]!r}")
    unknown = [name for name in FLAGS.curves if name not in curves.CURVES]
    if unknown or not FLAGS.curves:
        raise app.UsageError(
            f"--curves must be some of {', '.join(curves.CURVES)}. Received: {FLAGS.curves}"
        )
    if pathlib.Path(FLAGS.picture).suffix != ".png":
        raise app.UsageError(f"--picture must end in .png. Received: {FLAGS.picture!r}")
    if FLAGS.quick and pathlib.Path(FLAGS.output).resolve() == HERE:
        raise app.UsageError(
            "--quick needs an --output of its own, beside the figures of a whole run"
        )


def command_of(curve, x):
    """Returns the command that measures one point and prints its figures."""
    seconds = 0.0 if FLAGS.quick else FLAGS.seconds
    return [sys.executable, "-m", "growth_curves.point", curve, str(x), str(seconds)]


def measure(command):
    """Returns the figures that a process prints in its last line."""
    names = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    environment = os.environ | dict.fromkeys(names, str(FLAGS.threads))
    paths = [str(HERE.parent), str(HERE), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    environment["TF_CPP_MIN_LOG_LEVEL"] = "3"
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        what = " ".join(command[-3:])
        raise RuntimeError(f"{what} ended with status {done.returncode}:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def read_points(path):
    """Returns {curve: [its points]} of a file, in the order of `curves.CURVES`; {} without one."""
    found = {name: [] for name in curves.CURVES}
    for row in table.read_rows(path):
        found[row["curve"]].append({name: float(row[name]) for name in COLUMNS[1:]})
    return {
        name: sorted(points, key=lambda point: point["x"])
        for name, points in found.items()
        if points
    }


def write_pages(output):
    """Writes growth_lines.csv and the picture of the points in growth.csv."""
    points = read_points(output / "growth.csv")
    points = {name: found for name, found in points.items() if len(found) > 1}
    path = output / "growth_lines.csv"
    path.unlink(missing_ok=True)
    rows = lines.table(curves.CURVES, points)
    table.add_rows(path, lines.COLUMNS, rows)
    for row in (lines.COLUMNS, *rows):
        print("".join(f"{cell!s:<15}" for cell in row))
    if points:
        picture.draw(curves.CURVES, points, FLAGS.picture)


def main(arguments):
    check_flags(arguments[1:])
    output = pathlib.Path(FLAGS.output)
    output.mkdir(parents=True, exist_ok=True)
    path = output / "growth.csv"
    there = table.cases_of(path, ["curve", "x"])
    for curve, x in curves.points(FLAGS.curves, FLAGS.quick):
        if (curve, str(x)) in there:
            continue
        figures = measure(command_of(curve, x))
        row = [figures[name] for name in FIGURES]
        table.add_rows(path, COLUMNS, [[curve, x, *(rounded(value) for value in row)]])
        took = f"{figures['processor_seconds']:.4g} s, {figures['peak_mb']:.0f} MB"
        print(f"{curve:<10}{x:>12,}  {took}", flush=True)
    write_pages(output)


def rounded(value):
    """Returns a number with six digits."""
    return value if isinstance(value, int) else float(f"{value:.6g}")


if __name__ == "__main__":
    app.run(main)
