"""What `import keras_infovae` costs beyond `import tensorflow`.

    python benchmarks/import_time.py

Starts a process for each import in turn, and prints the median times and the median of their
ratios.
"""

import statistics
import subprocess
import sys
import time

from absl import app, flags
from figures import csv_file

FLAGS = flags.FLAGS
flags.DEFINE_integer("rounds", 9, "How often each import is measured.", lower_bound=1)


def seconds(module):
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", f"import {module}"], check=True, capture_output=True)
    return time.perf_counter() - start


def main(_):
    modules = ("tensorflow", "keras_infovae")
    times = {module: [] for module in modules}
    for round_ in range(FLAGS.rounds + 1):
        for module in modules:
            elapsed = seconds(module)
            if round_:  # the first reads the files from disk
                times[module].append(elapsed)
    ratio = statistics.median(b / a for a, b in zip(*times.values()))
    rows = [
        (module, statistics.median(times[module]), None if module == "tensorflow" else ratio)
        for module in modules
    ]
    csv_file.update(("import", "seconds", "ratio"), rows, settings=1)
    for module, taken, _ in rows:
        print(f"import {module:<16}{taken:6.2f} s")
    print(f"ratio {ratio:.3f}")


if __name__ == "__main__":
    app.run(main)
