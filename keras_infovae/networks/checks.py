"""Whether a network fits the examples and the codes that it is to take and give."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_infovae.typing import Shape


def conditioned_shape(event_shape: Shape, condition_size: int) -> Shape:
    """Returns the shape of x with a condition of so many numbers at the end of its last axis."""
    return (*event_shape[:-1], event_shape[-1] + condition_size)


def check_output(
    name: str, network: Any, input_shapes: Sequence[Shape], output_shape: Shape
) -> None:
    """Raises ValueError unless `network` maps inputs of these shapes to [n, *output_shape].

    Args:
        name: the argument's name, for the error.
        network: a Keras model.
        input_shapes: a list of shapes without the batch; several are given as a list of inputs.
        output_shape: a shape without the batch.
    """
    given = " and ".join(f"[n, {_join(shape)}]" for shape in input_shapes)
    expected = f"Argument `{name}` must map {given} to [n, {_join(output_shape)}]"
    inputs = [keras.Input(shape) for shape in input_shapes]
    try:
        output = network(inputs if len(inputs) > 1 else inputs[0])
    except (ValueError, TypeError) as error:
        raise ValueError(f"{expected}. It failed on such an input: {error}") from error
    received = getattr(output, "shape", None)
    if received is None or tuple(received[1:]) != tuple(output_shape):
        received = "several outputs" if received is None else f"output shape {tuple(received)}"
        raise ValueError(f"{expected}. Received: {received}")


def _join(shape):
    return ", ".join(map(str, shape))
