"""Strings as numbers of tokens and back: laws, and errors that name the place."""

import gzip
import json

import keras
import numpy as np
import pandas
import pytest

import keras_infovae as ki

TEXTS = ["The cat sleeps.", "A dog (the cat's) runs, too!", "don't stop"]


@pytest.mark.parametrize("tokens", ["words", "characters", "subwords"])
def test_strings_come_back(tokens):
    text = ki.text.Text.infer(TEXTS, tokens)
    assert text.raw(text.numbers(TEXTS)) == [one.lower() for one in TEXTS]


def test_characters_keep_every_text_as_it_is():
    texts = ["  Two  blanks\tand a Tab\n", "\u00dcber \u4e2d"]
    text = ki.text.Text.infer(texts, "characters", lowercase=False)
    assert text.raw(text.numbers(texts)) == texts


def test_numbers_are_those_of_the_vocabulary_then_the_end():
    text = ki.text.Text.infer(["b a b", "a b c d"], minimum_count=2)
    assert text.vocabulary.tokens == ["b", "a"]  # the more frequent first
    assert text.length == 5  # the longest, and its end
    np.testing.assert_array_equal(text.numbers(["a x", "b"]), [[3, 1, 0, 0, 0], [2, 0, 0, 0, 0]])
    assert text.numbers(["a"]).dtype == np.float32
    assert text.raw([[3, 1, 0, 2, 2]]) == ["a <unknown>"]  # nothing counts after the end


def test_what_stands_for_unknown_tokens_is_unknown_when_read_again():
    text = ki.text.Text.infer(["a <unknown> b"])
    assert "<unknown>" not in text.vocabulary.tokens
    once = text.numbers(["a z b"])
    np.testing.assert_array_equal(text.numbers(text.raw(once)), once)


def test_the_vocabulary_has_at_most_its_size_and_no_order_of_texts_in_it():
    texts = [["c", "b"], ["a", "c"]]
    assert ki.text.Vocabulary.infer(texts, size=4).tokens == ["c", "a"]
    assert ki.text.Vocabulary.infer(texts[::-1], size=4).tokens == ["c", "a"]


def test_long_texts_are_cut_with_a_word_and_have_no_end():
    text = ki.text.Text.infer(["a b c d", "a"], max_length=3)
    with pytest.warns(ki.datasets.DataWarning, match="1 of 2 texts have more than 3 words"):
        x = text.numbers(["a b c d", "a b"])
    np.testing.assert_array_equal(x, [[2, 3, 4], [2, 3, 0]])


def test_the_form_of_the_strings_is_kept():
    text = ki.text.Text.infer(pandas.Series(TEXTS))
    x = text.numbers(TEXTS)
    assert text.raw_like(pandas.Series(TEXTS, index=[7, 8, 9]), x)[8] == TEXTS[1].lower()
    assert text.raw_like(np.array(TEXTS), x).dtype.kind == "U"


def test_it_is_saved_as_json_and_equal_to_what_it_was():
    text = ki.text.Text.infer(TEXTS, "characters", 12, 1, 9, False)
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(text)))
    restored = keras.saving.deserialize_keras_object(config)
    assert restored == text and hash(restored) == hash(text)
    np.testing.assert_array_equal(restored.vocabulary.tokens, text.vocabulary.tokens)


@pytest.mark.parametrize(
    ("raw", "accepted"),
    [
        (TEXTS, True),
        (tuple(TEXTS), False),  # which would be x and a condition
        (np.array(TEXTS), True),
        (np.array(TEXTS, object), True),
        (pandas.Series(TEXTS), True),
        (pandas.Series([1.0]), False),
        ([1.0], False),
        ([], False),
        (np.zeros([2, 2]), False),
        ("one string", False),
        (pandas.DataFrame({"a": TEXTS}), False),
    ],
    ids=range(11),
)
def test_strings_are_told_from_other_data(raw, accepted):
    assert ki.text.Text.accepts(raw) == accepted


@pytest.mark.parametrize(
    ("texts", "error", "match"),
    [
        ("one", TypeError, "`texts` must be a list of strings"),
        ([], ValueError, "`texts` must be at least one string"),
        (["a", 3], TypeError, r"`texts\[1\]` must be a string. Received: .*=3"),
        (["a", float("nan")], TypeError, r"`texts\[1\]` must be a string. Received: .*nan"),
        (["a", "  "], ValueError, r"`texts\[1\]` must be a text of at least one of its words"),
        ([["a"]], TypeError, "`texts` must be a list of strings"),
    ],
    ids=["a string", "none", "a number", "missing", "blank", "nested"],
)
def test_what_are_no_texts_is_refused(texts, error, match):
    with pytest.raises(error, match=match):
        ki.text.Text.infer(texts)
    with pytest.raises(error, match=match):
        ki.text.Text.infer(["a"]).numbers(texts)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: ki.text.Text.infer(["a"], "sentences"), "`tokens` must be one of"),
        (lambda: ki.text.Text.infer(["a"], vocabulary_size=2), "`vocabulary_size` must be"),
        (lambda: ki.text.Text.infer(["a"], minimum_count=2), "`minimum_count` must be at most 1"),
        (lambda: ki.text.Text.infer(["a"], max_length=0), "`max_length` must be"),
        (lambda: ki.text.Vocabulary([]), "`tokens` must be at least one string"),
        (lambda: ki.text.Vocabulary(["a", "b", "a"]), "`tokens` must be different strings"),
    ],
    ids=range(6),
)
def test_settings_outside_their_range_are_refused(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_the_lines_of_a_file_are_texts(tmp_path):
    path = tmp_path / "sentences.txt"
    path.write_bytes("\ufeffThe \u00fc cat.\r\n\r\n  A dog.  \n".encode())
    with pytest.warns(ki.datasets.DataWarning, match="sentences.txt: 1 line without a text"):
        assert ki.datasets.read_texts(path) == ["The \u00fc cat.", "A dog."]
    compressed = tmp_path / "more.txt.gz"
    compressed.write_bytes(gzip.compress(b"one\n"))
    assert ki.datasets.read_texts(compressed) == ["one"]
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match=r"sentences.txt.*text must be in UTF-8"):
        ki.datasets.read_texts(path)
    path.write_text("\n \n")
    with pytest.raises(ValueError, match="have at least one line with a text"):
        ki.datasets.read_texts(path)
    with pytest.raises(ValueError, match="`source` must be a file of texts"):
        ki.datasets.read_texts(tmp_path / "sentences.csv")
    with pytest.raises(FileNotFoundError):
        ki.datasets.read_texts(tmp_path / "none.txt")
