"""Over-fitted inference: log det Cov[q(z)] and the inference gap against the size of the data.

    python examples/reproduce/overfitting.py --data=mnist --sizes=500,1000,5000,50000

Sections 5.2 of the paper (figure 4), and the KL of q(z|x) from the true posterior. --data=digits,
the default, takes a few minutes and shows the same in small.
"""

import common
import numpy as np
from absl import app, flags

import keras_infovae as ki

FLAGS = flags.FLAGS
common.define_flags(steps=4000)
flags.DEFINE_list("sizes", ["100", "500", "1000"], "Training examples.")
flags.DEFINE_integer("latent_dim", 10, "Dimensions of z.", lower_bound=1)


def main(_):
    data = common.load_images()
    sizes = [int(size) for size in FLAGS.sizes]
    if max(sizes) > len(data.train):
        raise app.UsageError(f"--sizes must be at most {len(data.train):,}, the training examples.")

    def measure(n, model, seed):
        trained = common.trained(data, model, FLAGS.latent_dim, n, seed)
        order = np.random.default_rng(seed).permutation(len(data.train))[:n]
        train, test = data.train[order][: FLAGS.test_examples], data.test[: FLAGS.test_examples]
        numbers = {}
        for name, x in (("train", train), ("test", test)):
            nats = ki.evaluation.inference_gap(trained, x, num_samples=500)
            numbers[f"log_det_{name}"] = ki.evaluation.log_det_covariance(trained, x)
            numbers[f"elbo_{name}"] = np.mean(nats.elbo)
            numbers[f"importance_weighted_bound_{name}"] = np.mean(nats.log_likelihood)
            numbers[f"inference_gap_{name}"] = np.mean(nats.gap)
        return numbers

    cells = [
        {"n": n, "model": model, "seed": seed}
        for seed in range(FLAGS.seeds)
        for n in sizes
        for model in FLAGS.models
    ]
    kept = ("networks", "steps", "test_examples", "latent_dim")
    common.sweep(common.table_name("overfitting", data), cells, measure, kept)


if __name__ == "__main__":
    app.run(main)
