"""The sets of the studies of anomalies, in two regimes.

Eight sets: four of scikit-learn, and four of R's mlbench where `--mlbench` and `--peers_python` say
where these are (anomaly_peers.py). "all" trains on all rows, anomalies among them, and scores the
same rows; "normals" trains on 70 % of the usual rows, and scores the others and the anomalies.
"""

import pathlib
import subprocess
import tempfile

import numpy as np
from absl import flags
from sklearn import datasets

import keras_infovae as ki

FLAGS = flags.FLAGS
flags.DEFINE_string("mlbench", None, "The folder of the .rda files of R's mlbench.")
flags.DEFINE_string("peers_python", None, "The interpreter of the environment with PyOD.")
flags.DEFINE_list("sets", None, "The sets to study. Default: all.")

REGIMES = ("all", "normals")
PEERS = pathlib.Path(__file__).with_name("anomaly_peers.py")


def sets(seeds):
    """Yields (name, regime, seed, x, whether each row of x is an anomaly) of all problems."""
    others = mlbench_sets()
    for seed in range(seeds):
        for name, (x, anomaly) in (sklearn_sets(seed) | others).items():
            for regime in REGIMES if FLAGS.sets is None or name in FLAGS.sets else ():
                yield name, regime, seed, x, anomaly


def standardized(train, test):
    """Returns both, float32, in units of the training rows' columns."""
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    deviation = np.where(deviation > 0, deviation, 1.0)
    return [((x - mean) / deviation).astype("float32") for x in (train, test)]


def sklearn_sets(seed):
    """Returns {name: (x, whether each row is an anomaly)}: of the unusual, a tenth of all rows."""
    rng = np.random.default_rng(seed)

    def some(x, usual, unusual):
        count = round(usual.sum() / 9)
        chosen = rng.choice(np.flatnonzero(unusual), count, replace=False)
        return np.concatenate([x[usual], x[chosen]]), np.repeat([0, 1], [usual.sum(), count])

    x, y = datasets.load_breast_cancer(return_X_y=True)
    sets = {"breast_cancer": some(x, y == 1, y == 0)}
    x, y = datasets.load_wine(return_X_y=True)
    sets["wine"] = some(x, y > 0, y == 0)
    x, y = datasets.load_digits(return_X_y=True)
    for digit in (4, 8):
        sets[f"digits_{digit}"] = some(x, y == digit, y != digit)
    return sets


def mlbench_sets():
    """Returns the sets that the other environment reads, in the same form."""
    if FLAGS.mlbench is None or FLAGS.peers_python is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        command = [FLAGS.peers_python, str(PEERS), "convert", FLAGS.mlbench, folder]
        subprocess.run(command, check=True)
        files = {path.stem: np.load(path) for path in sorted(pathlib.Path(folder).iterdir())}
        return {name: (file["x"], file["anomaly"].astype(int)) for name, file in files.items()}


def problem(x, anomaly, regime, seed):
    """Returns (training rows, test rows, whether each of these is an anomaly)."""
    if regime == "all":
        return x, x, anomaly
    usual = np.random.default_rng(seed).permutation(np.flatnonzero(anomaly == 0))
    count = round(0.7 * len(usual))
    test = np.concatenate([usual[count:], np.flatnonzero(anomaly)])
    return x[usual[:count]], x[test], anomaly[test]


def detector_scores(train, test, seed, kind=None, **options):
    """Returns the scores of the test rows by our detector of outliers.

    Args:
        train, test: rows, columns as they are.
        seed: of the detector.
        kind: of columns with more than two values, as for `OutlierDetector(kinds=...)`. Default
            None: its own.
        **options: other arguments of it.
    """
    several = [i for i, values in enumerate(train.T) if len(np.unique(values)) > 2]
    kinds = None if kind is None else dict.fromkeys(several, kind)
    detector = ki.scikit_learn.OutlierDetector(kinds=kinds, random_state=seed, **options)
    return -detector.fit(train).score_samples(test)
