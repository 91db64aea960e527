"""Words in pieces: byte-pair encoding, the longest pieces, and texts that come back."""

import collections
import itertools
import random

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.text.subword_learning import learned
from keras_infovae.text.subwords import Subwords

TEXTS = ["The lowest newest tower.", "A lower, wider window!", "the widest of the new towers"] * 4
SENNRICH = {" low": 5, " lower": 2, " newest": 6, " widest": 3}  # figure 1 of arXiv:1508.07909


def test_pairs_are_joined_in_the_order_of_their_counts():
    # By hand: "es" and "est" 9 times, then what "low" is made of 7 times, and "newest" 6 times.
    joined = learned(SENNRICH, 11 + 9)[11:]
    assert joined == ["es", "est", " l", " lo", " low", " n", " ne", " new", " newest"]
    characters = learned(SENNRICH, 11)
    assert characters[:3] == ["e", " ", "w"] and set(characters) == set("".join(SENNRICH))


def by_counting_anew(counts, size):
    """Returns what `learned` does, with all pairs counted at each step."""
    characters = collections.Counter()
    for word, count in counts.items():
        characters.update({c: word.count(c) * count for c in set(word)})
    pieces = sorted(characters, key=lambda c: (-characters[c], c))[:size]
    words = {word: list(word) for word in counts}
    while len(pieces) < size:
        pairs = collections.Counter()
        for word, parts in words.items():
            for pair in itertools.pairwise(parts):
                pairs[pair] += counts[word]
        if not pairs or max(pairs.values()) < 2:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        for parts in words.values():
            i = 0
            while i < len(parts) - 1:
                if (parts[i], parts[i + 1]) == best:
                    parts[i : i + 2] = ["".join(best)]
                i += 1
        if "".join(best) not in pieces:
            pieces.append("".join(best))
    return pieces


@pytest.mark.parametrize("seed", range(5))
def test_what_is_kept_of_counts_is_what_counting_anew_gives(seed):
    draw = random.Random(seed)
    words = {"".join(draw.choices("aabc", k=draw.randint(1, 9))) for _ in range(80)}
    counts = {word: draw.randint(1, 5) for word in sorted(words)}
    assert learned(counts, 60) == by_counting_anew(counts, 60)


def test_a_word_is_taken_apart_by_the_longest_pieces_from_its_first_character():
    kind = Subwords(ki.text.Vocabulary([" ", "a", "b", "c", " a", "ab", "abc", "bc"]))
    assert kind.split("abc  ab\tbca") == [" a", "bc", " a", "b", " ", "bc", "a"]
    assert kind.split("xab") == [" ", "x", "ab"]


def test_no_piece_goes_from_letters_to_marks():
    tokens = ki.text.Text.infer(["don't!!", "well-known"] * 50, "subwords").vocabulary.tokens
    assert {" don", " well", "known"} <= set(tokens)
    assert not any(len(token.strip()) > 1 and not token.strip().isalnum() for token in tokens)


def test_only_characters_that_were_never_there_are_unknown():
    text = ki.text.Text.infer([*TEXTS, " ".join(TEXTS)], "subwords", vocabulary_size=60)
    assert len(text.vocabulary) <= 60
    new = ["wet towels  went\nnorth", "two, wet"]
    assert text.raw(text.numbers(new)) == ["wet towels went north", "two, wet"]
    assert text.raw(text.numbers(["wax"])) == ["wa\ufffd"]
    once = text.numbers(text.raw(text.numbers(["wax"])))
    np.testing.assert_array_equal(once, text.numbers(["wax"]))


def test_more_pieces_make_texts_shorter():
    lengths = [
        ki.text.Text.infer(TEXTS, "subwords", vocabulary_size=size).length for size in (25, 40, 80)
    ]
    assert lengths == sorted(lengths, reverse=True) and lengths[0] > 2 * lengths[-1]
    characters = ki.text.Text.infer(TEXTS, "characters").length
    assert lengths[0] <= characters + 1  # with the blank before the first word


def test_what_is_read_once_is_refused_and_a_dataset_is_not():
    with pytest.raises(TypeError, match="`texts` must be what can be read twice, for subwords"):
        ki.text.Text.infer((text for text in TEXTS), "subwords")
    dataset = tf.data.Dataset.from_tensor_slices(TEXTS).batch(5)
    found = ki.text.Text.infer(dataset, "subwords")
    assert found.vocabulary.tokens == ki.text.Text.infer(TEXTS, "subwords").vocabulary.tokens
    most = max(collections.Counter("".join(f" {text.lower()}" for text in TEXTS)).values())
    with pytest.raises(ValueError, match=f"`minimum_count` must be at most {most}, for a char"):
        ki.text.Text.infer(TEXTS, "subwords", minimum_count=1000)


def test_a_stream_has_the_pieces_of_what_is_loaded(tmp_path):
    path = tmp_path / "sentences.txt"
    path.write_text("\n".join(TEXTS), "utf-8")
    stream = ki.text.stream(path, 4, tokens="subwords")
    data = ki.text.load(path, tokens="subwords")
    assert stream.preprocessor.vocabulary.tokens == data.preprocessor.vocabulary.tokens
    assert stream.preprocessor.length == data.preprocessor.length


def test_a_model_of_subwords_comes_back_whole(tmp_path):
    text = ki.text.Text.infer(TEXTS, "subwords", vocabulary_size=60)
    model = ki.VAE(2, decoder=ki.networks.Recurrent(6, 4), preprocessor=text, seed=0)
    model.fit(TEXTS, epochs=1, verbose=0)
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    assert restored.generate(3, seed=0) == model.generate(3, seed=0)
    np.testing.assert_allclose(restored.score(TEXTS), model.score(TEXTS), rtol=1e-5)
