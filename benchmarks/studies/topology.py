"""What models make of data of known shape: the evidence behind docs/topology.md.

    python benchmarks/studies/topology.py --output=topology.csv
    python benchmarks/studies/topology.py --output=topology.csv \
        --data=rotated_arrow,turned_arrow,periodic_blob --ways=info_vae,latent_diffusion,charts
    python benchmarks/studies/topology.py --summary --output=topology.csv

Trains VAE, InfoVAE (without and with a latent diffusion), charts, a diffusion and a small GAN on
4,000 points of a circle, a sphere and a torus in R^3, and some of these on images, each rate
falling to 0, and writes one row of `manifold_report` per model, with Betti numbers where gudhi is
installed. Rows that are there already are not made again. The vectors take about 6 minutes of one
processor core a seed, the images of the second line 3.
"""

import itertools
import time

import keras
import numpy as np
import table
from absl import app, flags
from gan import GAN

import keras_infovae as ki

FLAGS = flags.FLAGS
flags.DEFINE_string("output", "topology.csv", "The table; rows are added to it.")
flags.DEFINE_list("data", ["circle", "sphere", "torus"], "The sets.")
flags.DEFINE_list("ways", None, "The ways to train. Default: all.")
flags.DEFINE_integer("seeds", 3, "Models per setting.", lower_bound=1)
flags.DEFINE_bool("summary", False, "Train nothing; print the means over seeds of --output.")

SETTINGS = ("data", "model", "seed")
RESULTS = {
    "samples": ("residual", "on_share", "coverage", "total_variation"),
    "true": ("total_variation_of_true_draws",),
    "reconstruction": ("mean", "quantile_99", "worst", "lower_bound"),
    "between_codes": ("seam", "interpolation"),
}
COLUMNS = (
    *SETTINGS,
    *(name for names in RESULTS.values() for name in names),
    *("betti", "betti_of_data", "cpu_seconds"),
)
NETWORK = ki.networks.MLP([64, 64], "silu")
IMAGE_NETWORK = ki.networks.MLP([128, 128], "silu")
BATCH_SIZE, STEPS = 128, 3000
# With the default weights it collapses on the sphere: no KL term, and a divergence that counts.
INFO_VAE = {"alpha": 1.0, "lambda_": 200.0}


