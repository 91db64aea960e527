"""The grammar: its probabilities add up to one, and are those of its draws."""

import itertools

import numpy as np
import pytest

import keras_infovae as ki

GRAMMAR = ki.datasets.grammar()


def test_the_probabilities_of_short_sentences_add_up_to_their_share():
    # All of a few words in each place, times how many words each of these stands for.
    nouns = ["cow", "ship", "cook", "singer", "pupil", "rocket"]
    verbs = ["grazes", "sails", "boils", "plays", "learns", "orbits"]
    places = [["the"], ["happy", "sad"], nouns, verbs, ["the"], ["happy", "sad"], nouns]
    every = [" ".join(words) for words in itertools.product(*places)]
    weight = 2 * 4 * 4 * 3 * 2 * 4 * 4
    total = weight * np.exp(GRAMMAR.log_prob(every)).sum()
    np.testing.assert_allclose(total, 0.5, rtol=1e-12)
    longer = np.exp(GRAMMAR.log_prob([f"{every[0]} near a {noun}" for noun in nouns]))
    np.testing.assert_allclose(longer.sum() * 16, np.exp(GRAMMAR.log_prob(every[:1]))[0])


def test_draws_have_the_words_of_their_topics_and_the_entropy():
    sentences = GRAMMAR.sample(4000, seed=1)
    log_p = GRAMMAR.log_prob(sentences.texts)
    assert np.all(np.isfinite(log_p))
    assert sentences.texts == GRAMMAR.sample(4000, seed=1).texts
    error = log_p.std() / np.sqrt(len(log_p))
    assert abs(-log_p.mean() - 14.5) < 0.1 + 4 * error  # nats
    of_farm = sentences.topics == "farm"
    third = np.array([text.split()[2] for text in sentences.texts])
    share = np.isin(third[of_farm], ["cow", "horse", "goat", "barn"]).mean()
    assert abs(share - (0.9 + 0.1 / 6)) < 4 * np.sqrt(0.09 * 0.91 / of_farm.sum())
    lengths = np.array([len(text.split()) for text in sentences.texts])
    np.testing.assert_array_equal(lengths, np.where(sentences.lengths == "long", 10, 7))


def test_what_is_no_sentence_has_no_probability():
    texts = ["the happy cow", "the happy cow grazes the sad elephant", ""]
    assert np.all(np.isneginf(GRAMMAR.log_prob(texts)))
    with pytest.raises(TypeError, match="`texts` must be a list of strings"):
        GRAMMAR.log_prob("the cow")
