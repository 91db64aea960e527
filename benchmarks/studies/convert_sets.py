"""Makes .npz files of data that come in other packages, in an environment of its own.

    python3 -m venv convert && convert/bin/pip install pyreadr pandas h5py
    convert/bin/python benchmarks/studies/convert_sets.py MLBENCH SCANPY FOLDER

MLBENCH is the folder of the .rda files of R's mlbench (Debian: apt-get download r-cran-mlbench,
dpkg -x; .../site-library/mlbench/data), SCANPY that of scanpy's 10x_pbmc68k_reduced.h5ad (pip
download --no-deps scanpy, unzip; scanpy/datasets). FOLDER gets one file for each set, with x
[n, size] and labels y [n]. It is the `--sets_folder` of the studies.
"""

import itertools
import pathlib
import sys

import numpy as np

# Of each set of mlbench the column of labels.
TABLES = {
    "Glass": "Type",
    "Sonar": "Class",
    "Vehicle": "Class",
    "Satellite": "classes",
    "LetterRecognition": "lettr",
}
CELLS = "10x_pbmc68k_reduced.h5ad"


def table(path, label):
    """Returns (x, y) of an .rda file: its other columns, and the codes of its labels."""
    import pyreadr

    (frame,) = pyreadr.read_r(path).values()
    y = frame[label].astype("category").cat.codes
    return frame.drop(columns=label).to_numpy("float32"), y.to_numpy()


def cells(path):
    """Returns (counts [700, 765], types of cells [700]); the file has log-normalized counts."""
    import h5py

    with h5py.File(path) as file:
        raw, observed = file["raw.X"], file["obs"][:]
        x = np.zeros((700, 765))
        starts, columns, values = (raw[name][:] for name in ("indptr", "indices", "data"))
        for row, (start, end) in enumerate(itertools.pairwise(starts)):
            x[row, columns[start:end]] = values[start:end]
    counts = np.rint(np.expm1(x) * observed["n_counts"][:, None] / 1e4)
    return counts.astype("float32"), observed["bulk_labels"]


def main(mlbench, scanpy, folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, label in TABLES.items():
        x, y = table(pathlib.Path(mlbench) / f"{name}.rda", label)
        np.savez_compressed(folder / f"{name.lower()}.npz", x=x, y=y)
    x, y = cells(pathlib.Path(scanpy) / CELLS)
    np.savez_compressed(folder / "cells.npz", x=x, y=y)


if __name__ == "__main__":
    main(*sys.argv[1:])
