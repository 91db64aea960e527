"""Pipelines without the thread that tunes them, for which a dropped iterator may wait."""

import keras
import numpy as np
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.models.batches import batches_in_order
from keras_infovae.utils.pipelines import as_written, untuned

X = np.random.default_rng(0).random((10, 3)).astype("float32")


def test_what_a_user_says_of_tuning_stays():
    dataset = tf.data.Dataset.range(3)
    assert dataset.options().autotune.enabled is None
    assert untuned(dataset).options().autotune.enabled is False
    for said in (True, False):
        options = tf.data.Options()
        options.autotune.enabled = said
        decided = dataset.with_options(options)
        assert untuned(decided) is decided
    assert untuned("not a dataset") == "not a dataset"


def test_own_pipelines_run_as_they_are_written():
    options = as_written(tf.data.Dataset.range(3)).options()
    assert options.autotune.enabled is False
    assert options.experimental_optimization.apply_default_optimizations is False
    policy = options.experimental_distribute.auto_shard_policy
    assert policy == tf.data.experimental.AutoShardPolicy.DATA


def test_batches_in_order_are_the_rows_of_the_arrays():
    batches = list(batches_in_order(X, 4).as_numpy_iterator())
    assert [len(batch) for batch in batches] == [4, 4, 2]
    np.testing.assert_array_equal(np.concatenate(batches), X)
    labels = np.arange(10, dtype="float32")
    ((x, condition),) = next(iter(batches_in_order((X, labels), 10)))
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(condition, labels)


def test_models_give_keras_no_pipeline_that_is_tuned(monkeypatch):
    given = []

    def keep(name):
        def method(self, x=None, **options):
            given.extend([x, options.pop("validation_data", None)])
            assert options.get("batch_size") is None

        monkeypatch.setattr(keras.Model, name, method)

    model = ki.VAE(2, encoder=ki.networks.MLP([4]), decoder=ki.networks.MLP([4]), seed=0)
    for name in ("fit", "evaluate"):
        keep(name)
    dataset = tf.data.Dataset.from_tensor_slices(X).batch(5)
    model.fit(X, validation_data=X, batch_size=5, verbose=0)
    model.fit(X, validation_split=0.2, batch_size=5, verbose=0)
    model.fit(dataset, validation_data=dataset, verbose=0)
    model.evaluate(X, batch_size=5)
    model.evaluate(dataset)
    tuned = [data.options().autotune.enabled for data in given if data is not None]
    assert tuned == [False] * 8
