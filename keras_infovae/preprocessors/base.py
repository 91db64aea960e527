"""The base of preprocessors: what leads from raw data to x and back."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_infovae.typing import Array, Config, Path, Shape, Tensor
from keras_infovae.utils.checks import argument_error
from keras_infovae.utils.serialization import Setting, check_registered


class Preprocessor(Setting):
    """The way from data in their own form (a table, images, sentences) to x and back.

    A model has one in `preprocessor`, made by the first `fit` on raw data or given to the
    constructor. It is kept with the model, as its config: methods take raw data as well as x, and
    what is made of new x comes back in the raw form.

    A member says which data are its own (`accepts`), is made of the training data (`infer`), and
    leads to x (`numbers`) and back (`raw`). Its functions of tensors (`tensor`, those `in_graph`)
    are traced without AutoGraph, as those of models are.

    Attributes:
        form: what the data are, in words, for errors.
        samples_by_default: whether new examples are draws from p(x|z) where nothing is said,
            rather than its means. Default False.
        condition_names: the parts of raw examples that are no x, but the condition on which a model
            describes x. Default: none.
        condition_size: how many numbers stand for them. Default 0.
        scaling: the `preprocessors.Scaling` that made x from raw numbers, or None.
        has_missing_values: whether NaN and the empty text, in a graph, are missing values. Default
            False: no value may be missing.
    """

    form = "raw data"
    samples_by_default = False
    scaling = None
    has_missing_values = False
    condition_names = ()
    condition_size = 0

    @staticmethod
    def accepts(data: Any) -> bool:
        """Returns whether `data` is in the raw form."""
        raise NotImplementedError

    @staticmethod
    def reads(path: Path) -> bool:
        """Returns whether there are data in the raw form in the file of this name."""
        return False

    @staticmethod
    def read(path: Path) -> Any:
        """Returns the raw data in a file."""
        raise NotImplementedError

    @classmethod
    def infer(cls, data: Any, condition: Sequence[str] = ()) -> "Preprocessor":
        """Returns the preprocessor of raw training data.

        Args:
            data: raw data.
            condition: the names of parts that are the condition, where a form has parts.
        """
        raise NotImplementedError

    @classmethod
    def infer_plain(cls, data: Any, condition: Sequence[str] = ()) -> "Preprocessor":
        """Returns that of data which are to be described by a likelihood of the user's choice."""
        return cls.infer(data, condition=condition)

    def likelihood(self) -> Any:
        """Returns what `likelihood="auto"` stands for: a `Likelihood` of x, or its name."""
        raise NotImplementedError

    # === Means, which x may not have: the mean of transformed values is not that of values ===

    def to_average(self, mean: Tensor, drawn: Tensor) -> Tensor:
        """Returns what of examples is averaged over draws, [n, ...], from tensors of x.

        Args:
            mean: [n, ...], the mean of p(x|z), for numbers whose means are those of raw data.
            drawn: [n, ...], a draw from p(x|z), for others, which are led to a linear unit.
        """
        return mean

    def of_average(self, average: Tensor) -> Tensor:
        """Returns the x, [n, ...], of means of what `to_average` gave."""
        return average

    # === There and back ===

    def numbers(self, data: Any) -> np.ndarray:
        """Returns x, NumPy float32 [n, ...], of raw data.

        Raises:
            ValueError, TypeError: for data that a model cannot have been trained on.
        """
        raise NotImplementedError

    def tensor(self, data: Any) -> Tensor:
        """Returns x as a tensor, of a tensor of raw data; in the graphs of a `tf.data.Dataset` too.

        None (here): tensors do not have the raw form.
        """
        return None

    def raw(self, x: np.ndarray, index: Any = None, condition: np.ndarray | None = None) -> Any:
        """Returns the raw form of examples x [n, ...].

        Args:
            x: NumPy.
            index: names of the rows, where the raw form has such. Default None.
            condition: the condition of each example, [n, condition_size], where it is a part of the
                raw form. Default None.
        """
        raise NotImplementedError

    def raw_like(self, data: Any, x: np.ndarray) -> Any:
        """Returns the raw form of x [n, ...] of the rows of `data`, with their names."""
        return self.raw(x)

    def codes_like(self, data: Any, codes: Array) -> Any:
        """Returns codes [n, latent_dim] of the rows of `data`, with their names, if any."""
        return codes

    def completed(self, data: Any, x: np.ndarray) -> Any:
        """Returns `data` with the values of x [n, ...] in the place of what is missing."""
        return self.raw_like(data, x)

    # === As text, for who has not the model ===

    def as_config(self) -> Config:
        """Returns what `of_config` makes the preprocessor of, fit for JSON."""
        return keras.saving.serialize_keras_object(self)

    @staticmethod
    def of_config(config: Config) -> "Preprocessor":
        """Returns the preprocessor of what `as_config` gave.

        Raises:
            ValueError: for the config of anything else; it may come from a server that is not
                trusted, and no other class is looked for.
        """
        check_registered("config", config)
        preprocessor = keras.saving.deserialize_keras_object(config)
        if not isinstance(preprocessor, Preprocessor):
            raise argument_error("config", "of a Preprocessor", type(preprocessor))
        return preprocessor

    # === The same in a graph, such as a server's: raw examples as named tensors ===

    def raw_specs(self, event_shape: Shape | None = None) -> dict[str, Any] | None:
        """Returns {name: TensorSpec [n, ...]} of raw examples in a graph.

        Args:
            event_shape: the shape of an example of x. Default None: not known here, and sizes that
                depend on it are left open.

        Text is string, in UTF-8. A missing value is NaN, and of text the empty one. None (here):
        there is no raw form in a graph but x in the units of `scaling`.

        Raises:
            ValueError: for what a graph cannot have, naming it.
        """
        return None

    def numbers_in_graph(self, tensors: dict[str, Tensor]) -> Tensor:
        """Returns what `numbers` does, a tensor x, of {name: tensor} of `raw_specs`.

        When it runs, it raises for what a model cannot have been trained on.
        """
        raise NotImplementedError

    def raw_in_graph(self, x: Tensor) -> dict[str, Tensor]:
        """Returns what `raw` does, {name: tensor}, of a tensor x; without a condition."""
        raise NotImplementedError

    def can_be_read(self, x: np.ndarray) -> np.ndarray:
        """Returns which rows of x [n, ...] have a raw form that leads back to x, bool [n].

        All of them (here).
        """
        return np.ones(len(x), bool)

    def condition_specs(self) -> dict[str, Any]:
        """Returns {name: TensorSpec [n, ...]} of the parts that are the condition, none here."""
        return {}

    def condition_in_graph(self, tensors: dict[str, Tensor]) -> Tensor:
        """Returns what `condition_numbers` does, a tensor, of {name: tensor}."""
        raise NotImplementedError

    def as_arrays(self, data: Any) -> dict[str, np.ndarray]:
        """Returns {name: NumPy array} for `raw_specs` of raw data, text as bytes.

        Raises:
            ValueError, TypeError: as `numbers`.
        """
        raise NotImplementedError

    def arrays_of(self, raw: Any) -> dict[str, np.ndarray]:
        """Returns what `as_arrays` does, of raw data that `raw` gave, which are not checked."""
        return self.as_arrays(raw)

    def condition_arrays(self, data: Any) -> dict[str, np.ndarray]:
        """Returns {name: NumPy array} for `condition_specs`, of what `condition_numbers` takes."""
        return {}

    def of_arrays(
        self, arrays: dict[str, np.ndarray], like: Any = None, condition: np.ndarray | None = None
    ) -> Any:
        """Returns raw data as `raw` does, of {name: array} that `raw_in_graph` gave, text as bytes.

        Args:
            arrays: NumPy.
            like: raw data of the same rows, whose names, and condition, these get. Default None.
            condition: as for `raw`, of rows that are like none. Default None.
        """
        raise NotImplementedError

    # === Drift ===

    def profile(self, x: np.ndarray) -> Any:
        """Returns what is to be remembered of training data x to know drift by, fit for JSON.

        None (here): nothing.
        """
        return None

    def drift(self, data: Any, x: np.ndarray, seen: Any) -> dict[str, str]:
        """Returns {part: in what new raw data differ from those of the training}, in words.

        Args:
            data: new raw data.
            x: the same as numbers.
            seen: what `profile` gave of the training data.
        """
        return {}

    # === Parts of an example ===

    def condition_numbers(self, data: Any) -> np.ndarray | None:
        """Returns the condition [n, condition_size] that raw data have, NumPy float32, or None."""
        return None

    def check_training(self, x: np.ndarray) -> None:
        """Raises ValueError for x [n, ...], examples to train on, that cannot have been meant."""

    def partial_numbers(self, given: Any, count: int) -> np.ndarray:
        """Returns x [count, ...] of examples of which `given` alone is known, NaN elsewhere."""
        raise argument_error("given", f"left out for {self.form}, which have no columns", given)

    def without_unknown(self, x: Tensor) -> Tensor:
        """Returns the tensor x [n, ...], NaN where other values of x say that one is unknown.

        None (here): no value says so of another.
        """
        return None

    def sums_of_parts(self, data: Any, values: np.ndarray) -> Any:
        """Returns {name: sum} or the like of values [n, ...] of x over the parts of an example.

        None (here): there are no other parts than the values of x.
        """
        return None
