"""Recipes of images: 8x8 digits by several members of the family, MNIST, sprites."""

import dataclasses

import keras
import numpy as np

import keras_infovae as ki
from keras_infovae.networks import MLP
from tools.zoo.recipe import Recipe, decaying, named, recipe

_DIGITS = {
    "data": "1,797 handwritten digits of 8x8 pixels, `ki.datasets.load('digits')`: the test part "
    "of Optical Recognition of Handwritten Digits (Alpaydin and Kaynak, 1998, UCI Machine Learning "
    "Repository), which comes with scikit-learn; split by seed 0.",
    "license": "cc-by-4.0",
    "load": named("digits"),
}
_SMALL = (
    "Digits of 8x8 pixels in 17 shades: nothing here carries over to larger images.",
    "Few training examples: a thin basis for what is rare.",
)
_BLUR = "`generate` gives means of p(x|z), which are smoother than digits are."


def _networks(*units):
    return {name: MLP(units) for name in ("encoder", "decoder")}


@recipe
def digits_info_vae():
    return Recipe(
        about="InfoVAE of 8x8 handwritten digits: alpha 0.5, MMD, 10 latents.",
        use="The first model to try: codes for a classifier, new digits, odd digits by `score`.",
        limitations=(*_SMALL, _BLUR),
        model=lambda seed, data: ki.InfoVAE(10, alpha=0.5, seed=seed, **_networks(128, 64)),
        pictures=("samples", "reconstructions", "latent_space"),
        **_DIGITS,
    )


@recipe
def digits_vae():
    return Recipe(
        about="VAE of 8x8 handwritten digits, 10 latents: the baseline.",
        use="The ELBO to compare with; odd digits by `score`.",
        limitations=(*_SMALL, _BLUR),
        model=lambda seed, data: ki.VAE(10, seed=seed, **_networks(128, 64)),
        **_DIGITS,
    )


@recipe
def digits_mmd_vae():
    return Recipe(
        about="MMD-VAE of 8x8 handwritten digits, 10 latents: no KL term, MMD alone.",
        use="Codes that tell most of a digit.",
        limitations=(
            *_SMALL,
            _BLUR,
            "Its ELBO is low by design: its training does not ask for small posteriors.",
        ),
        model=lambda seed, data: ki.MMDVAE(10, seed=seed, **_networks(128, 64)),
        **_DIGITS,
    )


@recipe
def digits_conditional_info_vae():
    return Recipe(
        about="InfoVAE of 8x8 handwritten digits given their class, 8 latents.",
        use="Digits of a class that you name: `model.generate(16, condition=3)`.",
        limitations=(
            *_SMALL,
            _BLUR,
            "Its codes tell little beside the class: digits of a class are much alike (recall, and "
            "the rows of the picture).",
        ),
        model=lambda seed, data: ki.InfoVAE(
            8, alpha=0.9, condition=ki.conditions.Classes(10), seed=seed, **_networks(128, 64)
        ),
        condition="labels",
        epochs=200,
        patience=15,
        in_package=False,
        **_DIGITS,
    )


@recipe
def digits_anomaly_detector():
    def load(path):
        data = ki.datasets.load("digits")
        parts = {"train": [], "validation": [], "test": [data.test]}
        labels = {"train": [], "validation": [], "test": [data.test_labels]}
        for part in ("train", "validation"):  # the eights are no part of the training
            x, of = getattr(data, part), getattr(data, f"{part}_labels")
            for name, rows in ((part, of != 8), ("test", of == 8)):
                parts[name].append(x[rows])
                labels[name].append(of[rows])
        joined = {name: np.concatenate(x) for name, x in parts.items()}
        joined |= {f"{name}_labels": np.concatenate(of) for name, of in labels.items()}
        return dataclasses.replace(data, **joined)

    def finish(model, data, seed):
        ki.evaluation.calibrate_anomaly_threshold(model, data.validation, 0.05)

    return Recipe(
        about="InfoVAE of 8x8 handwritten digits other than 8, with a threshold for unusual ones.",
        use="Images unlike the usual ones: `model.is_anomaly(x)`, `model.contributions(x)`.",
        limitations=(
            *_SMALL,
            "Eights stand for anomalies; of other anomalies nothing was measured.",
            "Half of the test part are eights: only the numbers of anomalies are to be compared.",
            "The threshold is of the few validation digits: its rate of false alarms is rough.",
        ),
        data=_DIGITS["data"] + " The eights were left out of training and validation.",
        license=_DIGITS["license"],
        load=load,
        model=lambda seed, data: ki.InfoVAE(
            10, alpha=0.5, likelihood="normal", seed=seed, **_networks(128, 64)
        ),
        epochs=150,
        finish=finish,
        anomaly_label=8,
        pictures=("reconstructions",),
    )


@recipe
def digits_pixel_cnn():
    return Recipe(
        about="InfoVAE with a PixelCNN decoder of 8x8 handwritten digits, 8 latents.",
        use="Sharper digits, pixel after pixel, with a code that still counts (alpha 0.9).",
        limitations=(
            *_SMALL,
            "A new digit takes 64 steps.",
            "The same decoder with a plain VAE ignores z (docs/reproduction.md).",
        ),
        model=lambda seed, data: ki.InfoVAE(
            8,
            alpha=0.9,
            lambda_=100.0,
            encoder=MLP((128, 128)),
            decoder=ki.networks.PixelCNN(filters=16, num_layers=3, spatial_filters=4),
            seed=seed,
        ),
        epochs=30,
        patience=8,
        in_package=False,
        **_DIGITS,
    )


