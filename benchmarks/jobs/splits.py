"""The tables of the jobs, and how they are split."""

import pathlib

import numpy as np
import peers

# Of each table the column that others are asked to predict.
TARGETS = {"Chile": "vote", "HI": "whi", "Males": "occupation", "diamonds": "price"}
MOST_ROWS = 4500  # of a table, so that the peers' 300 epochs take minutes


def split(folder, name, seed, most=MOST_ROWS):
    """Returns (training rows, held-out rows), DataFrames: two thirds and one third.

    Args:
        folder: of the tables' .csv files.
        name: of the table.
        seed: of the order of its rows.
        most: how many of them are taken. Default 4,500.
    """
    frame = peers.read(pathlib.Path(folder, f"{name}.csv"))
    order = np.random.default_rng(seed).permutation(len(frame))[:most]
    count = round(2 / 3 * len(order))
    return [frame.iloc[rows].reset_index(drop=True) for rows in (order[:count], order[count:])]


def write_rows(folder, seeds, tables):
    """Writes the rows of each table and seed to `folder`, where they are not yet there."""
    for name in tables:
        for seed in range(seeds):
            for what, rows in zip(("train", "real"), split(folder, name, seed)):
                path = pathlib.Path(folder, f"{name}_{seed}_{what}.csv")
                if not path.exists():
                    peers.write(rows, path)
