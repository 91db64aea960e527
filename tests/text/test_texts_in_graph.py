"""What graphs make of strings is what Python makes of them."""

import random
import warnings

import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.text.character_classes import characters
from keras_infovae.text.lower_case import lower_in_graph
from keras_infovae.text.tokenizations import TOKENIZATIONS

# Letters with cases of their own, marks that stand within words and beside them, blanks of all
# sorts, what has several characters, and what an unknown word is written as.
ODD = "aA bBzZ\t\n\v\x1c\x85\xa0\u2028.,;:()[]{}'\u2019-_%\u2026\u201c\u201d\u03a3\u03c3\u03c2"
ODD += (
    "\u0391\u0130\u0131I\u0345\u0307\u00ad\u00df\u00e9\u4e2d\U0001f642\U00010570\x0009\u00bd\ufffd"
)
ODD += "\u200d\u093f\U0001f1e6"
HAND_MADE = [
    *(
        "The cat sleeps.",
        "don't STOP",
        "a  b\t\tc\n",
        "((a, b).)",
        "\u201cquoted\u201d\u2026 50 % off",
    ),
    *(
        "<unknown> < unknown>",
        "<UNKNOWN>",
        "\u039b\u038c\u0393\u039f\u03a3. \u03a3 \u0391\u03a3'\u0391",
    ),
    *(
        "cafe\u0301, a\u0301\u0301!\u0301",
        "\u0939\u093f\u0928\u094d\u0926\u0940 x",
        "\u0645\u06cc\u200c\u062e",
    ),
    *(
        "\U0001f469\u200d\U0001f469 \U0001f44d\U0001f3fd.",
        "\U0001f1eb\U0001f1f7\U0001f1e9\U0001f1ea 1\ufe0f\u20e3 \u0301",
    ),
    *("\u0130stanbul", "well-known-", "x" * 300, "word " * 90, "\u00a0a\u2003b", "snake_case 3.5"),
]


@pytest.fixture(scope="module")
def strings():
    draw = random.Random(0)
    made = ["".join(draw.choices([*ODD, "<unknown>"], k=draw.randint(1, 25))) for _ in range(3000)]
    return HAND_MADE + made


def decoded(tensor):
    return [text.decode() for text in tensor.numpy()]


def test_lower_case_is_that_of_python(strings):
    assert decoded(lower_in_graph(tf.constant(strings))) == [text.lower() for text in strings]
    every = characters()[:0x11000]  # of all alphabets with cases, but rare ones
    if tf.__version__ < "2.19":  # which puts U+FFFD in place of what is no character
        every = [c for c in every if not "\ufdd0" <= c <= "\ufdef" and ord(c) & 0xFFFE != 0xFFFE]
    received = lower_in_graph(tf.constant([c.encode() for c in every]))
    assert decoded(received) == [c.lower() for c in every]


@pytest.mark.parametrize("tokens", TOKENIZATIONS)
def test_numbers_and_texts_are_those_of_python(strings, tokens):
    kind = TOKENIZATIONS[tokens]
    given = [text for text in strings if kind.parts(text)]
    for lowercase, length in ((True, 12), (False, 200)):
        text = ki.text.Text.infer(given[:500], tokens, 60, 1, length, lowercase)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ki.datasets.DataWarning)  # of texts that are cut
            x = text.numbers(given)
        received = tf.function(text.numbers_in_graph)({"text": tf.constant(given)})
        assert received.dtype == tf.float32 and received.shape[1] == text.length
        np.testing.assert_array_equal(received, x)
        x[::7, 2] = 0.0  # the end, before others
        raw = tf.function(text.raw_in_graph)(tf.constant(x))["text"]
        assert decoded(raw) == text.raw(x)


def test_a_vocabulary_in_a_graph_tells_all_of_its_tokens_from_others():
    vocabulary = ki.text.Vocabulary([f"w{i}" for i in range(3000)])
    given = ["w2999", "w0", "W0", "", "w3000", *vocabulary.tokens]
    received = vocabulary.numbers_in_graph(tf.constant(given))
    assert received.numpy().tolist() == vocabulary.numbers(given)


def test_arrays_of_texts_lead_back():
    text = ki.text.Text.infer(["a cat", "\u00fcber"])
    arrays = text.as_arrays(np.array(["a", "\u00fcber"]))
    assert arrays["text"].tolist() == [b"a", "\u00fcber".encode()]
    assert text.of_arrays(arrays) == ["a", "\u00fcber"]
    assert text.of_arrays(text.arrays_of(["", "a"])) == ["", "a"]
    with pytest.raises(ValueError, match=r"`texts\[1\]` must be a text of at least one"):
        text.as_arrays(["a", ""])


@pytest.mark.parametrize("tokens", TOKENIZATIONS)
def test_no_text_and_texts_of_blanks_alone_have_their_answers(tokens):
    text = ki.text.Text.infer(["a cat"], tokens)
    numbers = tf.function(text.numbers_in_graph)
    assert numbers({"text": tf.constant([], tf.string)}).shape == [0, text.length]
    blank = "" if tokens == "characters" else " \t"
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"`text\[0\]` must be a text of at"):
        numbers({"text": tf.constant([blank, blank])})


def test_a_long_word_is_taken_apart_as_far_as_there_is_room():
    # Else one request of a long address would take as many steps as it has letters.
    text = ki.text.Text.infer(["ab abc " * 9] * 3, "subwords", max_length=5)
    longest = []
    kind = text.tokenization
    pieces = kind._pieces_in_graph
    kind._pieces_in_graph = lambda *given: longest.append(pieces(*given)) or longest[-1]
    received = text.numbers_in_graph({"text": tf.constant(["a b", "x" * 4000])})
    np.testing.assert_array_equal(received[1], [2, 1, 1, 1, 1])  # a blank, and unknown ones
    assert longest[0].row_lengths().numpy().tolist() == [1, 2, 5]
