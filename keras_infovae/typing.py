"""Types that annotations of public names share. Shapes and units are in the docstrings.

pandas is imported by who needs it, and neither Keras nor TensorFlow has types: what is theirs is
named for the reader, and is anything to a type checker.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, Union

import numpy as np

if TYPE_CHECKING:
    import pandas

Model: TypeAlias = Any  # a `GenerativeModel`, or whatever has the methods that are asked for
Tensor: TypeAlias = Any  # tf.Tensor
Optimizer: TypeAlias = Any  # of Keras, or its name
Distribution: TypeAlias = Any  # of TensorFlow Probability
Batches: TypeAlias = Any  # tf.data.Dataset
KerasModel: TypeAlias = Any  # keras.Model
Joint: TypeAlias = Any  # models.joint.Joint: log p(x, z) of a batch of x as a function of z
Likelihood: TypeAlias = Any  # a `distributions.likelihoods.Likelihood`
Dtype: TypeAlias = Any  # of TensorFlow or NumPy, or its name

Shape: TypeAlias = tuple[int, ...]
Config: TypeAlias = dict[str, Any]  # of an object, fit for JSON
Logs: TypeAlias = Mapping[str, float]  # what Keras tells a callback
Path: TypeAlias = str | os.PathLike
Array: TypeAlias = np.ndarray | Sequence  # whatever np.asarray takes
Frame: TypeAlias = Any  # pandas.DataFrame
Series: TypeAlias = Any  # pandas.Series
Rows: TypeAlias = Union[np.ndarray, Sequence, "pandas.DataFrame"]  # one example each
Labels: TypeAlias = Union[np.ndarray, Sequence, "pandas.Series"]
Texts: TypeAlias = Union[np.ndarray, Sequence[str], "pandas.Series"]  # one example each
Result: TypeAlias = Union[np.ndarray, "pandas.DataFrame"]  # in the form of the model's data
# One row per example, or where it says so a single one for all.
Condition: TypeAlias = Union[
    np.ndarray, Sequence, "pandas.DataFrame", Mapping, int, float, str, None
]
Seed: TypeAlias = int | None
Numbers: TypeAlias = dict[str, Any]  # results by name, fit for JSON
Kind: TypeAlias = str | Callable | object  # a setting or its name
