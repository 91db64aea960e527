"""log p(x) of test examples under models that differ in their divergence: table 1 of the paper.

    python examples/reproduce/likelihood.py --data=mnist --latent_dim=20

By annealed importance sampling, which looks at the decoder alone, and by importance sampling with
the encoder's help; the ELBO and the inference gap beside them. Nats per example.
"""

import common
import numpy as np
from absl import app, flags

import keras_infovae as ki

FLAGS = flags.FLAGS
common.define_flags(steps=4000, models=("elbo", "mmd", "stein", "adversarial"))
flags.DEFINE_integer("latent_dim", 10, "Dimensions of z.", lower_bound=1)
common.define_annealing_flags()


def main(_):
    data = common.load_images()
    test = data.test[: FLAGS.test_examples]

    def measure(model, seed):
        trained = common.trained(data, model, FLAGS.latent_dim, len(data.train), seed)
        elbo = np.mean(trained.elbo(test, seed=seed), dtype="float64")
        numbers, annealed = common.log_likelihoods(trained, test, elbo, seed)
        spread = np.std(annealed, ddof=1) / np.sqrt(len(test))
        information = ki.evaluation.mutual_information(trained, test)["mutual_information"]
        return numbers | {
            "annealed_importance_standard_error": spread,
            "mutual_information": information,
        }

    cells = common.cells_of(FLAGS.models, "model")
    kept = ("networks", "steps", "test_examples", "latent_dim", "chains", "temperatures")
    common.sweep(common.table_name("likelihood", data), cells, measure, kept)


if __name__ == "__main__":
    app.run(main)
