"""Missing cells of tables, filled in: the default InfoVAE beside scikit-learn's imputers.

Of the known cells of up to 2,000 rows, 20 or 50 % are hidden at random; each method learns from the
rows with these holes and fills them in. `nrmse` is the root mean square error of a column of
numbers in units of its standard deviation, `accuracy` the share of a column's categories that are
right, both of hidden cells, as means over columns. scikit-learn's imputers (defaults) see
standardized numbers and one-hot categories, of which the largest counts. Ours has 100 epochs and
fills in what `model.impute` does by default.
"""

import keras
import numpy as np
import pandas
import splits
import table
from absl import flags

import keras_infovae as ki

FLAGS = flags.FLAGS  # --seeds is that of run.py

COLUMNS = ("table", "share", "seed", "method", "nrmse", "accuracy")
CASE = COLUMNS[:4]
SHARES = (0.2, 0.5)
_ROWS = 2000
_EPOCHS = 100


def problem(folder, name, share, seed):
    """Returns (rows, the same with hidden cells, which are hidden: bool [rows, columns])."""
    rows, _ = splits.split(folder, name, seed, most=_ROWS * 3 // 2)
    hidden = np.random.default_rng([seed, round(100 * share)]).random(rows.shape) < share
    hidden &= rows.notna().to_numpy()
    return rows, rows.mask(hidden), hidden


def is_number(rows):
    """Returns {column: whether it is one of numbers}, of more than two values."""
    numeric = pandas.api.types.is_numeric_dtype
    return {name: numeric(rows[name]) and rows[name].nunique() > 2 for name in rows}


# === Methods: (rows with holes, seed) -> rows ===


def mean_or_mode(rows, seed):
    numbers = is_number(rows)
    filled = {
        name: column.fillna(column.mean() if numbers[name] else column.mode()[0])
        for name, column in rows.items()
    }
    return pandas.DataFrame(filled)


def by_imputer(make):
    """Returns the method of an imputer of scikit-learn, `make(seed)`."""

    def method(rows, seed):
        parts, numbers = {}, is_number(rows)
        for name, column in rows.items():
            if numbers[name]:
                parts[name] = ((column - column.mean()) / column.std()).to_frame()
            else:
                # All but one: columns that add up to 1 tell IterativeImputer what it began with.
                one_hot = pandas.get_dummies(column, dtype="float64").iloc[:, 1:]
                parts[name] = one_hot.mask(column.isna())
        x = pandas.concat(parts, axis=1)
        x[:] = make(seed).fit_transform(x.to_numpy())
        filled = {}
        for name, column in rows.items():
            if numbers[name]:
                values = x[name].iloc[:, 0] * column.std() + column.mean()
            else:
                first = sorted(column.dropna().unique())[0]
                rest = (1.0 - x[name].sum(axis=1)).rename(first)
                values = pandas.concat([rest, x[name]], axis=1).idxmax(axis=1)
            filled[name] = column.where(column.notna(), values)
        return pandas.DataFrame(filled)

    return method


def iterative(seed):
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer

    return IterativeImputer(random_state=seed)


def neighbors(seed):
    from sklearn.impute import KNNImputer

    return KNNImputer()


def ours(rows, seed):
    keras.utils.set_random_seed(seed)
    model = ki.InfoVAE(latent_dim=16, seed=seed)
    model.fit(rows, epochs=_EPOCHS, batch_size=128, verbose=0)
    return model.impute(rows, seed=seed)


METHODS = {
    "mean or mode": mean_or_mode,
    "IterativeImputer": by_imputer(iterative),
    "KNNImputer": by_imputer(neighbors),
    "InfoVAE": ours,
}


# === The table ===


def score(rows, filled, hidden):
    """Returns (nrmse, accuracy), means over columns."""
    errors, rights = [], []
    for i, (name, number) in enumerate(is_number(rows).items()):
        cells = hidden[:, i]
        true, found = rows[name][cells], filled[name][cells]
        if number:
            error = true.to_numpy("float64") - found.to_numpy("float64")
            errors.append(np.sqrt(np.mean(error**2)) / rows[name].std())
        else:
            rights.append(np.mean(true.astype(str).to_numpy() == found.astype(str).to_numpy()))
    return np.mean(errors), np.mean(rights)


def run(output, folder):
    """Adds a row to the table at `output` for each problem and method that is not in it."""
    for seed in range(FLAGS.seeds):
        for name in FLAGS.tables:
            for share in SHARES:
                done = table.cases_of(output, CASE)
                case = name, str(share), str(seed)
                rows, holes, hidden = problem(folder, name, share, seed)
                for method, fill in METHODS.items():
                    if (*case, method) not in done:
                        found = score(rows, fill(holes, seed), hidden)
                        numbers = [f"{value:.4f}" for value in found]
                        table.add_rows(output, COLUMNS, [(*case, method, *numbers)])


def summary(rows):
    """Prints, of each table, share and method, means over the seeds."""
    rows[["nrmse", "accuracy"]] = rows[["nrmse", "accuracy"]].astype(float)
    for measure in ("nrmse", "accuracy"):
        means = rows.pivot_table(measure, ["table", "share"], "method", sort=False)
        print(f"\n{measure}\n{means.round(3).to_string()}")
