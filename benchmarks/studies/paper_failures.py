"""The paper's two failures of the ELBO, with the VAE and with InfoVAE, over several seeds.

    python benchmarks/studies/paper_failures.py --output=paper_failures.csv

Two samples: KL(q(z|x) || p(z|x)) after 2,000, 4,000 and 6,000 steps on {-1, +1}. A flexible
decoder: I_q(x; z) of 8x8 digits with a PixelCNN. Both are those of tests/models/test_paper.py.
"""

import csv
import pathlib
import sys

from absl import app, flags

import keras_infovae as ki

FLAGS = flags.FLAGS
flags.DEFINE_string("output", "paper_failures.csv", "The table to write.")
flags.DEFINE_integer("seeds", 3, "Models per setting.", lower_bound=1)


def main(_):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
    from tests.models import test_paper

    with open(FLAGS.output, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["experiment", "model", "seed", "nats"])
        for seed in range(FLAGS.seeds):
            for name, model, settings in (
                ("vae", ki.VAE, {}),
                ("info_vae", ki.InfoVAE, {"alpha": 0.9, "lambda_": 100.0}),
            ):
                value = test_paper.flexible_decoder(model, seed=seed, **settings)
                writer.writerow(["flexible_decoder", name, seed, f"{value:.3f}"])
                settings = {"lambda_": 500.0} if settings else {}
                values = test_paper.two_samples(model, seed=seed, **settings)
                for spell, value in enumerate(values, start=1):
                    writer.writerow([f"two_samples_{2000 * spell}", name, seed, f"{value:.3f}"])
                file.flush()


if __name__ == "__main__":
    app.run(main)
