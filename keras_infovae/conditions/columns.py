"""Columns of a table as a condition."""

from collections.abc import Sequence

import numpy as np

from keras_infovae.conditions.features import Features
from keras_infovae.typing import Condition
from keras_infovae.utils.checks import argument_error, check_integer
from keras_infovae.utils.serialization import register


@register
class Columns(Features):
    """Columns of a table, told as the numbers that the model's schema makes of them.

    A model gets one by `condition=["sex", "age"]` and is trained on a DataFrame: these columns are
    what it is told, the others are x. Methods find the condition in the DataFrames that they are
    given, and `generate(n, given={"sex": "F", "age": 40})` makes rows to order.

    Args:
        names: the columns, a list.
        size: how many numbers stand for them. Default 0: not known before the first `fit`, which
            sees their values.

    Example:

    >>> import pandas
    >>> import keras_infovae as ki
    >>> table = pandas.DataFrame({"sex": list("FMFM"), "age": [40, 18, 25, 33]})
    >>> model = ki.VAE(latent_dim=1, condition=["sex"])
    >>> _ = model.fit(table, verbose=0)
    >>> model.condition
    Columns(names=['sex'], size=1)
    >>> model.generate(3, given={"sex": "F"})["sex"].tolist()
    ['F', 'F', 'F']
    """

    def __init__(self, names: Sequence[str], size: int = 0) -> None:
        if not isinstance(names, (list, tuple)) or not names:
            raise argument_error("names", "a list of at least one column", names)
        if len(set(names)) < len(names):
            raise argument_error("names", "a list of different columns", names)
        self.names = list(names)
        self.size = check_integer("size", size, minimum=0)

    @property
    def expected(self) -> str:
        """What is to be given, in words."""
        return f"the columns {', '.join(map(repr, self.names))}"

    def array(
        self, condition: Condition, count: int | None = None, repeat: bool = False
    ) -> np.ndarray | None:
        """Returns rows of numbers [count, size] that stand for the columns."""
        if not self.size:
            raise ValueError(
                "Argument `x` must be a table, a DataFrame or the path of one, where `condition` "
                f"names its columns {self.names}. Received: other data"
            )
        return super().array(condition, count, repeat)
