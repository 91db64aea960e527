"""What 20 steps of every model come to: the terms of each step, and a checksum of the weights.

Two versions of the package train alike where their fingerprints agree:

    python tools/training_fingerprint.py --output=before.json       # in one checkout
    python tools/training_fingerprint.py --output=after.json        # in the other
    python tools/training_fingerprint.py --compare before.json after.json

Each model, and three more divergences, on vectors and images, in float32 and mixed_bfloat16, on one
device and on two replicas.
"""

import argparse
import json
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, os.getcwd())

import keras
import numpy as np
import tensorflow as tf

import keras_infovae as ki

tf.config.set_logical_device_configuration(  # before anything is made
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
STEPS = 20
TOLERANCE = 1e-5
DATA = {
    "vectors": np.random.default_rng(0).random((16, 5)).astype("float32"),
    "images": np.random.default_rng(1).random((8, 8, 8, 1)).astype("float32"),
}
_CRITIC = {"hidden_units": (8,)}
MODELS = {
    "InfoVAE": (ki.InfoVAE, lambda: {}),
    "InfoVAE of half alpha": (ki.InfoVAE, lambda: {"alpha": 0.5, "likelihood": "normal"}),
    "InfoVAE, imq kernel": (
        ki.InfoVAE,
        lambda: {"divergence": ki.divergences.MaximumMeanDiscrepancy("imq")},
    ),
    "InfoVAE, energy distance": (
        ki.InfoVAE,
        lambda: {"divergence": "energy_distance", "lambda_": 5.0},
    ),
    "InfoVAE, density ratio": (
        ki.InfoVAE,
        lambda: {"divergence": ki.divergences.DensityRatioKL(**_CRITIC), "lambda_": 2.0},
    ),
    "InfoVAE, vamp": (ki.InfoVAE, lambda: {"prior": ki.priors.VampPrior(4)}),
    "VAE": (ki.VAE, lambda: {}),
    "BetaVAE": (ki.BetaVAE, lambda: {"beta": ki.schedules.Linear(0.1, 2.0, duration=9)}),
    "MMDVAE": (ki.MMDVAE, lambda: {}),
    "AdversarialAutoencoder": (
        ki.AdversarialAutoencoder,
        lambda: {"divergence": ki.divergences.Adversarial(**_CRITIC)},
    ),
    "WassersteinAutoencoder": (ki.WassersteinAutoencoder, lambda: {}),
    "SteinVAE": (ki.SteinVAE, lambda: {"lambda_": 10.0}),
    "FactorVAE": (
        ki.FactorVAE,
        lambda: {"divergence": ki.divergences.TotalCorrelationCritic(**_CRITIC)},
    ),
    "BetaTCVAE": (ki.BetaTCVAE, lambda: {}),
    "DIPVAE": (ki.DIPVAE, lambda: {"kind": "i"}),
    "AnnealedVAE": (ki.AnnealedVAE, lambda: {"capacity": 3.0, "gamma": 10.0}),
    "IWAE": (ki.IWAE, lambda: {"num_samples": 3}),
}
if hasattr(ki, "ConditionalInfoVAE"):
    MODELS["conditional"] = (ki.ConditionalInfoVAE, lambda: {"num_classes": 3})
else:
    MODELS["conditional"] = (ki.InfoVAE, lambda: {"condition": ki.conditions.Classes(3)})


def train(model_class, arguments, x, conditional, policy, strategy):
    """Returns {term: its values at each step} and the norms of all weights."""
    keras.utils.set_random_seed(3)
    keras.config.set_dtype_policy(policy)
    with strategy.scope():
        network = type(ki.networks.default_for(x.shape[1:]))([8])
        arguments = {"seed": 1, "encoder": network, "decoder": network} | arguments
        model = model_class(3, **arguments)
        model.compile("adam", run_eagerly=strategy.num_replicas_in_sync == 1)
    given = {"condition": np.arange(len(x)) % 3} if conditional else {}
    history = model.fit(x, epochs=STEPS, batch_size=len(x), verbose=0, **given).history
    norms = sorted(float(np.linalg.norm(np.float64(w.numpy()))) for w in model.weights)
    keras.config.set_dtype_policy("float32")
    return history | {"weights": norms}


def fingerprint():
    replicas = tf.distribute.MirroredStrategy(
        ["CPU:0", "CPU:1"], cross_device_ops=tf.distribute.HierarchicalCopyAllReduce()
    )
    one = tf.distribute.get_strategy()
    found = {}
    for name, (model_class, arguments) in MODELS.items():
        for kind, x in DATA.items():
            for policy in ("float32", "mixed_bfloat16"):
                for strategy in (one, replicas):
                    count = strategy.num_replicas_in_sync
                    if count > 1 and (policy, kind) != ("float32", "vectors"):
                        continue  # one row of the table for each of the three
                    key = f"{name}, {kind}, {policy}, {count} replicas"
                    found[key] = train(
                        model_class, arguments(), x, name == "conditional", policy, strategy
                    )
                    print(key, found[key]["loss"][-1], flush=True)
                    keras.backend.clear_session()
    return found


def compare(before, after):
    """Prints the largest relative difference of each case; returns whether all are within 1e-5."""
    worst = 0.0
    for key in sorted(set(before) | set(after)):
        if key not in before or key not in after:
            print(f"{key}: in one file only")
            worst = np.inf
            continue
        difference = 0.0
        for term, values in before[key].items():
            if term not in after[key] or len(values) != len(after[key][term]):
                difference = np.inf
                continue
            a, b = np.array(values), np.array(after[key][term])
            difference = max(difference, float(np.max(np.abs(a - b) / np.maximum(1, np.abs(a)))))
        worst = max(worst, difference)
        if difference > TOLERANCE:
            print(f"{key}: {difference:.2g}")
    print(f"{len(before)} cases; the largest difference is {worst:.2g}")
    return worst <= TOLERANCE


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", help="the file to write")
    parser.add_argument("--compare", nargs=2, help="two files that were written")
    given = parser.parse_args()
    if given.compare:
        before, after = (json.loads(pathlib.Path(p).read_text("utf-8")) for p in given.compare)
        sys.exit(0 if compare(before, after) else 1)
    with open(given.output, "w", encoding="utf-8") as file:
        json.dump(fingerprint(), file)


if __name__ == "__main__":
    main()
