"""8-bit images: there and back, and as what models take and give."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.preprocessors import Images

ALL_VALUES = np.arange(256, dtype="uint8").reshape(4, 8, 8)


@pytest.fixture(scope="module")
def model():
    model = ki.VAE(2, encoder=ki.networks.MLP([8]), decoder=ki.networks.MLP([8]), seed=0)
    model.fit(ALL_VALUES, epochs=1, verbose=0)
    return model


def test_all_values_lead_back_to_themselves():
    images = Images()
    x = images.numbers(ALL_VALUES)
    assert x.dtype == np.float32 and x.min() == 0.0 and x.max() == 1.0
    np.testing.assert_array_equal(images.raw(x), ALL_VALUES)
    assert images.raw(np.array([[[-0.2, 1.3]]])).tolist() == [[[0, 255]]]


def test_images_are_brought_to_a_size():
    flat = np.full([2, 6, 4, 3], 51, "uint8")
    x = Images(size=[3, 5]).numbers(flat)
    assert x.shape == (2, 3, 5, 3)
    np.testing.assert_allclose(x, 0.2, rtol=1e-6)
    # Smaller by half: with antialiasing a pixel is a mean of its surroundings, not one of them.
    board = np.indices([16, 16]).sum(axis=0) % 2 * np.uint8(254)
    middle = Images(size=[8, 8]).numbers(board[None].astype("uint8"))[0, 2:-2, 2:-2]
    np.testing.assert_allclose(middle, 127 / 255, atol=0.02)
    for size in (3, [3], [3, 0], [3.5, 2]):
        with pytest.raises((ValueError, TypeError), match="`size`"):
            Images(size=size)


def test_which_data_are_images():
    assert Images.accepts(ALL_VALUES) and Images.accepts(tf.constant(ALL_VALUES))
    for other in (ALL_VALUES / 255, ALL_VALUES[0], ALL_VALUES.astype("int32"), [[[0]]], "a.png"):
        assert not Images.accepts(other)


def test_images_of_0_and_1_are_not_taken_for_nearly_black_ones():
    masks = np.eye(8, dtype="uint8")[None].repeat(4, axis=0)
    with pytest.raises(ValueError, match=r"`x` must be images from 0 to 255; for those of 0 and 1"):
        ki.VAE(2).fit(masks, verbose=0)
    assert Images.infer(masks * 2) == Images.infer(masks * 0) == Images()


def test_a_tuple_of_one_is_what_it_holds():
    model = ki.VAE(2, encoder=ki.networks.MLP([4]), decoder=ki.networks.MLP([4]))
    model.fit((ALL_VALUES,), epochs=1, verbose=0)
    assert model.preprocessor == Images()


def test_a_model_takes_and_gives_images(model):
    assert model.preprocessor == Images()
    for new in (model.generate(3), model.reconstruct(ALL_VALUES), model.predict(ALL_VALUES)):
        assert new.dtype == np.uint8 and new.shape[1:] == (8, 8)
    x = ALL_VALUES.astype("float32") / 255
    assert model.reconstruct(x).dtype == np.float32
    assert model.generate(3, prepared=True).dtype == np.float32
    for method in (model.encode, model.score, model.elbo):
        np.testing.assert_array_equal(method(ALL_VALUES), method(x))
    assert model.evaluate(ALL_VALUES, verbose=0) == model.evaluate(x, verbose=0)
    assert model.scaling == ki.preprocessors.Scaling(0.0, 255.0)


def test_datasets_of_images_are_those_of_their_numbers(model):
    batches = tf.data.Dataset.from_tensor_slices(ALL_VALUES).batch(3)
    np.testing.assert_array_equal(model.encode(batches), model.encode(ALL_VALUES))
    other = ki.VAE(2, encoder=ki.networks.MLP([8]), decoder=ki.networks.MLP([8]), seed=0)
    other.fit(batches, validation_data=batches, epochs=1, verbose=0)
    assert other.preprocessor == Images() and other.generate(1).dtype == np.uint8
    assert other.evaluate(batches, verbose=0)["loss"] < 64 * np.log(256)
    conditional = ki.VAE(2, condition=ki.conditions.Classes(2), seed=0)
    pairs = tf.data.Dataset.from_tensor_slices((ALL_VALUES, [0, 1, 1, 0])).batch(2)
    conditional.fit(pairs, epochs=1, verbose=0)
    assert conditional.generate(2, condition=[0, 1]).dtype == np.uint8


def test_a_model_keeps_its_preprocessor(model, tmp_path):
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    assert restored.preprocessor == model.preprocessor
    np.testing.assert_array_equal(restored.generate(5, seed=1), model.generate(5, seed=1))


def test_integers_stay_what_a_likelihood_of_integers_counts():
    counts = ki.VAE(1, likelihood="poisson", encoder=ki.networks.MLP([4]), seed=0)
    counts.fit(ALL_VALUES[:, :2, :2], epochs=1, verbose=0)
    assert counts.preprocessor is None
    with pytest.raises(TypeError, match="`x` must be floating point.*8-bit images"):
        ki.VAE(1).fit(ALL_VALUES.reshape(4, 64))  # no images, and no scale is agreed on


def test_given_values_need_columns(model):
    with pytest.raises(ValueError, match="`given` must be left out for 8-bit images"):
        model.generate(2, given={"a": 1})
