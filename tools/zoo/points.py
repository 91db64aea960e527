"""Recipes of points in two and three dimensions, whose shape is known."""

import numpy as np

import keras_infovae as ki
from keras_infovae.networks import MLP
from tools.zoo.recipe import Recipe, decaying, named, recipe


def _waves(count, seed):
    """Returns points [count, 2] of a sine wave with noise of 0.1."""
    rng = np.random.default_rng(seed)
    place = rng.uniform(-1.5, 1.5, count)
    x = np.stack([place, np.sin(np.pi * place)], axis=1) + 0.1 * rng.normal(size=(count, 2))
    return x.astype("float32")


@recipe
def wave_exact_em():
    def load(path):
        x = _waves(4000, 0)
        return ki.datasets.Dataset("wave", x[:2000], x[:0], x[2000:])

    return Recipe(
        about="A piecewise affine generator of a noisy wave, trained by exact EM, 1 latent.",
        use="The exact log p(x) and posterior: `model.log_prob(x)`, no bound.",
        limitations=(
            "Points of the plane by one latent: exact EM is for 1 or 2 latents.",
            "From some starts the curve turns back at one end, where p(z|x) has two parts and a "
            "code, its mean, lies between them: 60 starts are made so that the best does not.",
        ),
        data="4,000 points of a sine wave with noise of 0.1, drawn by tools/zoo/points.py.",
        license="apache-2.0",
        load=load,
        model=lambda seed, data: ki.ExactEM(1, (16,), restarts=60, seed=seed),
        batch_size=1000,
        epochs=150,
        patience=None,
    )


_SHAPES = {"license": "apache-2.0", "patience": None}


@recipe
def sphere_charts():
    return Recipe(
        about="Autoencoder with 8 charts of 2 coordinates of a sphere in three dimensions.",
        use="Codes of a closed surface without a tear: the chart, and where in it.",
        limitations=(
            "The first number of a code is its chart: codes of two charts do not interpolate.",
            "Made for data that lie on a surface; the noise here is 0.01.",
        ),
        data="5,000 points of the unit sphere with noise of 0.01, `ki.datasets.load('sphere')`.",
        load=named("sphere"),
        model=lambda seed, data: ki.ChartAutoencoder(
            data.manifold.intrinsic_dim, encoder=MLP([64], "silu"), seed=seed
        ),
        optimizer=decaying(2e-3),
        batch_size=128,
        epochs=125,
        **_SHAPES,
    )


@recipe
def circle_diffusion():
    return Recipe(
        about="Denoising diffusion of points of a circle in three dimensions.",
        use="New points where no single map from a normal distribution can put them.",
        limitations=("No latents: for codes take another model.", "A draw takes 200 steps."),
        data="5,000 points of the unit circle with noise of 0.01, `ki.datasets.load('circle')`.",
        load=named("circle"),
        model=lambda seed, data: ki.DenoisingDiffusion(ki.denoisers.ResidualMLP(96, 2), seed=seed),
        optimizer=decaying(3e-3),
        batch_size=256,
        epochs=160,
        pictures=("samples",),
        **_SHAPES,
    )
