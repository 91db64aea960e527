"""One process of a cluster: trains a small model and writes what came of it as JSON.

    TF_CONFIG=... python -m tests.training.worker RESULT.json

With `--plain_outputs` the steps return scalars to Keras, as they would without the workaround.
"""

import json
import sys

import keras
import numpy as np
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.utils import reductions

X = np.random.default_rng(0).random((44, 5)).astype("float32")  # the last batch of 16 has 12
NETWORK = ki.networks.MLP([6], "tanh")
DIVERGENCES = ("mmd", "adversarial")


def train(divergence):
    """Returns (losses of each epoch, weights) of a model that an array and a dataset trained."""
    keras.utils.set_random_seed(0)
    model = ki.InfoVAE(
        2, lambda_=5.0, divergence=divergence, encoder=NETWORK, decoder=NETWORK, seed=0
    )
    model.compile("adam", jit_compile=False)
    histories = [
        model.fit(X, validation_data=(X[:15],), batch_size=16, epochs=2, verbose=0).history,
        model.fit(tf.data.Dataset.from_tensor_slices(X).batch(10), epochs=1, verbose=0).history,
    ]
    return histories, [weights.tolist() for weights in model.get_weights()]


def main():
    strategy = ki.training.get_strategy()
    if "--plain_outputs" in sys.argv:
        reductions.step_output = lambda value: value
    with strategy.scope():
        results = {name: train(name) for name in DIVERGENCES}
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump({"replicas": strategy.num_replicas_in_sync, "results": results}, file)


if __name__ == "__main__":
    main()
