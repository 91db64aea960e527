"""How many steps a draw of a diffusion takes, and what its rate should do: docs/diffusion.md.

    python benchmarks/studies/diffusion.py --output=diffusion.csv

Trains a diffusion on 4,000 points of the circle in R^3 with noise 0.01, for 2,500 steps of 256,
with a rate that falls to 0, a constant one, and a constant one with averages of the weights. Writes
the share of 4,000 draws within 0.1 of the circle by ancestral sampling and DDIM in several numbers
of steps, and the mean bound on log p(x) of the test points, whose mean is 4.53 nats. Rows that are
there already are not made again. Under two minutes on one processor core.
"""

import keras
import table
from absl import app, flags

import keras_infovae as ki

FLAGS = flags.FLAGS
flags.DEFINE_string("output", "diffusion.csv", "The table; rows are added to it.")
flags.DEFINE_integer("seeds", 1, "Models per rate.", lower_bound=1)

STEPS, RATE = 2500, 3e-3
SETTINGS = ("rate", "seed")
COLUMNS = (*SETTINGS, "noise_share", "steps", "on_share", "residual", "elbo")
OPTIMIZERS = {
    "cosine": lambda: keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(RATE, STEPS)),
    "constant": lambda: keras.optimizers.Adam(RATE),
    "constant, average": lambda: keras.optimizers.Adam(RATE, use_ema=True, ema_momentum=0.99),
}


def measured(rate, seed):
    """Returns the rows of one model: (rate, seed, noise_share, steps, on_share, residual, elbo)."""
    data = ki.datasets.load("circle", seed=seed)
    keras.utils.set_random_seed(seed)
    model = ki.DenoisingDiffusion(ki.denoisers.ResidualMLP(96, 2), seed=seed)
    model.compile(OPTIMIZERS[rate](), jit_compile=False)
    model.fit(data.train, epochs=-(-STEPS // 16), batch_size=256, verbose=0)
    rows = []
    for noise_share, steps in ((1.0, 200), (1.0, 50), (0.0, 200), (0.0, 50), (0.0, 20)):
        model.noise_share, model.steps = noise_share, steps
        residual = data.manifold.residual(model.generate(4000, seed=0))
        elbo = f"{model.elbo(data.test).mean():.3f}" if noise_share and steps == 200 else ""
        on_share = f"{(residual < data.manifold.tolerance).mean():.4f}"
        rows.append([rate, seed, noise_share, steps, on_share, f"{residual.mean():.4f}", elbo])
    return rows


def main(_):
    done = table.cases_of(FLAGS.output, SETTINGS)
    for seed in range(FLAGS.seeds):
        for rate in OPTIMIZERS:
            if (rate, str(seed)) not in done:
                table.add_rows(FLAGS.output, COLUMNS, measured(rate, seed))
                print(rate, seed, flush=True)


if __name__ == "__main__":
    app.run(main)