@recipe
def digits_energy_prior():
    def finish(model, data, seed):
        prior = ki.priors.EnergyBased(optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5))
        model.fit_prior(data.train, prior, epochs=40, batch_size=100, seed=seed, verbose=0)

    return Recipe(
        about="VAE of 8x8 handwritten digits with an energy-based p(z) learned on its codes.",
        use="An example of two stages: p(z) learned on the codes of a trained model.",
        limitations=(
            *_SMALL,
            _BLUR,
            "A draw of z is a Langevin chain; log Z is an estimate.",
            "Its new digits are no better than those of `digits_vae`: compare both cards.",
        ),
        model=lambda seed, data: ki.VAE(10, seed=seed, **_networks(128, 64)),
        finish=finish,
        epochs=120,
        patience=10,
        in_package=False,
        **_DIGITS,
    )


@recipe
def digits_latent_diffusion():
    def finish(model, data, seed):
        optimizer = decaying(3e-3)(1400)
        options = {"epochs": 120, "batch_size": 128, "seed": seed, "verbose": 0}
        model.fit_prior(data.train, ki.priors.Diffusion(), optimizer=optimizer, **options)

    return Recipe(
        about="MMD-VAE of 8x8 handwritten digits with a diffusion of its codes as p(z).",
        use="New digits from codes of any distribution: the second of two stages.",
        limitations=(*_SMALL, _BLUR, "A draw of z takes the steps of a diffusion."),
        model=lambda seed, data: ki.MMDVAE(10, seed=seed, **_networks(128, 64)),
        finish=finish,
        epochs=120,
        patience=10,
        in_package=False,
        **_DIGITS,
    )


@recipe
def digits_counts():
    def load(path):
        data = ki.datasets.load("digits")
        parts = ("train", "validation", "test")
        counts = {part: np.round(getattr(data, part) * 16.0) for part in parts}
        labels = {f"{part}_labels": getattr(data, f"{part}_labels") for part in parts}
        flat = {part: x.reshape(len(x), -1).astype("float32") for part, x in counts.items()}
        return ki.datasets.Dataset("digits, counts of 64 blocks", **flat, **labels)

    return Recipe(
        about="InfoVAE of counts: how many of 16 pixels are ink in each of 64 blocks of a digit.",
        use="A start for counts: a negative binomial likelihood with a dispersion per column.",
        limitations=(*_SMALL, "The counts end at 16, which the likelihood does not know."),
        data=_DIGITS["data"],
        license=_DIGITS["license"],
        load=load,
        model=lambda seed, data: ki.InfoVAE(
            10, alpha=0.5, likelihood="negative_binomial", seed=seed, **_networks(128, 64)
        ),
        pictures=("latent_space",),
    )


@recipe
def mnist_info_vae():
    def load(path):
        return ki.datasets.load(path or "mnist")

    def networks():
        return {name: ki.networks.Conv([8, 16], dense_units=64) for name in ("encoder", "decoder")}

    return Recipe(
        about="Convolutional InfoVAE of MNIST digits, 28x28, 16 latents.",
        use="Codes and new digits of 28x28 pixels.",
        limitations=(
            "Trained on a part of MNIST's training digits, for few epochs: more would serve it.",
            "Not measured on MNIST's own test digits.",
            _BLUR,
        ),
        data="10,000 of the 60,000 training digits of MNIST (LeCun, Cortes and Burges), split by "
        "seed 0 into training, validation and test examples.",
        license="cc-by-sa-3.0",
        load=load,
        model=lambda seed, data: ki.InfoVAE(16, alpha=0.5, seed=seed, **networks()),
        batch_size=128,
        epochs=10,
        patience=5,
        in_package=False,
        pictures=("samples", "reconstructions", "latent_space"),
    )


@recipe
def sprites_beta_tcvae():
    sprites = ki.datasets.dsprites_like()

    def load(path):
        x, _ = sprites.sample(4000, seed=0)
        held, _ = sprites.sample(1000, seed=1)
        return ki.datasets.Dataset(sprites.name, x, held[:500], held[500:])

    def extra(model, data):
        names = ("mutual_information_gap", "beta_vae_score")
        return ki.evaluation.disentanglement(model, sprites, names, num_examples=2000, seed=2)

    return Recipe(
        about="BetaTCVAE of sprites of 64x64 pixels with five known factors, 8 latents.",
        use="Codes that come apart by position and size; disentanglement metrics.",
        limitations=(
            "The outlines are the library's own: scores are not those of dSprites.",
            "Trained on few of 737,280 images for few epochs; shape and orientation stay mixed.",
        ),
        data="`ki.datasets.dsprites_like()`, images drawn by the library (square, ellipse and "
        "heart in six sizes, 40 orientations and 32 x 32 positions).",
        license="apache-2.0",
        load=load,
        model=lambda seed, data: ki.BetaTCVAE(
            8,
            beta=4.0,
            encoder=ki.networks.Conv([8, 16, 32], dense_units=64),
            decoder=ki.networks.Conv([8, 16, 32], dense_units=64),
            seed=seed,
        ),
        batch_size=128,
        epochs=12,
        patience=5,
        extra=extra,
        in_package=False,
    )
