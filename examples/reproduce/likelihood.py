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
flags.DEFINE_integer("chains", 16, "Of annealed importance sampling.", lower_bound=1)
flags.DEFINE_integer("temperatures", 500, "Of annealed importance sampling.", lower_bound=2)


def main(_):
    data = common.load_images()
    test = data.test[: FLAGS.test_examples]

    def measure(model, seed):
        trained = common.trained(data, model, FLAGS.latent_dim, len(data.train), seed)
        annealed = ki.evaluation.marginal_log_likelihood(
            trained,
            test,
            "annealed_importance",
            chains=FLAGS.chains,
            temperatures=FLAGS.temperatures,
            seed=seed,
        ).log_likelihood
        weighted = ki.evaluation.marginal_log_likelihood(trained, test, seed=seed).log_likelihood
        elbo = np.mean(trained.elbo(test, seed=seed), dtype="float64")
        best = max(np.mean(annealed), np.mean(weighted))  # both are lower bounds in expectation
        return {
            "annealed_importance": np.mean(annealed),
            "annealed_importance_standard_error": np.std(annealed, ddof=1) / np.sqrt(len(test)),
            "importance": np.mean(weighted),
            "elbo": elbo,
            "inference_gap": best - elbo,
            "log_det_test": ki.evaluation.log_det_covariance(trained, test),
            "mutual_information": ki.evaluation.mutual_information(trained, test)[
                "mutual_information"
            ],
        }

    cells = common.cells_of(FLAGS.models, "model")
    kept = ("networks", "steps", "test_examples", "latent_dim", "chains", "temperatures")
    common.sweep(common.table_name("likelihood", data), cells, measure, kept)


if __name__ == "__main__":
    app.run(main)
