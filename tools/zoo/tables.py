"""Recipes of tables: mixed columns, counts."""

import dataclasses
import os
import tempfile

import numpy as np
import pandas

import keras_infovae as ki
from keras_infovae.networks import MLP
from keras_infovae.utils.splits import SPLITS
from tools.zoo.recipe import Recipe, recipe


def customers(count, seed):
    """Returns a table of customers that nobody is: columns of five kinds that depend on each other.

    Args:
        count: how many rows.
        seed: integer.
    """
    rng = np.random.default_rng(seed)
    age = np.clip(rng.normal(46, 15, count), 18, 90).round()
    plan = np.where(rng.random(count) < 0.25 + 0.006 * (age - 18), "family", "single")
    plan = np.where((age < 27) & (rng.random(count) < 0.6), "student", plan)
    income = np.exp(
        rng.normal(10.2 + 0.012 * np.minimum(age, 60) - 0.7 * (plan == "student"), 0.35)
    )
    visits = rng.poisson(np.where(plan == "family", 6.0, 2.5))
    spent = np.round(visits * np.exp(rng.normal(2.5 + 2e-6 * income, 0.4, count)), 2)
    joined = pandas.Timestamp("2015-01-01") + pandas.to_timedelta(
        rng.integers(0, 3600, count), unit="D"
    )
    income = pandas.Series(income.round(-1)).mask(rng.random(count) < 0.1)
    return pandas.DataFrame(
        {
            "age": age.astype(int),
            "plan": plan,
            "income": income,
            "visits": visits,
            "spent": spent,
            "joined": joined,
            "newsletter": rng.random(count) < np.where(visits > 4, 0.7, 0.2),
        }
    )


@recipe
def customers_vae():
    def load(path):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "customers.csv")
            customers(3000, 0).to_csv(path, index=False)
            return dataclasses.replace(ki.tables.load(path), name="customers")

    return Recipe(
        about="VAE of a table: numbers, a category, counts, money, dates, a flag, some missing.",
        use="New rows, missing values by `impute`, rows with a given value, odd rows by `score`.",
        limitations=(
            "The table is drawn by a program: nothing in it says anything of people.",
            "`spent` is 0 without visits; new rows keep such rules only roughly.",
        ),
        data="3,000 rows drawn by `customers` in tools/zoo/tables.py, seed 0.",
        license="apache-2.0",
        load=load,
        model=lambda seed, data: ki.VAE(
            6,
            preprocessor=data.preprocessor,
            encoder=MLP((64, 64)),
            decoder=MLP((64, 64)),
            seed=seed,
        ),
        batch_size=128,
        pictures=("samples",),
    )


@recipe
def cells_info_vae():
    def load(path):
        if path is None:
            raise ValueError("Flag --data must be cells.npz, which convert_sets.py makes.")
        with np.load(path) as file:
            x, y = file["x"], file["y"]
        order = np.random.default_rng(0).permutation(len(x))
        parts = dict(zip(SPLITS, np.split(order, [490, 595])))
        rows = {part: x[rows] for part, rows in parts.items()}
        labels = {f"{part}_labels": y[rows] for part, rows in parts.items()}
        return ki.datasets.Dataset("counts of genes in blood cells", **rows, **labels)

    return Recipe(
        about="InfoVAE of counts of 765 genes in blood cells, 10 latents: negative binomials of "
        "observed totals.",
        use="Codes of cells by type; a start for counts whose totals vary (docs/counts.md).",
        limitations=(
            "490 cells of one donor to train on: codes of other cells are a guess.",
            "A row must have these 765 genes, in their order.",
            "The counts were got back from rounded logarithms.",
            "`generate` gives means, without the noise of counts: draw cells by `sample=True`. The "
            "numbers on samples are of means.",
        ),
        data="700 blood cells of 765 genes, 10x_pbmc68k_reduced of scanpy (BSD-3-Clause), from "
        "Fresh 68k PBMCs, Donor A (10x Genomics, CC BY 4.0; Zheng et al., 2017); made to counts by "
        "benchmarks/studies/convert_sets.py.",
        license="cc-by-4.0",
        load=load,
        model=lambda seed, data: ki.InfoVAE(
            10,
            likelihood=ki.likelihoods.NegativeBinomial(library_size="observed"),
            encoder=MLP((128,)),
            decoder=MLP((128,)),
            seed=seed,
        ),
        in_package=False,
        pictures=("latent_space",),
    )
