"""What `anomalies.py` asks of another environment: data of R's mlbench, and PyOD's detectors.

    python3 -m venv peers && peers/bin/pip install pyod torch tqdm pyreadr pandas
    peers/bin/python benchmarks/studies/anomaly_peers.py convert MLBENCH FOLDER
    peers/bin/python benchmarks/studies/anomaly_peers.py score FOLDER

`convert` reads Glass.rda, Ionosphere.rda, PimaIndiansDiabetes.rda and BreastCancer.rda in MLBENCH
(Debian: apt-get download r-cran-mlbench, dpkg -x; the folder is .../site-library/mlbench/data) and
writes one .npz for each, with `x` and `anomaly`. `score` reads each .npz in FOLDER with `train`,
`test` and `seed`, and writes one beside it with the scores of each detector, by its defaults.
"""

import pathlib
import sys

import numpy as np

# Of each set the file, the column of the class, the unusual class, and columns to leave out.
SETS = {
    "glass": ("Glass", "Type", "6", ()),
    "ionosphere": ("Ionosphere", "Class", "bad", ("V2",)),
    "pima": ("PimaIndiansDiabetes", "diabetes", "pos", ()),
    "wbc": ("BreastCancer", "Class", "malignant", ("Id",)),
}


def convert(source, target):
    """Writes the sets of `source`, a folder of .rda files, to the folder `target`."""
    import pyreadr

    for name, (file, column, unusual, left_out) in SETS.items():
        (table,) = pyreadr.read_r(str(pathlib.Path(source, f"{file}.rda"))).values()
        table = table.dropna()
        x = table.drop(columns=[column, *left_out]).astype(str).astype("float64")
        anomaly = table[column].astype(str) == unusual
        np.savez(pathlib.Path(target, f"{name}.npz"), x=x, anomaly=anomaly)


def detectors(seed):
    """Returns {name: a detector of PyOD with its defaults}."""
    import torch
    from pyod.models.iforest import IForest
    from pyod.models.knn import KNN
    from pyod.models.vae import VAE

    torch.manual_seed(seed)
    torch.set_num_threads(1)
    return {
        "PyOD VAE": VAE(random_state=seed, verbose=0),
        "isolation forest": IForest(random_state=seed),
        "k nearest neighbors": KNN(),
    }


def score(folder):
    """Writes the scores of all detectors on each problem in `folder`."""
    for path in sorted(pathlib.Path(folder).glob("problem_*.npz")):
        problem, found = np.load(path), {}
        for name, detector in detectors(int(problem["seed"])).items():
            detector.fit(problem["train"])
            found[name] = detector.decision_function(problem["test"])
        np.savez(path.with_name(path.name.replace("problem", "scores")), **found)


if __name__ == "__main__":
    {"convert": convert, "score": score}[sys.argv[1]](*sys.argv[2:])
