"""The conditions of the splits of a data set, resolved in one place."""

import numpy as np
import pytest

import keras_infovae as ki
from keras_infovae.evaluation import conditions

X = np.zeros((6, 4), "float32")
LABELS = np.array([0, 1, 2, 0, 1, 2])
FEATURES = np.arange(12.0).reshape(6, 2)


def make_model(**settings):
    kind = ki.InfoVAE if settings else ki.VAE
    networks = {name: ki.networks.MLP((4,)) for name in ("encoder", "decoder")}
    model = kind(2, **networks, **settings)
    model.build((None, 4))
    return model


def make_data(labels=LABELS, validation=0):
    parts = [None] * 3 if labels is None else [labels, labels[:validation], labels[:2]]
    return ki.datasets.Dataset("made", X, X[:validation], X[:2], *parts)


def test_labels_and_rows_become_the_conditions_of_the_splits():
    found = conditions.conditions_of(
        make_model(condition=ki.conditions.Classes(3)), make_data(), "labels"
    )
    assert list(found) == ["train", "validation", "test"] and found["validation"] is None
    np.testing.assert_array_equal(found["train"], LABELS)
    np.testing.assert_array_equal(found["test"], LABELS[:2])
    rows = {"train": FEATURES, "test": FEATURES[:2].tolist()}
    found = conditions.conditions_of(
        make_model(condition=ki.conditions.Features(2)), make_data(None), rows
    )
    np.testing.assert_array_equal(found["test"], FEATURES[:2])
    assert set(conditions.conditions_of(make_model(), make_data()).values()) == {None}


@pytest.mark.parametrize(
    "labels",
    [LABELS, 1.0 * LABELS, LABELS + 1, np.array(list("abc"))[LABELS], 10 * LABELS - 10],
    ids=str,
)
def test_labels_of_any_kind_are_classes_by_their_order(labels):
    found = conditions.conditions_of(
        make_model(condition=ki.conditions.Classes(3)), make_data(labels, 1), "labels"
    )
    np.testing.assert_array_equal(found["train"], LABELS)
    np.testing.assert_array_equal(found["validation"], LABELS[:1])
    np.testing.assert_array_equal(found["test"], LABELS[:2])


def test_labels_that_are_numbers_of_classes_stay_as_they_are():
    # Of four classes, the data has three: as the first of them, 1 would be another one.
    labels = LABELS + 1
    found = conditions.conditions_of(
        make_model(condition=ki.conditions.Classes(4)), make_data(labels), "labels"
    )
    np.testing.assert_array_equal(found["train"], labels)


@pytest.mark.parametrize(
    ("settings", "data", "condition", "words"),
    [
        ({}, make_data(), "labels", "left out: .* takes none"),
        (
            {"condition": ki.conditions.Classes(3)},
            make_data(),
            None,
            '"labels" or a dictionary .* takes a condition',
        ),
        ({"condition": ki.conditions.Classes(3)}, make_data(), LABELS, '"labels" or a dictionary'),
        (
            {"condition": ki.conditions.Classes(3)},
            make_data(),
            {"tset": LABELS},
            '"labels" or a dictionary',
        ),
        ({"condition": ki.conditions.Classes(3)}, make_data(), "label", "Did you mean 'labels'"),
        (
            {"condition": ki.conditions.Classes(3)},
            make_data(None),
            "labels",
            "each of the 6 examples of the train",
        ),
        (
            {"condition": ki.conditions.Classes(3)},
            make_data(),
            {"train": LABELS},
            "of the 2 examples of the test split",
        ),
        ({"condition": ki.conditions.Classes(2)}, make_data(), "labels", "labels from 0 to 1"),
        (
            {"condition": ki.conditions.Classes(3)},
            make_data(np.array(list("abcabd"))),
            "labels",
            "labels from 0 to 2, or of 3 classes in all. Received: 4 classes: a, b, c, d",
        ),
        (
            {"condition": ki.conditions.Classes(3)},
            make_data(LABELS + 0.5),
            "labels",
            "have labels that are classes: .* on a scale, such as 0.5",
        ),
        (
            {"condition": ki.conditions.Features(3)},
            make_data(),
            {"train": FEATURES, "test": FEATURES},
            r"\[examples, 3\]",
        ),
        (
            {"condition": ki.conditions.Features(2)},
            make_data(),
            {"train": FEATURES, "test": FEATURES},
            "the 2 examp",
        ),
    ],
)
def test_what_is_no_condition_is_named(settings, data, condition, words):
    with pytest.raises((ValueError, TypeError), match=f"`condition` must .*{words}"):
        conditions.conditions_of(make_model(**settings), data, condition)


def test_rows_are_drawn_by_the_seed_and_alike_of_arrays_of_one_length():
    drawn = conditions.draw(LABELS, 50, 3)
    np.testing.assert_array_equal(drawn, conditions.draw(LABELS, 50, 3))
    np.testing.assert_array_equal(conditions.draw(FEATURES, 50, 3), FEATURES[_rows(50, 3)])
    np.testing.assert_array_equal(drawn, LABELS[_rows(50, 3)])
    assert conditions.draw(None, 5, 0) is conditions.take(None, [1]) is None
    with pytest.raises(ValueError, match="`seed` must be an integer of at least 0"):
        conditions.draw(LABELS, 5, -1)


def _rows(count, seed):
    return conditions.draw(np.arange(6), count, seed)


def test_classes_have_the_names_of_the_labels_they_stand_for():
    model = make_model(condition=ki.conditions.Classes(3))
    data = make_data(np.array(list("abcabc")))
    assert conditions.class_names_of(model, data, {"train": LABELS}) == ["a", "b", "c"]
    assert conditions.class_names_of(model, data, {"train": LABELS * 1.0}) == ["a", "b", "c"]
    swapped = conditions.class_names_of(model, data, {"train": 2 - LABELS})
    assert swapped == ["c", "b", "a"]
    more = make_model(condition=ki.conditions.Classes(4))
    assert conditions.class_names_of(more, data, {"train": LABELS})[3] == "3"
    # Classes that are not the labels: one of two labels, or two of one.
    assert conditions.class_names_of(model, data, {"train": LABELS % 2}) is None
    assert conditions.class_names_of(model, make_data(LABELS % 2), {"train": LABELS}) is None
    assert conditions.class_names_of(model, make_data(None), {"train": LABELS}) is None
    features = make_model(condition=ki.conditions.Features(2))
    assert conditions.class_names_of(features, data, {"train": FEATURES}) is None
