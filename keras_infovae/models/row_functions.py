"""Functions of rows, over arrays of any length."""

import keras
import numpy as np
import tensorflow as tf

from keras_infovae.utils.checks import check_integer
from keras_infovae.utils.graphs import one_graph

BATCH_SIZE = 256


class RowFunctions:
    """Runs functions of rows over arrays, a batch at a time, each compiled once.

    A function of rows gives row i of its result from row i of its arguments alone, so that the size
    of the batches does not show.
    """

    def __init__(self):
        self._compiled = {}

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
        key = (name, *arrays)
        if key not in self._compiled:
            self._compiled[key] = one_graph(
                lambda *tensors: function(**dict(zip(arrays, tensors, strict=True))),
                [tf.TensorSpec([None, *a.shape[1:]], a.dtype) for a in arrays.values()],
            )
        count = len(next(iter(arrays.values())))
        starts = range(0, count, batch_size)
        progress = keras.utils.Progbar(len(starts), unit_name="batch") if verbose else None
        results = []
        for start in starts:
            rows = [tf.constant(array[start : start + batch_size]) for array in arrays.values()]
            results.append(self._compiled[key](*rows).numpy())
            if progress is not None:
                progress.add(1)
        return np.concatenate(results)
