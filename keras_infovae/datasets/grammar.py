"""Sentences of a small grammar, whose probabilities are known."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from keras_infovae.utils.checks import argument_error, check_integer

_TOPICS = {  # topic: (nouns, verbs)
    "farm": ("cow horse goat barn", "grazes rests eats"),
    "sea": ("ship whale sailor harbor", "sails dives drifts"),
    "kitchen": ("cook oven soup kettle", "boils bakes steams"),
    "music": ("singer drum violin choir", "plays rehearses sounds"),
    "school": ("pupil teacher book lesson", "learns writes begins"),
    "space": ("rocket star planet comet", "orbits shines glows"),
}
_ADJECTIVES = {"good": "happy lovely bright gentle", "bad": "sad awful gloomy rough"}
_DETERMINERS, _PREPOSITIONS = ("the", "a"), ("near", "with")
_OWN = 0.9  # the share of words that come from the topic, or the sentiment, itself
LENGTHS = ("short", "long")


class Sentences(NamedTuple):
    """Sentences, and what they were drawn from.

    Args:
        texts: a list of n strings.
        topics: their topics, NumPy strings [n].
        sentiments: "good" or "bad", [n].
        lengths: "short" or "long", [n].
    """

    texts: list
    topics: np.ndarray
    sentiments: np.ndarray
    lengths: np.ndarray


class Grammar:
    """Sentences of 54 words, each by a topic, a sentiment and a length that are drawn first:

        determiner adjective noun verb determiner adjective noun [preposition determiner noun]

    Each of 6 topics has 4 nouns and 3 verbs, each of 2 sentiments 4 adjectives. A noun or verb is
    of the topic with probability 0.9, and else of any; so are adjectives of the sentiment. The part
    in brackets makes a sentence long. All choices are uniform. Since the 24 latent states can be
    summed over, log p of every sentence is known: what a model of text can reach at best.

    Example:

    >>> import keras_infovae as ki
    >>> grammar = ki.datasets.grammar()
    >>> sentences = grammar.sample(3, seed=0)
    >>> sentences.texts[0], str(sentences.topics[0])
    ('the happy comet glows a gentle planet', 'space')
    >>> grammar.log_prob(sentences.texts).round(2)
    array([-11.57, -18.44, -11.57])
    """

    def __init__(self) -> None:
        nouns = [_split(nouns) for nouns, _ in _TOPICS.values()]
        verbs = [_split(verbs) for _, verbs in _TOPICS.values()]
        adjectives = [_split(words) for words in _ADJECTIVES.values()]
        kinds = [_DETERMINERS, _PREPOSITIONS, *adjectives, *nouns, *verbs]
        self.words = [word for words in kinds for word in words]
        self._number = {word: i for i, word in enumerate(self.words)}
        self._states = [(t, s, n) for t in range(6) for s in range(2) for n in range(2)]
        determiner, preposition = (self._mixture([w], 0) for w in (_DETERMINERS, _PREPOSITIONS))
        # For each state the probabilities of words at each position, [positions, words].
        self._tables = []
        for topic, sentiment, long in self._states:
            noun, verb = self._mixture(nouns, topic), self._mixture(verbs, topic)
            adjective = self._mixture(adjectives, sentiment)
            table = [determiner, adjective, noun, verb, determiner, adjective, noun]
            self._tables.append(np.array(table + long * [preposition, determiner, noun]))

    def _mixture(self, sets, own):
        """Returns the probabilities of all words: of one of several sets of words, or of any."""
        p = np.zeros(len(self.words))
        every = [word for words in sets for word in words]
        if len(sets) > 1:
            p[[self._number[word] for word in every]] += (1 - _OWN) / len(every)
        share = _OWN if len(sets) > 1 else 1.0
        p[[self._number[word] for word in sets[own]]] += share / len(sets[own])
        return p

    def sample(self, n: int, seed: int = 0) -> Sentences:
        """Returns n sentences, `Sentences`.

        Args:
            n: how many, at least 1.
            seed: an integer of at least 0. Default 0.
        """
        numbers = np.random.default_rng(check_integer("seed", seed, minimum=0))
        chosen = numbers.integers(0, len(self._states), check_integer("n", n))
        texts = []
        for state in chosen:
            sums = self._tables[state].cumsum(axis=1)
            places = numbers.random(len(sums)) * sums[:, -1]
            texts.append(" ".join(self.words[i] for i in (sums > places[:, None]).argmax(axis=1)))
        topic, sentiment, long = np.array(self._states)[chosen].T
        names = list(_TOPICS), list(_ADJECTIVES), LENGTHS
        return Sentences(texts, *(np.array(n)[i] for n, i in zip(names, (topic, sentiment, long))))

    def log_prob(self, texts: Sequence[str]) -> np.ndarray:
        """Returns log p of each text, NumPy float64 [n] in nats; -inf for what is no sentence.

        The end of a sentence is a part of it: the probabilities of all sentences add up to 1.

        Args:
            texts: a list of strings, words with blanks between them.
        """
        if isinstance(texts, str):
            raise argument_error("texts", "a list of strings", texts, TypeError)
        return np.array([self._log_prob(text.split()) for text in texts])

    def _log_prob(self, words):
        numbers = [self._number.get(word) for word in words]
        if None in numbers:
            return -np.inf
        of_states = [
            table[np.arange(len(numbers)), numbers].prod() if len(table) == len(numbers) else 0.0
            for table in self._tables
        ]
        with np.errstate(divide="ignore"):
            return np.log(np.mean(of_states))


def _split(words):
    return tuple(words.split())


def grammar() -> Grammar:
    """Returns the `Grammar` of small sentences with exact probabilities."""
    return Grammar()
