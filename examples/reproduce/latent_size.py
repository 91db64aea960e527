"""The size of the latents against what they are good for: section 5.3 of the paper, figures 5, 6.

    python examples/reproduce/latent_size.py --data=mnist --latent_dims=2,5,10,20,40,80

MMD of q(z) from the prior, log det Cov[q(z)], the mismatch of the classes of 2,000 samples, and the
error of a support vector machine on the codes of 1,000 labeled examples.
"""

import common
import numpy as np
from absl import app, flags

import keras_infovae as ki

FLAGS = flags.FLAGS
common.define_flags(steps=4000)
flags.DEFINE_list("latent_dims", ["2", "5", "10", "20", "40"], "Dimensions of z.")
flags.DEFINE_integer("labels", 1000, "Labeled examples.", lower_bound=20)


def main(_):
    data = common.load_images()
    classifier = ki.evaluation.Classifier(data.train, data.train_labels)
    print(f"The classifier of samples tells {classifier.accuracy:.1%} right.")

    def measure(latent_dim, model, seed):
        trained = common.trained(data, model, latent_dim, len(data.train), seed)
        test = data.test[: FLAGS.test_examples]
        kinds = classifier.predict(trained.generate(2000, seed=seed, sample=True))
        mismatch = ki.evaluation.class_distribution_mismatch(classifier.classes, kinds)
        error = ki.evaluation.semi_supervised_error(
            trained.encode(data.train),
            data.train_labels,
            test=(trained.encode(data.test), data.test_labels),
            num_labels=min(FLAGS.labels, len(data.train) // 2),
            seed=seed,
        )
        return {
            "mmd": ki.evaluation.mmd_to_prior(trained, test)["mmd"],
            "log_det_test": ki.evaluation.log_det_covariance(trained, test),
            "active_units": ki.evaluation.active_units(trained, test),
            "class_cross_entropy": mismatch["cross_entropy"],
            "semi_supervised_error": error["error"],
            "elbo_test": np.mean(trained.elbo(test, seed=0), dtype="float64"),
        }

    cells = [
        {"latent_dim": int(latent_dim), "model": model, "seed": seed}
        for seed in range(FLAGS.seeds)
        for latent_dim in FLAGS.latent_dims
        for model in FLAGS.models
    ]
    kept = ("networks", "steps", "test_examples", "labels")
    common.sweep(common.table_name("latent_size", data), cells, measure, kept)


if __name__ == "__main__":
    app.run(main)