def trained(model, data, steps=STEPS, batch_size=BATCH_SIZE, rate=2e-3):
    """Returns `model` after so many steps, with a rate that falls to 0 along a cosine."""
    decay = keras.optimizers.schedules.CosineDecay(rate, steps)
    model.compile(keras.optimizers.Adam(decay), jit_compile=False)
    epochs = -(-steps // -(-len(data.train) // batch_size))
    model.fit(data.train, epochs=epochs, batch_size=batch_size, verbose=0)
    return model


def network_for(data):
    return NETWORK if len(data.event_shape) == 1 else IMAGE_NETWORK


def autoencoder(data, seed, model_class, latent_dim, **weights):
    """Returns a trained autoencoder with networks for the data."""
    network = network_for(data)
    networks = {"encoder": network, "decoder": network}
    model = model_class(latent_dim, likelihood="normal", seed=seed, **networks, **weights)
    return trained(model, data)


def embedding_dim(data):
    """Returns as many latents as embed the manifold: 3 in R^3, 4 for images."""
    return 3 if len(data.event_shape) == 1 else 4


def vae(data, seed):
    yield "vae", autoencoder(data, seed, ki.VAE, data.manifold.intrinsic_dim)


def vae_embedded(data, seed):
    yield "vae_embedded", autoencoder(data, seed, ki.VAE, embedding_dim(data))


def info_vae(data, seed):
    yield "info_vae", autoencoder(data, seed, ki.InfoVAE, data.manifold.intrinsic_dim, **INFO_VAE)


def latent_diffusion(data, seed):
    """Gives the InfoVAE, and then the same with a latent diffusion."""
    model = autoencoder(data, seed, ki.InfoVAE, embedding_dim(data), **INFO_VAE)
    yield "info_vae_embedded", model
    epochs = -(-STEPS // -(-len(data.train) // 256))
    rate = keras.optimizers.schedules.CosineDecay(3e-3, STEPS)
    options = {"epochs": epochs, "batch_size": 256, "seed": seed, "verbose": 0}
    optimizer = keras.optimizers.Adam(rate)
    model.fit_prior(data.train, ki.priors.Diffusion(), optimizer=optimizer, **options)
    yield "latent_diffusion", model


def charts(data, seed):
    network = ki.networks.MLP([64], "silu") if len(data.event_shape) == 1 else IMAGE_NETWORK
    model = ki.ChartAutoencoder(data.manifold.intrinsic_dim, encoder=network, seed=seed)
    yield "charts", trained(model, data, steps=4000)


def diffusion(data, seed):
    if len(data.event_shape) == 1:
        model = ki.DenoisingDiffusion(ki.denoisers.ResidualMLP(96, 2), seed=seed)
        harder = sum(data.manifold.betti) > 2  # the torus
        given = {"steps": 4000, "batch_size": 512} if harder else {"steps": 2500, "batch_size": 256}
        yield "diffusion", trained(model, data, rate=3e-3, **given)
        return
    model = ki.DenoisingDiffusion(seed=seed, steps=50, noise_share=0.0)
    yield "diffusion", trained(model, data, steps=1500, batch_size=64)


def gan(data, seed):
    model = GAN(data.event_shape[0], seed)
    model.fit(data.train, STEPS)
    yield "gan", model


WAYS = {
    each.__name__: each
    for each in (vae, vae_embedded, info_vae, latent_diffusion, charts, diffusion, gan)
}


def measured(name, way, seed):
    """Gives the rows of the models of one way."""
    data = ki.datasets.load(name, seed=seed)
    keras.utils.set_random_seed(seed)
    start = time.process_time()
    for model_name, model in WAYS[way](data, seed):
        seconds = time.process_time() - start
        report = ki.evaluation.manifold_report(model, data, seed=seed)
        report["true"] = report["samples"]
        row = [name, model_name, seed]
        for part, names in RESULTS.items():
            values = report[part] or {}
            row += [_text(values.get(n)) for n in names]
        betti = report["betti"] or {}
        row += [" ".join(map(str, betti.get(n, []))) for n in ("samples", "data")]
        yield [*row, f"{seconds:.0f}"]


def _text(value):
    return "" if value is None else f"{value:.4f}"


def summarize(rows):
    """Prints the means over seeds."""
    names = ("on_share", "coverage", "total_variation", "total_variation_of_true_draws")
    names += ("mean", "worst", "seam", "interpolation", "cpu_seconds")
    print("| data | model | seeds | " + " | ".join(names) + " | betti |")
    for (data, model), group in itertools.groupby(rows, lambda row: (row["data"], row["model"])):
        group = list(group)
        cells = []
        for name in names:
            values = [float(row[name]) for row in group if row[name]]
            cells.append(f"{np.mean(values):.3f}" if values else "-")
        betti = ", ".join(row["betti"] for row in group)
        print(f"| {data} | {model} | {len(group)} | " + " | ".join(cells) + f" | {betti} |")


def main(_):
    rows = table.read_rows(FLAGS.output)
    if FLAGS.summary:
        summarize(sorted(rows, key=lambda row: (row["data"], row["model"])))
        return
    done = table.cases_of(FLAGS.output, SETTINGS)
    ways = FLAGS.ways or list(WAYS)
    for seed, name, way in itertools.product(range(FLAGS.seeds), FLAGS.data, ways):
        if (name, way, str(seed)) not in done:
            for row in measured(name, way, seed):
                table.add_rows(FLAGS.output, COLUMNS, [row])
                print(*row[:3], flush=True)


if __name__ == "__main__":
    app.run(main)
