"""The parameters of a model: the arguments of its constructor that are annotated."""

from keras_infovae.parameters.kinds import Parameter
from keras_infovae.utils.constructors import constructor_parameters


def settings_of(model_class, kernel):
    """Returns {argument: (its `Parameter`, its default)} of the constructor's annotated arguments.

    Args:
        model_class: the class.
        kernel: the `Parameter` of the divergence's kernel, a setting that models are so often asked
            for that it is among them, as `kernel`, where there is a divergence.

    Returns:
        The dictionary; the default is `inspect.Parameter.empty` where there is none.
    """
    found = {
        name: (parameter.annotation, parameter.default)
        for name, parameter in constructor_parameters(model_class).items()
        if isinstance(parameter.annotation, Parameter)
    }
    return found | ({"kernel": (kernel, None)} if "divergence" in found else {})
