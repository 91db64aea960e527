"""The components of a mixture that an index chooses."""

import tensorflow as tf

from keras_infovae.utils import probability as tfp


def choose_components(components, index):
    """Returns the batch of distributions, batch shape [n], that `index` chooses from a batch [K].

    Every parameter's rows are gathered, so that a draw from a mixture costs one draw from one of
    its components, whatever K is.

    Args:
        components: a TFP distribution with batch shape [K].
        index: integers [n].
    """
    properties = components.parameter_properties()
    parameters = dict(components.parameters)
    for name, value in parameters.items():
        ndims = properties[name].event_ndims if name in properties else None
        ndims = ndims(components) if callable(ndims) else ndims
        if value is not None and isinstance(ndims, int):  # else it has no batch
            parameters[name] = _choose(getattr(components, name, value), index, ndims)
    return type(components)(**parameters)


def _choose(value, index, ndims):
    """Returns what `index` chooses of a parameter that has `ndims` axes after the batch.

    Of a distribution these are the batch axes that belong to the event of the whole.
    """
    if isinstance(value, tfp.distributions.Distribution):
        return choose_components(value, index) if value.batch_shape.rank > ndims else value
    if isinstance(value, tf.linalg.LinearOperator):
        return _choose_operator(value, index)
    value = tf.convert_to_tensor(value)
    if value.shape.rank <= ndims:
        return value
    return tf.gather(value, tf.minimum(index, tf.shape(value)[0] - 1))  # one may be that of all


def _choose_operator(operator, index):
    parameters = dict(operator.parameters)
    for name, ndims in operator._experimental_parameter_ndims_to_matrix_ndims.items():
        if parameters[name] is not None:
            parameters[name] = tf.nest.map_structure(
                lambda value, ndims: _choose(value, index, ndims), parameters[name], ndims
            )
    return type(operator)(**parameters)
