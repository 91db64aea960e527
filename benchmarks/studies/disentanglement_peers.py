"""Our metrics of disentanglement beside those of the package disent, on the same codes and factors.

    python benchmarks/studies/disentanglement_peers.py --of=keras-infovae
    python benchmarks/studies/disentanglement_peers.py --of=disent  # where disent is installed

Four sets of 8,000 codes of three factors (3, 4 and 5 values): the factors themselves and a
dimension of noise ("perfect"), the same with noise of half a standard deviation ("noisy"), turned
by a random rotation ("rotated"), and independent of the factors ("noise"). Writes a row per set,
package and metric; docs/evaluation.md has the table. disent has four of our six metrics.
"""

import argparse
import csv
import importlib.metadata
import itertools
import pathlib

import numpy as np

OUTPUT = pathlib.Path(__file__).with_suffix(".csv")
COLUMNS = ("set", "package", "version", "metric", "score")
SIZES = (3, 4, 5)
EXAMPLES = 8000
SETS = ("perfect", "noisy", "rotated", "noise")


def codes_and_factors(name):
    """Returns (z [n, 4], factors [n, 3]) of a set; the same in every environment."""
    rng = np.random.default_rng(0)
    factors = np.stack([rng.integers(size, size=EXAMPLES) for size in SIZES], axis=1)
    z = np.concatenate([factors, rng.normal(size=(EXAMPLES, 1))], axis=1)
    z = (z - z.mean(0)) / z.std(0)
    if name == "noisy":
        z = z + 0.5 * rng.normal(size=z.shape)
    elif name == "rotated":
        z = z @ np.linalg.qr(rng.normal(size=(4, 4)))[0]
    elif name == "noise":
        z = rng.normal(size=z.shape)
    return z, factors


def ours(z, factors):
    """Yields (metric, score) of this package."""
    from keras_infovae.evaluation import disentanglement_metrics as metrics

    dci = metrics.disentanglement_completeness_informativeness(z, factors)
    yield from ((f"DCI {name}", score) for name, score in dci.items())
    yield "FactorVAE score", metrics.factor_vae_score(z, factors)
    yield "mutual information gap", metrics.mutual_information_gap(z, factors)
    yield (
        "separated attribute predictability",
        metrics.separated_attribute_predictability(z, factors),
    )
    yield "beta-VAE score", metrics.beta_vae_score(z, factors)
    yield "modularity", metrics.modularity(z, factors)


class Rows:
    """What disent's metrics ask of a set, of rows that are there: an example is its row's number.

    Args:
        factors: [n, num_factors].
    """

    def __init__(self, factors):
        self.gt_data, self.num_factors = self, factors.shape[1]
        self._factors, self._rng = factors, np.random.default_rng(1)
        places = itertools.product(*map(range, factors.max(axis=0) + 1))
        self._rows = {one: np.flatnonzero((factors == one).all(axis=1)) for one in places}

    def sample_factors(self, size):
        return self._factors[self._rng.integers(len(self._factors), size=size)].copy()

    def dataset_batch_from_factors(self, factors, mode):
        return np.array([self._rng.choice(self._rows[tuple(one)]) for one in factors.tolist()])

    def dataset_sample_batch(self, num_samples, mode):
        return self._rng.integers(len(self._factors), size=num_samples)

    def dataset_sample_batch_with_factors(self, num_samples, mode):
        rows = self.dataset_sample_batch(num_samples, mode)
        return rows, self._factors[rows]


def theirs(z, factors):
    """Yields (metric, score) of disent; fewer draws than its defaults, of minutes each."""
    from disent import metrics

    data, encode = Rows(factors), z.__getitem__
    np.random.seed(0)  # disent draws from it
    dci = metrics.metric_dci(data, encode, num_train=4000, num_test=2000)
    for name in ("disentanglement", "completeness"):
        yield f"DCI {name}", dci[f"dci.{name}"]
    yield "DCI informativeness", dci["dci.informativeness_test"]
    vote = {"num_train": 800, "num_eval": 800, "num_variance_estimate": 4000}
    found = metrics.metric_factor_vae(data, encode, **vote)
    yield "FactorVAE score", found["factor_vae.eval_accuracy"]
    gap = metrics.metric_mig(data, encode, num_train=EXAMPLES)
    yield "mutual information gap", gap["mig.discrete_score"]
    gap = metrics.metric_sap(data, encode, num_train=4000, num_test=4000)
    yield "separated attribute predictability", gap["sap.score"]


def main(package):
    rows = []
    if OUTPUT.exists():
        with open(OUTPUT, encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if row["package"] != package]
    version = importlib.metadata.version(package)
    for name in SETS:
        for metric, score in (theirs if package == "disent" else ours)(*codes_and_factors(name)):
            print(f"{name:8} {metric:36} {score:.3f}", flush=True)
            rows.append(dict(zip(COLUMNS, (name, package, version, metric, f"{score:.3f}"))))
    rows.sort(key=lambda row: (SETS.index(row["set"]), row["metric"], row["package"]))
    with open(OUTPUT, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--of", choices=("keras-infovae", "disent"), required=True)
    main(parser.parse_args().of)
