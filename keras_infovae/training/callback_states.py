"""The state of callbacks, as arrays that go into a file."""

import keras
import numpy as np

from keras_infovae.utils.checks import argument_error

# The attributes that change during a training.
_ATTRIBUTES = {
    keras.callbacks.EarlyStopping: ("wait", "stopped_epoch", "best", "best_epoch", "best_weights"),
    keras.callbacks.ReduceLROnPlateau: ("wait", "best", "cooldown_counter"),
    keras.callbacks.ModelCheckpoint: ("best", "_batches_seen_since_last_saving"),
}
_CLASSES = "callbacks"


def check_callbacks(callbacks):
    """Returns `callbacks` as a list; the state of each must be known.

    Raises:
        TypeError: for a callback that is none of Keras's with a state and has no `get_state`.
    """
    callbacks = list(callbacks)
    for callback in callbacks:
        if not hasattr(callback, "get_state") and _attributes(callback) is None:
            known = ", ".join(cls.__name__ for cls in _ATTRIBUTES)
            expectation = f"of callbacks with a state: {known}, or with get_state and set_state"
            raise argument_error("callbacks", expectation, type(callback).__name__, TypeError)
    return callbacks


def get_states(callbacks):
    """Returns the states of `callbacks` as {name: array}, without what is None.

    The state of a callback is what its `get_state()` returns, {name: value}, and `set_state` takes;
    of those of Keras, which have neither, it is their attributes that change. A value is a number,
    a text, an array, a list of arrays, or None.

    Raises:
        TypeError: for another value.
    """
    arrays = {_CLASSES: np.array([type(c).__name__ for c in callbacks], dtype="U64")}
    for index, callback in enumerate(callbacks):
        for name, value in _state(callback).items():
            if isinstance(value, (list, tuple)):
                items = {f"{index}/{name}/{i}": item for i, item in enumerate(value)}
            else:
                items = {} if value is None else {f"{index}/{name}": value}
            arrays |= {key: _as_array(key, item) for key, item in items.items()}
    return arrays


def set_states(callbacks, arrays):
    """Gives `callbacks` the states that `get_states` returned; nothing is changed on an error.

    Raises:
        ValueError: when they are not of the classes that the states are of.
    """
    received = [type(callback).__name__ for callback in callbacks]
    expected = [str(name) for name in arrays.get(_CLASSES, ())]
    if received != expected:
        raise argument_error("callbacks", f"those of the training: {expected}", received)
    for index, callback in enumerate(callbacks):
        _set_state(callback, _values(arrays, f"{index}/"))


def _values(arrays, prefix):
    """Returns {name: number, text, array or list of arrays} of one callback."""
    values = {}
    for key, array in arrays.items():
        if key.startswith(prefix):
            name, _, position = key.removeprefix(prefix).partition("/")
            value = array.item() if array.ndim == 0 else array
            if position:
                values.setdefault(name, []).append(array)  # they come in the order of the list
            else:
                values[name] = value
    return values


def _attributes(callback):
    return next((names for cls, names in _ATTRIBUTES.items() if isinstance(callback, cls)), None)


def _state(callback):
    if hasattr(callback, "get_state"):
        return callback.get_state()
    return {name: getattr(callback, name) for name in _attributes(callback)}


def _set_state(callback, values):
    if hasattr(callback, "set_state"):
        callback.set_state(values)
        return
    for name in _attributes(callback):
        setattr(callback, name, values.get(name))


def _as_array(key, value):
    array = np.asarray(value)
    if array.dtype.name == "bfloat16":  # which NumPy's files do not know; float32 holds it exactly
        array = array.astype("float32")
    if array.dtype.kind not in "biufU":
        raise TypeError(
            "The state of a callback must be of numbers, texts and arrays of them. "
            f"Received: {key} of type {type(value).__name__}, dtype {array.dtype}"
        )
    return array
