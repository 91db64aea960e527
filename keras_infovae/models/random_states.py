"""The states of the random draws within a model, which Keras does not save."""

import keras

from keras_infovae.utils.serialization import Setting


def random_states(*parts):
    """Returns the state variables of all `SeedGenerator`s in `parts`, each once, in a fixed order.

    Layers such as dropout draw by a generator of their own. Its state is no weight, and a saved
    layer would begin its draws anew.

    Args:
        *parts: Keras layers or settings; those of settings are looked for in their attributes, and
            in lists of them. Anything else has none.
    """
    states = [state for part in parts for state in _states(part)]
    return list({id(state): state for state in states}.values())


def _states(part):
    if isinstance(part, keras.random.SeedGenerator):
        return [part.state]
    if isinstance(part, keras.layers.Layer):
        weights = {id(weight) for weight in part.weights}
        return [variable for variable in part.variables if id(variable) not in weights]
    if isinstance(part, (list, tuple)):
        return [state for item in part for state in _states(item)]
    if isinstance(part, Setting):
        return [state for value in vars(part).values() for state in _states(value)]
    return []
