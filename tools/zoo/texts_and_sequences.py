"""Recipes of texts and of other sequences."""

import keras
import numpy as np

import keras_infovae as ki
from tools.zoo.recipe import Recipe, decaying, recipe

_GRAMMAR = {
    "data": "5,000 sentences of the library's grammar, `ki.text.load('grammar')`; split by seed 0.",
    "license": "apache-2.0",
    "load": lambda path: ki.text.load("grammar"),
    "batch_size": 100,
    "optimizer": lambda steps: keras.optimizers.Adam(2e-3, global_clipnorm=5.0),
    "pictures": (),
}
_LIMITATIONS = (
    "Sentences of a made-up grammar of a few dozen words, whose log p is known exactly: for "
    "comparing methods, not for language.",
)


@recipe
def grammar_short_run():
    return Recipe(
        about="Sentences of a grammar, codes by 20 steps of short-run Langevin, 8 latents.",
        use="A model of texts without an encoder: `model.generate(3)` gives sentences.",
        limitations=(*_LIMITATIONS, "A code takes 20 passes through the decoder and back."),
        model=lambda seed, data: ki.ShortRunModel(
            8,
            temperature=0.5,
            decoder=ki.networks.Recurrent(48, 32),
            preprocessor=data.preprocessor,
            seed=seed,
        ),
        epochs=12,
        patience=5,
        **_GRAMMAR,
    )


@recipe
def grammar_info_vae():
    return Recipe(
        about="InfoVAE of sentences of a grammar, 8 latents, recurrent networks.",
        use="Codes of texts that tell their topic; sentences between two sentences.",
        limitations=_LIMITATIONS,
        model=lambda seed, data: ki.InfoVAE(
            8,
            alpha=0.5,
            encoder=ki.networks.Recurrent(48, 32),
            decoder=ki.networks.Recurrent(48, 32),
            preprocessor=data.preprocessor,
            seed=seed,
        ),
        epochs=30,
        patience=5,
        **_GRAMMAR,
    )


def _waves(count, seed):
    """Returns damped waves [count, 24, 1] of random frequency, phase and damping, noise 0.05."""
    rng = np.random.default_rng(seed)
    time = np.linspace(0.0, 1.0, 24)[None, :, None]
    frequency, phase, damping = (
        rng.uniform(low, high, (count, 1, 1)) for low, high in ((1, 3), (0, 2 * np.pi), (0, 2))
    )
    x = np.exp(-damping * time) * np.sin(2 * np.pi * frequency * time + phase)
    return (x + 0.05 * rng.normal(size=x.shape)).astype("float32")


@recipe
def waves_info_vae():
    def load(path):
        x = _waves(4000, 0)
        return ki.datasets.Dataset("damped waves", x[:3000], x[3000:3500], x[3500:])

    return Recipe(
        about="InfoVAE of sequences of 24 numbers: damped waves, 6 latents, a recurrent encoder.",
        use="A start for time series of one length: codes, odd ones by `score`, gaps by `impute`.",
        limitations=(
            "All sequences have 24 steps; the waves are drawn by a program.",
            "The decoder gives all steps at once and draws their noise independently.",
            "New waves are too often of middling height: at single steps the data crowd at the "
            "ends, and new ones do less (samples).",
        ),
        data="4,000 damped waves drawn by tools/zoo/texts_and_sequences.py, seed 0.",
        license="apache-2.0",
        load=load,
        model=lambda seed, data: ki.InfoVAE(
            6,
            alpha=0.5,
            likelihood="normal",
            encoder=ki.networks.Recurrent(32, 16),
            decoder=ki.networks.MLP((64, 64)),
            seed=seed,
        ),
        optimizer=decaying(3e-3),
        batch_size=128,
        epochs=30,
        patience=None,
    )
