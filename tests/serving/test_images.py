"""Exported models of 8-bit images: uint8 in and out."""

import json
import os

import numpy as np
import pytest
import tensorflow as tf

from keras_infovae.preprocessors import Images
from keras_infovae.serving import model_card, saved_model, signatures
from keras_infovae.serving.samples import Samples
from keras_infovae.serving.served_model import ServedModel
from tests.serving.conftest import small

IMAGES = np.random.default_rng(0).integers(0, 256, [6, 4, 6, 1], "uint8")


@pytest.fixture(scope="module")
def model():
    return small(shape=[4, 6, 1], preprocessor=Images())


def test_signatures_take_and_give_8_bit_images(exported, model):
    names = ["score", "reconstruct", "generate", "regress", "score_image_bytes", "preprocessor"]
    path, differences = exported(model, names, warmup=IMAGES)
    assert differences["reconstruct"] == differences["generate"] == 0  # levels are whole
    with open(os.path.join(path, "signatures.json"), encoding="utf-8") as file:
        given = json.load(file)["signatures"]
    image = {"x": {"dtype": "uint8", "shape": [-1, 4, 6, 1]}}
    assert given["score"]["inputs"] == given["reconstruct"]["outputs"] == image
    assert given["generate"]["outputs"] == image
    with open(os.path.join(path, "README.md"), encoding="utf-8") as file:
        text = file.read()
    assert "each part by its name: `x` uint8 [-1, 4, 6, 1]. `preprocessor` in" in text
    called = tf.saved_model.load(path).signatures
    expected = model.score(IMAGES)
    score = called["score"](x=tf.constant(IMAGES))["score"]
    np.testing.assert_allclose(score, expected, rtol=1e-5)
    files = tf.constant([tf.io.encode_png(image).numpy() for image in IMAGES])
    score = called["score_image_bytes"](image_bytes=files)["score"]
    np.testing.assert_allclose(score, expected, rtol=1e-5)
    rebuilt = called["reconstruct"](x=tf.constant(IMAGES))["x"]
    np.testing.assert_array_equal(rebuilt, model.reconstruct(IMAGES))

    def regressed(pixels):
        integers = tf.train.Feature(int64_list=tf.train.Int64List(value=pixels))
        example = tf.train.Example(features=tf.train.Features(feature={"x": integers}))
        return called["regress"](inputs=tf.constant([example.SerializeToString()]))["outputs"]

    np.testing.assert_allclose(regressed(IMAGES[0].ravel())[0, 0], expected[0], rtol=1e-5)
    with pytest.raises(tf.errors.InvalidArgumentError, match="`x` must be from 0 to 255"):
        regressed([256] * 24)


def test_images_of_any_size_are_brought_to_that_of_the_model():
    model = small(shape=[4, 6, 1], preprocessor=Images(size=[4, 6]))
    served = ServedModel(model)
    assert served.raw_specs["x"].shape.as_list() == [None, None, None, 1]
    large = np.random.default_rng(1).integers(0, 256, [3, 9, 8, 1], "uint8")
    read = served.from_examples({"x": tf.constant(large)})
    np.testing.assert_allclose(read, model.preprocessor.numbers(large), rtol=1e-6)
    samples = Samples(served, large)
    chosen = signatures.choose(["score", "score_image_bytes"], served)
    traced = saved_model.trace_all(chosen, served)
    for signature in chosen:  # levels of files are whole: rounding of x by half a level
        requests = samples.requests(signature)
        found = traced[signature.name].function(
            **{name: tf.constant(value) for name, value in requests.items()}
        )["score"]
        expected, _ = samples.answers(signature)["score"]
        np.testing.assert_allclose(found, expected, rtol=1e-5)
    with pytest.raises(ValueError, match="`regress` reads x of tf.train.Examples"):
        signatures.choose(["regress"], served)


def test_images_as_numbers_are_asked_for_by_name(model):
    served = ServedModel(model, as_numbers=True)
    assert served.raw_specs["x"].dtype == tf.float32
    x = served.from_examples({"x": tf.constant(IMAGES, "float32")})
    np.testing.assert_allclose(x, IMAGES / np.float32(255), rtol=1e-6)


def test_a_form_is_refused_for_warmup_and_none_is_asked_for_else(model):
    served = ServedModel(model)
    with pytest.raises(TypeError, match="`warmup` must be 8-bit images"):
        Samples(served, IMAGES / 255)
    chosen = signatures.choose(["generate"], served)
    traced = saved_model.trace_all(chosen, served)
    described = model_card.describe(served, chosen, traced, {"generate": 0.0}, 1e-5)
    assert described["preprocessor"] == Images().as_config()
