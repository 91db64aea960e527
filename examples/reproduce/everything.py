"""Runs all experiments of the reproduction, one after another; stopped, it goes on where it was.

    python examples/reproduce/everything.py --size=small
    python examples/reproduce/everything.py --size=full --data=mnist

Tables that are complete are not made again. small: 8x8 digits, one seed, fewer steps. full: 28x28
images, three seeds.
"""

import pathlib
import subprocess
import sys

from absl import app, flags

FLAGS = flags.FLAGS
flags.DEFINE_enum("size", "small", ["small", "full"], "How much of it.")
flags.DEFINE_string("data", None, "What ki.datasets.load takes. Default: digits, or mnist if full.")
flags.DEFINE_string("output", "reproduction", "The folder of tables and trained models.")

FOLDER = pathlib.Path(__file__).parent
SETTINGS = {
    "small": {
        "two_samples": ["--seeds=1"],
        "flexible_decoder": ["--seeds=1"],
        "overfitting": ["--seeds=1", "--steps=2000"],
        "likelihood": ["--seeds=1", "--steps=2000", "--test_examples=100", "--temperatures=200"],
        "weights": ["--seeds=1", "--lengths=500,2000", "--test_examples=100", "--temperatures=200"],
        "latent_size": ["--seeds=1", "--steps=2000", "--latent_dims=2,10,40", "--labels=300"],
        "disentanglement": ["--seeds=1", "--steps=2000", "--models=elbo,mmd,beta_tcvae"],
    },
    "full": {
        "two_samples": [],
        "flexible_decoder": [],
        "overfitting": ["--latent_dim=20", "--sizes=500,1000,5000,50000"],
        "likelihood": ["--latent_dim=20", "--test_examples=1000"],
        "weights": ["--latent_dim=20", "--lengths=4000,16000,64000"],
        "latent_size": ["--latent_dims=2,5,10,20,40,80"],
        "disentanglement": [],
    },
}
OF_IMAGES = ("overfitting", "likelihood", "weights", "latent_size")


def main(_):
    data = FLAGS.data or {"small": "digits", "full": "mnist"}[FLAGS.size]
    for name, settings in SETTINGS[FLAGS.size].items():
        given = [f"--output={FLAGS.output}", *settings]
        if name in OF_IMAGES:
            given.append(f"--data={data}")
        print(f"\n{name} {' '.join(given)}", flush=True)
        done = subprocess.run([sys.executable, str(FOLDER / f"{name}.py"), *given], check=False)
        if done.returncode:
            return done.returncode
    return subprocess.run(
        [sys.executable, str(FOLDER / "draw.py"), f"--output={FLAGS.output}"], check=False
    ).returncode


if __name__ == "__main__":
    app.run(main)
