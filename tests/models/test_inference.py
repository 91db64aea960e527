"""What all methods on arrays share."""

import numpy as np
import tensorflow as tf

import keras_infovae as ki


def test_many_models_in_one_process_are_no_reason_for_a_warning():
    # TensorFlow takes a function that is made anew for one that is traced too often.
    messages, logger = [], tf.get_logger()

    def note(record):
        messages.append(record.getMessage())
        return True

    network, x = ki.networks.MLP([2]), np.zeros((3, 2), "float32")
    logger.addFilter(note)
    try:
        for seed in range(8):
            model = ki.VAE(1, encoder=network, decoder=network, seed=seed)
            model.build((None, 2))
            assert model.encode(x).shape == (3, 1)
    finally:
        logger.removeFilter(note)
    assert not [message for message in messages if "retracing" in message]
