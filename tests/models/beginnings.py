"""Puts a model back to where it began, so that several trainings share what was compiled."""


def beginning_of(model):
    """Returns a function that puts all that a training changes back to what it is now.

    Weights, optimizer, random draws, steps: every variable that a saved model keeps. For a compiled
    model that is built and has no players, whose optimizers are their own.
    """
    assert not model.players
    model.optimizer.build(model.trainable_variables)
    variables = [*model.variables, *model.optimizer.variables, *model._training_state().values()]
    values = [variable.numpy() for variable in variables]

    def begin_again():
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)

    return begin_again
