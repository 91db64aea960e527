"""A decoder that needs no z: with the ELBO a PixelCNN ignores it, with InfoVAE it does not.

    python examples/reproduce/flexible_decoder.py

Section 4 of the paper, on 8x8 digits: I_q(x; z) of the test examples in nats. A minute for each
model.
"""

import common
import keras
from absl import app, flags

import keras_infovae as ki

FLAGS = flags.FLAGS
MODELS = {
    "elbo": (ki.VAE, {}),
    "mmd": (ki.InfoVAE, {"alpha": 0.9, "lambda_": 100.0}),
}


def flexible_decoder(name, seed=0, epochs=30):
    """Returns the numbers of `mutual_information` on 360 test digits."""
    data = ki.datasets.load("digits", validation_fraction=0.0, test_fraction=0.2)
    keras.utils.set_random_seed(seed)
    model_class, settings = MODELS[name]
    model = model_class(
        8,
        encoder=ki.networks.MLP([128, 128]),
        decoder=ki.networks.PixelCNN(filters=16, num_layers=3, spatial_filters=4),
        seed=seed,
        **settings,
    )
    model.compile(keras.optimizers.Adam(1e-3))
    model.fit(data.train, batch_size=64, epochs=epochs, verbose=0)
    return ki.evaluation.mutual_information(model, data.test, seed=seed)


def main(_):
    common.sweep("flexible_decoder", common.cells_of(MODELS), flexible_decoder, ())


if __name__ == "__main__":
    common.define_common_flags()
    app.run(main)
