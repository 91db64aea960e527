"""Strings as numbers of tokens and back: laws, and errors that name the place."""

import gzip
import json
import tracemalloc

import keras
import numpy as np
import pandas
import pytest
import tensorflow as tf

import keras_infovae as ki

TEXTS = ["The cat sleeps.", "A dog (the cat's) runs, too!", "don't stop"]


@pytest.mark.parametrize("tokens", ["words", "characters", "subwords"])
def test_strings_come_back(tokens):
    text = ki.text.Text.infer(TEXTS, tokens)
    assert text.raw(text.numbers(TEXTS)) == [one.lower() for one in TEXTS]


@pytest.mark.parametrize("tokens", ["words", "subwords"])
def test_what_belongs_to_a_character_stays_with_it(tokens):
    texts = [
        "cafe\u0301 au lait",  # an accent of its own
        "\u0939\u093f\u0928\u094d\u0926\u0940 \u092d\u093e\u0937\u093e",  # vowel signs
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # a joiner within a word
        "\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f44d\U0001f3fd",  # a family, a tone
        "\U0001f1eb\U0001f1f7 1\ufe0f\u20e3",  # a flag, a key
    ]
    text = ki.text.Text.infer(texts, tokens)
    assert text.raw(text.numbers(texts)) == texts
    words = [ki.text.Text.infer([one]).length - 1 for one in texts]
    assert words == [3, 2, 1, 2, 2]


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
        ([["a"], ["b", "c"]], TypeError, r"`texts\[0\]` must be a string"),
        (np.array([["a"]]), TypeError, "`texts` must be a list of strings"),
    ],
    ids=["a string", "none", "a number", "missing", "blank", "lists", "rank 2"],
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


def test_one_long_text_costs_its_own_length():
    texts = ["a short text"] * 2999 + ["word " * 10_000]
    tracemalloc.start()
    ki.text.Text.infer(texts)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20e6  # as an array, 3,000 times the longest: 600 MB


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (lambda: ki.text.Text.infer(tf.constant([b"a", b"\xff"])), r"`texts\[1\]` must be UTF-8"),
        (lambda: ki.text.Text.infer(["a \ud800"]), r"`texts\[0\]` must be of whole characters"),
        (lambda: ki.text.Text.infer(["a"], lowercase="no"), "`lowercase` must be True or False"),
        (lambda: ki.text.Text.infer(["<unknown>"]), "`texts` must be some with a token"),
        (lambda: ki.text.Text(ki.text.Vocabulary(["The"]), 4), "`lowercase` must be False for"),
        (lambda: ki.text.Vocabulary("abc"), "`tokens` must be a list of strings"),
        (lambda: ki.text.Vocabulary.infer(["the cat"]), r"`texts\[0\]` must be a list of tokens"),
        (
            lambda: ki.text.Vocabulary.infer([["a"]], size=2),
            "`size` must be an integer of at least",
        ),
        (lambda: ki.text.Text.infer(["a b"]).raw([[-1, 0]]), "`x` must be numbers of tokens"),
        (lambda: ki.text.Text.infer(["a b"]).raw([[4, 0]]), "`x` must be numbers of tokens"),
        (lambda: ki.VAE(2).fit([None, "a"]), r"`texts\[0\]` must be a string"),
    ],
    ids=range(11),
)
def test_what_is_no_text_is_refused_by_its_place(make, part):
    with pytest.raises((TypeError, ValueError), match=part):
        make()


def test_a_dataset_without_an_end_has_no_vocabulary():
    dataset = tf.data.Dataset.from_tensor_slices(["a", "b"]).batch(2).repeat()
    with pytest.raises(ValueError, match="`texts` must be a dataset with an end"):
        ki.VAE(2).fit(dataset, steps_per_epoch=1, verbose=0)


def test_networks_of_another_vocabulary_are_refused():
    model = ki.VAE(
        2,
        likelihood=ki.likelihoods.TokenSequence(10),
        encoder=ki.networks.Recurrent(4, 4),
        decoder=ki.networks.Recurrent(4, 4, vocabulary_size=50),
    )
    with pytest.raises(ValueError, match="`vocabulary_size` must be 10, that of the likelihood"):
        model.build((None, 5))


def test_a_column_of_texts_is_read_as_it_is(tmp_path):
    path = tmp_path / "reviews.csv"
    path.write_text('review,stars\n007,1\nNA,2\n"good, all\nin all",3\n' + "fine,3\n" * 9)
    whole = {"validation_fraction": 0.0, "test_fraction": 0.0}
    data = ki.text.load(path, text_column="review", label_column="stars", **whole)
    assert {"007", "na", "good, all in all", "fine"} == set(data.preprocessor.raw(data.train))
    assert "1 text goes over several lines of 'review', by quotation marks" in data.notes
    path.write_text("review,stars\na,1\n  ,2\n")
    with pytest.raises(ValueError, match="have a text in each row of 'review'.*in row 1"):
        ki.text.load(path, text_column="review")
