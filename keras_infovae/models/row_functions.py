"""Functions of rows, over arrays of any length."""

import math

import numpy as np
import tensorflow as tf

from keras_infovae.utils.batches import in_batches, progress_bar
from keras_infovae.utils.checks import check_integer
from keras_infovae.utils.graphs import one_graph

BATCH_SIZE = 256


class RowFunctions:
    """Runs functions of rows over arrays, a batch at a time, each compiled once.

    A function of rows gives row i of its result from row i of its arguments alone, so that the size
    of the batches does not show.

    Args:
        model: whose functions they are, and whose `traced_settings` they go by.
    """

    def __init__(self, model):
        self._compiled, self._model = {}, model

    def run(self, name, function, arrays, batch_size, verbose=0):
        """Returns `function` of all rows, NumPy [n, ...].

        Args:
            name: what tells the function from others of the same model; it is compiled once a name.
            function: takes tensors by the names of `arrays`, and gives a tensor [n, ...].
            arrays: {name: NumPy array of n rows, or None, which is left out}.
            batch_size: rows at a time.
            verbose: 1 for a progress bar over the batches, 0 for none. Default 0.
        """
        check_integer("batch_size", batch_size)
        arrays = {key: array for key, array in arrays.items() if array is not None}
        key = (name, *arrays, self._model.traced_settings())
        if key not in self._compiled:
            self._compiled[key] = one_graph(
                lambda *tensors: function(**dict(zip(arrays, tensors, strict=True))),
                [tf.TensorSpec([None, *a.shape[1:]], a.dtype) for a in arrays.values()],
            )
        rows = list(arrays.values())
        count = progress_bar(math.ceil(len(rows[0]) / batch_size), verbose)
        results = []
        for batch in in_batches(rows, batch_size):
            results.append(self._compiled[key](*map(tf.constant, batch)).numpy())
            count()
        return np.concatenate(results)
