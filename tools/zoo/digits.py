"""Recipes of 8x8 digits, by several members of the family."""

import dataclasses

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
            "Its ELBO is low by design: with alpha 0.9 a code may say much of a digit.",
            "Its codes repeat a part of the class, and some digits are not of the class that was "
            "asked for: see the diagnoses.",
        ),
        model=lambda seed, data: ki.InfoVAE(
            8,
            alpha=0.9,
            lambda_=100.0,
            condition=ki.conditions.Classes(10),
            seed=seed,
            **_networks(128, 64),
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
    def load(path):
        data = ki.datasets.load("digits")
        parts = {part: getattr(data, part) for part in ("train", "validation", "test")}
        drawn = {part: (x > 0.5).astype("float32") for part, x in parts.items()}
        return dataclasses.replace(data, name="digits in black and white", **drawn)

    return Recipe(
        about="InfoVAE with a PixelCNN decoder of 8x8 handwritten digits in black and white, "
        "8 latents.",
        use="Digits drawn pixel after pixel, with a code that still counts (alpha 0.9).",
        limitations=(
            "Digits of 8x8 pixels, black or white: nothing here carries over to larger images.",
            "Few training examples: a thin basis for what is rare.",
            "A new digit takes 64 steps.",
            "The same decoder with a plain VAE ignores z (docs/reproduction.md).",
        ),
        data=_DIGITS["data"] + " Shades above half are white, others black.",
        license=_DIGITS["license"],
        load=load,
        model=lambda seed, data: ki.InfoVAE(
            8,
            alpha=0.9,
            lambda_=100.0,
            encoder=MLP((128, 128)),
            decoder=ki.networks.PixelCNN(filters=16, num_layers=3, spatial_filters=4),
            seed=seed,
        ),
        epochs=100,
        patience=15,
        in_package=False,
    )


@recipe
def digits_energy_prior():
    def finish(model, data, seed):
        prior = ki.priors.EnergyBased()
        model.fit_prior(data.train, prior, epochs=140, batch_size=100, seed=seed, verbose=0)

    def extra(model, data):
        """Returns what the second stage adds to the ELBO, in nats."""
        learned = model.learned_prior.distribution(model.latent_dim)
        z = model.encode(data.test, sample=True, seed=0)
        normal = -0.5 * np.sum(z**2 + np.log(2 * np.pi), axis=1)
        return {"gain of the learned p(z)": np.mean(learned.log_prob(z) - normal)}

    return Recipe(
        about="VAE of 8x8 handwritten digits with an energy-based p(z) learned on its codes.",
        use="An example of two stages: p(z) learned on the codes of a trained model, whose codes "
        "leave gaps in N(0, I) (docs/energy_priors.md).",
        limitations=(
            *_SMALL,
            _BLUR,
            "A draw of z is a Langevin chain; log Z is an estimate.",
        ),
        model=lambda seed, data: ki.VAE(
            8, likelihood=ki.likelihoods.Normal(0.15), seed=seed, **_networks(128, 128)
        ),
        finish=finish,
        extra=extra,
        batch_size=100,
        epochs=140,
        patience=None,
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
