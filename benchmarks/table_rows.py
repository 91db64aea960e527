"""What a large DataFrame costs a training, beside an array that was prepared.

    python benchmarks/table_rows.py
    python benchmarks/table_rows.py --rows=100000

A table of 30 columns (16 of numbers, 6 of text, 3 of truth values, 2 of dates, 3 of whole numbers,
values missing in four) is given to `fit` for one epoch, which makes the columns' schema and x; in
another process the same model has one epoch on x that was made before. The networks, batches (128)
and optimizer are the defaults of InfoVAE(16). Seconds are processor time of the process (user and
system), which other programs change less than the clock, and by the clock in brackets; the peak is
that of the process's memory (VmHWM), with TensorFlow and the table. The aims for 1,000,000 rows:
the table's `fit` in less than 1.3 times that of the array, in less than 3 GB.
"""

import multiprocessing
import time

import numpy as np
import pandas
from absl import app, flags
from figures import csv_file

FLAGS = flags.FLAGS
flags.DEFINE_integer("rows", 1_000_000, "Of the table.", lower_bound=1000)
flags.DEFINE_enum("way", "both", ["both", "table", "array"], "What to measure.")


COLUMNS = (
    *("rows", "schema_s", "numbers_s", "fit_of_the_numbers_s", "fit_of_the_table_s", "ratio"),
    *("peak_of_the_numbers_mb", "peak_of_the_table_mb", "ratio_by_the_clock"),
)


def make_table(rows):
    """Returns the DataFrame."""
    rng = np.random.default_rng(0)
    common = rng.normal(size=rows)
    columns = {f"number{i}": common + rng.normal(size=rows) for i in range(8)}
    columns |= {f"price{i}": np.round(np.exp(common + rng.normal(size=rows)), 2) for i in range(8)}
    columns |= {f"count{i}": rng.poisson(np.exp(0.5 * common)) for i in range(3)}
    for i, size in enumerate((3, 5, 8, 12, 20, 50)):
        places = np.clip((common + 3.0 + rng.normal(size=rows)) * size / 6.0, 0, size - 1)
        categories = np.array([f"category {j}" for j in range(size)], dtype=object)
        columns[f"text{i}"] = categories[places.astype("int64")]
    columns |= {f"truth{i}": common > rng.normal(size=rows) for i in range(3)}
    start = np.datetime64("2020-01-01")
    columns["day"] = (start + rng.integers(0, 2000, rows)).astype("M8[s]")
    columns["time"] = start.astype("M8[s]") + rng.integers(0, 10**8, rows)
    table = pandas.DataFrame(columns)
    for name in ("number0", "price0", "text0", "text5"):
        table[name] = table[name].where(rng.random(rows) > 0.1)
    return table


def measure(way, rows, results):
    """Puts {name: (processor seconds, seconds), "peak": MB} into `results`."""
    import keras

    import keras_infovae as ki

    keras.utils.set_random_seed(0)
    table, found, schema = make_table(rows), {}, None
    if way == "array":
        with timed(found, "schema"):
            schema = ki.tables.Schema.infer(table)
        with timed(found, "x"):
            table = schema.numbers(table)
    model = ki.InfoVAE(latent_dim=16, preprocessor=schema, seed=0)
    with timed(found, "fit"):
        model.fit(table, epochs=1, batch_size=128, verbose=0)
    with open("/proc/self/status", encoding="utf-8") as file:
        peak = next(line for line in file if line.startswith("VmHWM"))
    results.put(found | {"peak": int(peak.split()[1]) / 1e3})


class timed:
    """A context that puts what was taken within it into `found[name]`."""

    def __init__(self, found, name):
        self.found, self.name = found, name

    def __enter__(self):
        self.start = time.process_time(), time.perf_counter()

    def __exit__(self, *_):
        end = time.process_time(), time.perf_counter()
        self.found[self.name] = tuple(b - a for a, b in zip(self.start, end))


def main(_):
    found, peaks = {}, {}
    for way in ("array", "table") if FLAGS.way == "both" else (FLAGS.way,):
        # Each in a process of its own, whose peak is its own.
        context = multiprocessing.get_context("spawn")
        results = context.Queue()
        process = context.Process(target=measure, args=(way, FLAGS.rows, results))
        process.start()
        found[way] = results.get()
        process.join()
        peaks[way] = found[way].pop("peak")
        times = ", ".join(f"{n} {a:.1f} s ({b:.1f} s)" for n, (a, b) in found[way].items())
        print(f"{way}: {times}, peak {peaks[way]:,.0f} MB", flush=True)
    if len(found) == 2:
        ratios = [a / b for a, b in zip(found["table"]["fit"], found["array"]["fit"])]
        print(f"fit of the table / of the array: {ratios[0]:.2f} ({ratios[1]:.2f} by the clock)")
        times = [found["array"][name][0] for name in ("schema", "x", "fit")]
        row = (FLAGS.rows, *times, found["table"]["fit"][0], ratios[0], *peaks.values(), ratios[1])
        csv_file.update(COLUMNS, [row], settings=1)


if __name__ == "__main__":
    app.run(main)
