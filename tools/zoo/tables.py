"""Recipes of tables: mixed columns."""

import dataclasses
import os
import tempfile

import numpy as np
import pandas

import keras_infovae as ki
from keras_infovae.networks import MLP
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
