"""What a recurrent network does at one position."""

from typing import Any, NamedTuple

import tensorflow as tf


class Cell(NamedTuple):
    """A recurrent cell as a pure function, whose products with weights are made outside of it.

    What comes from the inputs can thus be computed for all positions at once, and kept where only
    a part of the inputs changes.

    Args:
        gates: how many numbers it needs per unit, of the inputs and of the state alike.
        states: how many tensors [n, units] its state has; the first is what it puts out.
        step: a function (of_inputs [n, gates * units], of_state [n, gates * units], state) to the
            next state, a list of tensors [n, units].
    """

    gates: int
    states: int
    step: Any


def _gru(of_inputs, of_state, state):
    """Gated recurrent unit (Cho et al., arXiv:1406.1078), reset after the product, as in cuDNN."""
    update_in, reset_in, new_in = tf.split(of_inputs, 3, axis=-1)
    update_by, reset_by, new_by = tf.split(of_state, 3, axis=-1)
    update, reset = tf.sigmoid(update_in + update_by), tf.sigmoid(reset_in + reset_by)
    new = tf.tanh(new_in + reset * new_by)
    return [update * state[0] + (1.0 - update) * new]


def _lstm(of_inputs, of_state, state):
    """Long short-term memory with a forget gate (Gers, Schmidhuber, Cummins, 2000)."""
    enter, forget, new, leave = tf.split(of_inputs + of_state, 4, axis=-1)
    # Remembers at the start: Jozefowicz, Zaremba, Sutskever, 2015, section 2.2.
    memory = tf.sigmoid(forget + 1.0) * state[1] + tf.sigmoid(enter) * tf.tanh(new)
    return [tf.sigmoid(leave) * tf.tanh(memory), memory]


CELLS = {"gru": Cell(3, 1, _gru), "lstm": Cell(4, 2, _lstm)}
