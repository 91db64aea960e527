"""All that a model is made of trains under XLA, with batches whose size is not known beforehand.

`fit` turns XLA on by itself for a long training, so that nothing may fail there alone.
"""

import numpy as np
import pytest
import tensorflow as tf

from tests import contracts
from tests.serving.conftest import small

CASES = [
    *(
        (model_class.__name__, {"model_class": model_class} | a)
        for model_class, a in contracts.MODELS
    ),
    *((str(next(iter(a.values()))), a) for _, a in contracts.PARTS),
    *((str(row.divergence), {"divergence": row.divergence}) for row in contracts.DIVERGENCES),
    *((row.name, row.arguments) for row in contracts.PORTABLE if "scaling" not in row.arguments),
]
QUICK = ("IWAE",)


def train(arguments):
    """Takes three steps, the last of a smaller batch; returns the model and its losses."""
    model = small(**arguments)
    condition = None
    if model.condition.size:
        labels = np.arange(11) % 2
        is_class = model.condition.num_classes is not None
        condition = labels if is_class else np.eye(model.condition.size, dtype="float32")[labels]
    x = model.generate(11, seed=0, sample=True, condition=condition)
    x = x if condition is None else ((x, condition),)
    dataset = tf.data.Dataset.from_tensor_slices(x).batch(4)
    assert tf.nest.flatten(dataset.element_spec)[0].shape[0] is None
    model.compile("adam", jit_compile=True)
    return model, model.fit(dataset, epochs=1, verbose=0).history


def check(arguments):
    before = [w.numpy() for w in small(**arguments).decoder.trainable_weights]
    model, history = train(arguments)
    assert all(np.isfinite(values).all() for values in history.values())
    after = model.decoder.trainable_weights
    assert any((a != b.numpy()).any() for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize("arguments", [dict(CASES)[name] for name in QUICK], ids=QUICK)
def test_some_train(arguments):
    check(arguments)


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [a for _, a in CASES], ids=[name for name, _ in CASES])
def test_all_train(arguments):
    check(arguments)
