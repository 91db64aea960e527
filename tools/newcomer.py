"""Seconds of a newcomer's first steps: install, a preset that generates, a CSV's odd rows.

    python tools/newcomer.py

Makes an environment in a temporary folder, installs this checkout there as a user would (pip's
downloads are cached if its cache has them), and runs each step as a process of its own: the two
commands of a preset, and those of docs/tasks/table_odd_rows.md on a CSV. It fails where a step
fails, or finds another row than the one that was made odd. Needs nothing but Python.
"""

import argparse
import csv
import datetime
import pathlib
import platform
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
PRESET = """
import keras_infovae as ki
model = ki.InfoVAE.from_preset("digits_info_vae")
print(model.generate(16).shape)
"""
WINES = """
import sklearn.datasets
wines = sklearn.datasets.load_wine(as_frame=True).data.sample(frac=1, random_state=0)
wines[:150].to_csv("wines.csv", index=False)
new = wines[150:].reset_index(drop=True)
new.loc[5, "alcohol"] /= 10
new.to_csv("new.csv", index=False)
"""


def oddest(path):
    """Returns the number of the row of a file of scores that has the largest."""
    with open(path, encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return int(max(rows, key=lambda row: float(row["score"]))["row"])


def main(python):
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        binaries = work / "environment" / "bin"
        program = binaries / "keras-infovae"
        steps = (
            ("an environment", [python, "-m", "venv", work / "environment"]),
            ("pip install keras-infovae", [binaries / "pip", "install", "--quiet", str(ROOT)]),
            ("a preset, in Python, the first time", [binaries / "python", "-c", PRESET]),
            ("a preset, in Python, again", [binaries / "python", "-c", PRESET]),
            ("(a CSV is made)", [binaries / "python", "-c", WINES]),
            ("train on wines.csv", [program, "train", "--data=wines.csv", "--output=runs/wines"]),
            (
                "score new.csv",
                [program, "score", "--run=runs/wines", "--data=new.csv", "--output=scores.csv"],
            ),
        )
        seconds = {}
        for name, command in steps:
            start = time.perf_counter()
            done = subprocess.run(command, cwd=work, capture_output=True, text=True)
            seconds[name] = time.perf_counter() - start
            if done.returncode:
                sys.exit(f"{name} failed:\n{done.stdout}{done.stderr}")
            print(f"{seconds[name]:8.1f} s  {name}", flush=True)
        if oddest(work / "scores.csv") != 5:
            sys.exit("The oddest row is not the one that was made odd")
    whole, pip = sum(seconds.values()), seconds["pip install keras-infovae"]
    print(f"{whole:8.1f} s  in all, {100 * pip / whole:.0f} % of it pip")
    print(f"{datetime.date.today()}, Python {platform.python_version()}, {platform.system()}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--python", default=sys.executable, help="the interpreter")
    main(parser.parse_args().python)
