"""Exported models of texts: strings in and out."""

import json
import os

import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.preprocessors import Preprocessor
from keras_infovae.serving import parity, saved_model, signatures
from keras_infovae.serving.samples import Samples
from keras_infovae.serving.served_model import ServedModel
from tests.serving.conftest import small_text_model


def test_signatures_take_and_give_strings(texts):
    model, path, differences = texts
    assert max(differences.values()) <= 1e-5
    with open(os.path.join(path, "signatures.json"), encoding="utf-8") as file:
        described = json.load(file)
    given = described["signatures"]
    string = {"dtype": "string", "shape": [-1]}  # no value of a text is missing
    assert described["raw_example"] == {"text": string}
    assert given["reconstruct"]["inputs"] == given["reconstruct"]["outputs"] == {"text": string}
    assert set(given["encode"]["inputs"]) == {"text", "seed"}
    assert set(given["generate"]["outputs"]) == set(given["decode"]["outputs"]) == {"text"}
    assert given["score"]["outputs"]["score"]["dtype"] == "float32"
    assert Preprocessor.of_config(described["preprocessor"]) == model.preprocessor
    with open(os.path.join(path, "README.md"), encoding="utf-8") as file:
        card = file.read()
    assert "each part by its name: `text` string [-1]. `preprocessor`" in card
    assert "missing value" not in card


def test_all_signatures_are_there_but_those_of_numbers(texts):
    served = ServedModel(texts[0])
    names = [signature.name for signature in signatures.choose("all", served)]
    assert names == [
        *("serving_default", "encode", "decode", "reconstruct", "generate", "elbo", "score"),
        "preprocessor",
    ]
    with pytest.raises(ValueError, match="Received: a model of texts, which takes"):
        signatures.choose(["regress"], served)


def test_a_text_that_the_model_refuses_is_refused_by_the_graph(texts, loader):
    _, path, _ = texts
    for text, message in (
        (b"", r"`text\[1\]` must be a text of at least one of its words"),
        (b"caf\xe9", r"`text\[1\]` must be UTF-8"),
    ):
        with pytest.raises(RuntimeError, match=message):
            loader.run(path, [("score", {"text": [b"a cat", text]})])


def test_what_a_model_makes_may_be_empty_and_examples_of_it_are_not(texts):
    model, _, _ = texts
    samples = Samples(ServedModel(model))
    assert "" in model.generate(64, seed=0) and "" not in samples.raw and len(samples) == 8
    words = [ki.text.Text.infer(["a"]), np.zeros([3, 2], "float32")]
    assert not words[0].can_be_read(words[1]).any()
    with pytest.raises(TypeError, match="`warmup` must be texts"):
        Samples(ServedModel(model), np.zeros([3, 4]))
    with pytest.raises(ValueError, match=r"`warmup` cannot be used.*`texts\[1\]`"):
        Samples(ServedModel(model), ["a cat", ""])


@pytest.mark.slow  # of the compiler, for recurrences within a chain
def test_a_chain_that_finds_codes_of_texts_is_ops_of_the_graph(texts):
    text = texts[0].preprocessor
    served = ServedModel(small_text_model(text, ki.ShortRunModel, steps=2))
    samples = Samples(served)
    (signature,) = signatures.choose(["encode"], served)
    traced = saved_model.trace_all([signature], served)["encode"]
    given = {name: tf.constant(rows) for name, rows in samples.requests(signature).items()}
    answer = traced.function(**given)
    for output, (expected, unit) in samples.answers(signature).items():
        received = answer[output].numpy()
        assert parity._difference(received, expected, unit, np.arange(len(samples))) <= 1e-5
    with pytest.raises(ValueError, match="draws random numbers.*a chain that finds z"):
        ki.serving.export_portable(served.model, "encoder.onnx", part="encoder")
