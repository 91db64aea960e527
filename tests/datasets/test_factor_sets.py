"""Sets with known factors from TensorFlow Datasets, by stand-ins of their shape."""

import itertools
import sys
import types

import numpy as np
import pytest

import keras_infovae as ki

# {set: (shape of an image, largest value, {feature: how many values}, splits)}, a few values each.
SETS = {
    "dsprites": (
        (64, 64, 1),
        1,
        {
            "label_shape": 3,
            "label_scale": 2,
            "label_orientation": 2,
            "label_x_position": 2,
            "label_y_position": 3,
        },
        ("train",),
    ),
    "shapes3d": (
        (64, 64, 3),
        255,
        {
            "label_floor_hue": 2,
            "label_wall_hue": 2,
            "label_object_hue": 2,
            "label_scale": 2,
            "label_shape": 3,
            "label_orientation": 2,
        },
        ("train",),
    ),
    "smallnorb": (
        (96, 96, 1),
        255,
        {
            "label_category": 2,
            "instance": 4,
            "label_elevation": 2,
            "label_azimuth": 2,
            "label_lighting": 3,
        },
        ("train", "test"),
    ),
}


def examples(name, seed=0):
    """Returns {feature: array} of all combinations in a random order, and `image` beside."""
    shape, top, sizes, _ = SETS[name]
    rows = np.array(list(itertools.product(*map(range, sizes.values()))))
    numbers = np.random.default_rng(seed)
    rows = rows[numbers.permutation(len(rows))]
    images = numbers.integers(0, top + 1, (len(rows), *shape), "uint8")
    images[:, 0, 0, 0] = top
    columns = dict(zip(sizes, rows.T))
    return {"image": images, **columns, "id": np.arange(len(rows))}


def install(monkeypatch, name, columns):
    """Puts a library in place whose set `name` has these examples, in its splits."""
    splits = SETS[name][3]
    parts = {
        split: {feature: values[i :: len(splits)] for feature, values in columns.items()}
        for i, split in enumerate(splits)
    }
    builder = types.SimpleNamespace(
        download_and_prepare=lambda: None,
        as_dataset=lambda split, batch_size: parts[split],
    )
    library = types.SimpleNamespace(builder={name: builder}.get, as_numpy=dict)
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", library)


@pytest.mark.parametrize("name", SETS)
def test_each_image_is_at_its_factors(name, monkeypatch):
    columns = examples(name)
    install(monkeypatch, name, columns)
    data = ki.datasets.factor_images(name)
    shape, top, sizes, _ = SETS[name]
    assert (data.name, data.event_shape) == (name, shape)
    assert data.factor_sizes == tuple(sizes.values()) and len(data) == len(columns["id"])
    rows = np.stack([columns[feature] for feature in sizes], axis=1)
    x = data.image_at(rows)
    assert x.dtype == np.float32 and x.max() == 1.0
    np.testing.assert_array_equal(x, columns["image"] / np.float32(top))
    x, factors = data.sample(5, seed=1)
    np.testing.assert_array_equal(x, data.image_at(factors))
    np.testing.assert_array_equal(data.values_at(factors), factors)


def test_a_set_without_some_combination_is_refused(monkeypatch):
    columns = examples("dsprites")
    install(monkeypatch, "dsprites", {name: values[1:] for name, values in columns.items()})
    with pytest.raises(ValueError, match=r"one image for each combination.*71 images, 71 comb"):
        ki.datasets.factor_images("dsprites")
    columns["label_shape"][0] = (columns["label_shape"][0] + 1) % 3  # one twice, one never
    install(monkeypatch, "dsprites", columns)
    with pytest.raises(ValueError, match=r"72 images, 71 combinations of \(3, 2, 2, 2, 3\)"):
        ki.datasets.factor_images("dsprites")


def test_other_names_and_a_missing_library_are_named(monkeypatch):
    with pytest.raises(ValueError, match="`name` must be.*'dsprites'.*Received: name='cars3d'"):
        ki.datasets.factor_images("cars3d")
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(ImportError, match=r"'smallnorb' needs .*keras-infovae\[tfds\]"):
        ki.datasets.factor_images("smallnorb")
