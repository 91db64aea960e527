"""How the codes of the family separate the factors of sprites: all metrics, on a dSprites-like set.

    python examples/reproduce/disentanglement.py

Not in the paper. 20,000 of the 737,280 images are trained on; each metric draws 5,000 or more of
all of them anew. Higher is better. The outlines of the sprites are our own: scores are not those
of dSprites.
"""

import common
import numpy as np
from absl import app, flags

import keras_infovae as ki

FLAGS = flags.FLAGS
flags.DEFINE_integer("latent_dim", 10, "Dimensions of z.", lower_bound=2)
flags.DEFINE_integer("examples", 20_000, "Training images.", lower_bound=100)
common.define_training_flags(
    steps=10_000, models=("elbo", "mmd", "beta_vae", "beta_tcvae", "factor_vae")
)


def main(_):
    sprites = ki.datasets.dsprites_like()
    x, _ = sprites.sample(FLAGS.examples, seed=0)
    test, _ = sprites.sample(FLAGS.test_examples, seed=1)
    data = ki.datasets.Dataset(sprites.name, x, x[:0], test)

    def measure(model, seed):
        trained = common.trained(data, model, FLAGS.latent_dim, len(x), seed)
        return {
            **ki.evaluation.disentanglement(trained, sprites, seed=seed + 2),
            "elbo_test": np.mean(trained.elbo(test, seed=0), dtype="float64"),
            "active_units": ki.evaluation.active_units(trained, test),
            "log_det_test": ki.evaluation.log_det_covariance(trained, test),
        }

    kept = ("networks", "steps", "test_examples", "latent_dim", "examples")
    common.sweep("disentanglement", common.cells_of(FLAGS.models, "model"), measure, kept)


if __name__ == "__main__":
    app.run(main)
