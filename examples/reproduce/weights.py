"""log p(x) of test examples over the weight of the MMD and the length of training.

    python examples/reproduce/weights.py --data=mnist --latent_dim=20 --lengths=4000,16000

Of each alpha:lambda one model is trained to the longest of --lengths and measured at each of them:
as it is then ("last"), and as it was when a validation set that it is not trained on had the best
ELBO ("best"), looked at every --every steps. 0:1 is the VAE; `auto` the library's own weight. Nats
per example: annealed importance sampling, which looks at the decoder alone, importance sampling
with the encoder's help, and the ELBO of 16 draws.
"""

import common
import keras
import numpy as np
import tensorflow as tf
from absl import app, flags

import keras_infovae as ki

FLAGS = flags.FLAGS
WEIGHTS = ["0:1", "0:100", "0:auto", "0:1000", "0.5:100", "0.5:300", "0.5:auto", "0.5:1000"]
common.define_common_flags()
flags.DEFINE_string("data", "digits", "What ki.datasets.load takes: a name or a path.")
flags.DEFINE_integer("latent_dim", 10, "Dimensions of z.", lower_bound=1)
flags.DEFINE_list("weights", WEIGHTS, "alpha:lambda of the models.")
flags.DEFINE_list("lengths", ["4000", "16000"], "Steps after which models are measured, ascending.")
flags.DEFINE_integer("every", 500, "Steps between looks at the validation ELBO.", lower_bound=1)
flags.DEFINE_integer("validation_examples", 500, "Of the training examples.", lower_bound=20)
flags.DEFINE_integer("test_examples", 200, "How many are measured.", lower_bound=20)
common.define_annealing_flags()

KEPT = ("latent_dim", "validation_examples", "test_examples", "chains", "temperatures", "every")


def weight_of(text):
    """Returns the lambda that a text says."""
    return text if text == "auto" else float(text)


class Run:
    """A training that goes on from one length to the next, and knows its best weights.

    Args:
        x: the examples to train on.
        validation: those that tell the best weights.
        alpha, lambda_, seed: of the model.
    """

    def __init__(self, x, validation, alpha, lambda_, seed):
        keras.utils.set_random_seed(seed)
        networks = {part: common.NETWORKS["mlp"]() for part in ("encoder", "decoder")}
        self.model = ki.InfoVAE(
            FLAGS.latent_dim, alpha=float(alpha), lambda_=weight_of(lambda_), seed=seed, **networks
        )
        self.model.compile(keras.optimizers.Adam(1e-3))
        batches = tf.data.Dataset.from_tensor_slices(x).shuffle(len(x), seed=seed)
        self._batches = iter(batches.repeat().batch(100))
        self._validation = validation
        self._best, self._weights = -np.inf, None
        self.steps = self.best_steps = 0

    def train(self, steps):
        """Trains on, to that many steps in all."""
        while self.steps < steps:
            count = min(FLAGS.every, steps - self.steps)
            batches = (next(self._batches) for _ in range(count))
            batches = np.concatenate(list(batches))
            self.model.fit(batches, batch_size=100, shuffle=False, epochs=1, verbose=0)
            self.steps += count
            elbo = mean_elbo(self.model, self._validation)
            if elbo > self._best:
                self._best, self.best_steps = elbo, self.steps
                self._weights = self.model.get_weights()

    def best(self, measure):
        """Returns measure() of the best weights, which it takes back afterwards."""
        last = self.model.get_weights()
        self.model.set_weights(self._weights)
        try:
            return measure()
        finally:
            self.model.set_weights(last)


def mean_elbo(model, x):
    """Returns the mean ELBO of x, over 16 draws of z each."""
    return -np.mean(model.score(x, ki.anomaly_scores.NegativeElbo(16)), dtype="float64")


def log_likelihoods(model, test, seed):
    """Returns {name: number} of the model as it is."""
    return common.log_likelihoods(model, test, mean_elbo(model, test), seed)[0]


def main(_):
    for weights in FLAGS.weights:  # a wrong one is told before the trainings of the others
        alpha, _, lambda_ = weights.partition(":")
        try:
            ki.InfoVAE(1, alpha=float(alpha), lambda_=weight_of(lambda_))
        except ValueError as error:
            raise SystemExit(f"--weights={weights}: {error}") from error
    data = common.load_images()
    test = data.test[: FLAGS.test_examples]
    validation, x = np.split(data.train, [FLAGS.validation_examples])
    runs = {}

    def measure(weights, seed, steps, of):
        if runs.get("of") != (weights, seed):
            keras.backend.clear_session()
            runs.update(of=(weights, seed), run=Run(x, validation, *weights.split(":"), seed))
        run = runs["run"]
        run.train(steps)
        at = run.steps if of == "last" else run.best_steps
        if runs.get("at") != (weights, seed, at):  # the best may be the last, or that of before
            if of == "last":
                numbers = log_likelihoods(run.model, test, seed)
            else:
                numbers = run.best(lambda: log_likelihoods(run.model, test, seed))
            runs.update(at=(weights, seed, at), numbers=numbers)
        return {"at_step": at} | runs["numbers"]

    lengths = sorted(map(int, FLAGS.lengths))
    cells = [
        {"weights": weights, "seed": seed, "steps": steps, "of": of}
        for seed in range(FLAGS.seeds)
        for weights in FLAGS.weights
        for steps in lengths
        for of in ("last", "best")
    ]
    common.sweep(common.table_name("weights", data), cells, measure, KEPT)


if __name__ == "__main__":
    app.run(main)
