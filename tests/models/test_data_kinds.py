"""What is given as data is trained on as it is, or named and refused before a weight changes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki

RNG = np.random.default_rng(0)
X = RNG.random((24, 6)).astype("float32")
IMAGES = RNG.random((5, 8, 8, 1)).astype("float32")
NETWORK = ki.networks.MLP([4])


@pytest.fixture(scope="module")
def model():
    model = ki.VAE(2, encoder=NETWORK, decoder=NETWORK, seed=0)
    model.fit(X, epochs=1, verbose=0)
    return model


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 3

    def __getitem__(self, index):
        return X[8 * index : 8 * index + 8]


REFUSED = {
    "a list of arrays": (lambda: [X, X], ValueError, "one array of examples.*a list of 2 arrays"),
    "a masked array": (lambda: np.ma.masked_greater(X, 0.5), ValueError, "hidden values"),
    "a dictionary": (lambda: {"a": X[:, 0], "b": X[:, 1]}, TypeError, "a dictionary of .*'a'"),
    "a ragged tensor": (lambda: tf.ragged.constant([[1.0], [1.0, 2.0]]), TypeError, "RaggedTensor"),
    "a sparse tensor": (lambda: tf.sparse.from_dense(X), TypeError, "SparseTensor"),
    "single examples": (
        lambda: tf.data.Dataset.from_tensor_slices(X),
        ValueError,
        "a dataset of batches.*single examples",
    ),
    "a dataset of dictionaries": (
        lambda: tf.data.Dataset.from_tensor_slices({"a": X}).batch(8),
        TypeError,
        "a dictionary of .*'a'",
    ),
    "a dataset of ragged rows": (
        lambda: tf.data.Dataset.from_tensors(tf.ragged.constant([[1.0], [1.0, 2.0]])),
        TypeError,
        "RaggedTensor",
    ),
    "an iterator": (lambda: iter([X]), TypeError, "must be an array or a dataset"),
    "text": (lambda: "digits", TypeError, "must be an array or a dataset"),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("method", ["fit", "evaluate", "encode", "elbo", "score"])
def test_what_cannot_be_data_is_named(model, method, case):
    make, error, message = REFUSED[case]
    before = model.get_weights()
    with pytest.raises(error, match=f"Argument `x`.*{message}"):
        getattr(model, method)(make())
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_images_that_no_one_has_batched_are_no_batches_of_rows():
    fresh = ki.VAE(2, encoder=NETWORK, decoder=NETWORK)
    with pytest.raises(ValueError, match="single examples"):
        fresh.fit(tf.data.Dataset.from_tensor_slices(IMAGES).shuffle(5), verbose=0)
    assert not fresh.built


@pytest.mark.parametrize("method", ["encode", "elbo", "score", "reconstruct"])
@pytest.mark.parametrize(
    "make",
    [
        lambda: tf.data.Dataset.from_tensor_slices(X).batch(7),
        lambda: tf.data.Dataset.from_tensor_slices((X,)).batch(7, drop_remainder=False),
        lambda: tf.data.Dataset.from_tensors(X),
        Batches,
    ],
    ids=["dataset", "tuples", "one batch", "PyDataset"],
)
def test_methods_take_datasets_and_give_what_they_give_of_the_array(model, method, make):
    np.testing.assert_allclose(getattr(model, method)(make()), getattr(model, method)(X), atol=1e-5)


def test_masked_arrays_that_hide_nothing_are_arrays(model):
    np.testing.assert_allclose(model.encode(np.ma.masked_array(X)), model.encode(X))


def test_a_generator_needs_a_model_that_knows_the_shape():
    fresh = ki.VAE(2, encoder=NETWORK, decoder=NETWORK)
    with pytest.raises(ValueError, match=r"not built.*build\(\(None, ...\)\)"):
        fresh.fit((x for x in [X]), verbose=0)
    fresh.build((None, 6))
    fresh.fit(((x,) for x in [X]), steps_per_epoch=1, shuffle=False, verbose=0)


@pytest.mark.parametrize("name", ["y", "sample_weight", "class_weight"])
@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_targets_and_weights_of_examples_are_refused_by_name_everywhere(model, method, name):
    with pytest.raises(ValueError, match=f"`{name}` must be left out"):
        getattr(model, method)(X, **{name: np.ones(len(X))})


def test_batches_by_hand_build_compile_and_train():
    fresh = ki.VAE(2, encoder=NETWORK, decoder=NETWORK, seed=0)
    logs = fresh.train_on_batch(X)
    assert set(logs) == {"loss", "reconstruction_loss", "kl_divergence", "divergence"}
    assert int(fresh.progress.step) == 1
    assert np.isfinite(fresh.test_on_batch(X)["loss"])
    fresh.reset_metrics()  # to which Keras 3.12 adds batches
    values = fresh.test_on_batch(X, return_dict=False)
    fresh.reset_metrics()
    assert sorted(values) == sorted(fresh.test_on_batch(X).values())
    with pytest.raises(TypeError, match="unexpected keyword argument 'foo'"):
        fresh.train_on_batch(X, foo=3)
    with pytest.raises(ValueError, match="finite"):
        fresh.train_on_batch(np.full_like(X, np.nan))
    with pytest.raises(TypeError, match="`x` must be one batch"):
        fresh.train_on_batch(tf.data.Dataset.from_tensors(X))


def test_formats_that_cannot_hold_a_model_are_refused_by_name(model, tmp_path):
    for name in ("model.h5", "model", "model.hdf5"):
        with pytest.raises(ValueError, match="`filepath` must be a path that ends in .keras"):
            model.save(tmp_path / name)
    with pytest.raises(ValueError, match="serving.export_for_serving"):
        model.export(tmp_path / "exported")
    assert not list(tmp_path.iterdir())
