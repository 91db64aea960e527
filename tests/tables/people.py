"""A table with a column of each kind, for tests."""

import numpy as np
import pandas

# Before version 3, pandas reads no date before 1678 or after 2261.
NARROW_DATES = pandas.isna(pandas.to_datetime("3000-01-01", errors="coerce"))


def people(n=60, seed=0):
    """A table with a column of each kind, and missing values in some."""
    rng = np.random.default_rng(seed)
    days = pandas.Timestamp("2024-01-01") + pandas.to_timedelta(rng.integers(0, 500, n), unit="D")
    sizes = pandas.CategoricalDtype(["S", "M", "L", "XL"], ordered=True)
    table = pandas.DataFrame(
        {
            "id": np.arange(n),
            "age": rng.integers(18, 90, n),
            "income": np.round(rng.lognormal(10, 1, n), 2),
            "sex": rng.choice(["F", "M"], n),
            "city": rng.choice(["Rome", "Oslo", "Bonn"], n),
            "size": pandas.Categorical(rng.choice(["S", "M", "L"], n), dtype=sizes),
            "born": days,
            "seen": days.strftime("%Y-%m-%d"),
            "member": rng.random(n) < 0.5,
            "visits": pandas.array(rng.poisson(2, n), "Int64"),
            "unit": "cm",
            "note": [f"text {i}" for i in range(n)],
        }
    )
    for name in ("income", "city", "visits"):
        table.loc[rng.random(n) < 0.2, name] = pandas.NA if name == "visits" else None
    return table
