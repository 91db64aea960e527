"""The base of what a request holds."""


class Field:
    """What signatures take, in one input or several, with the batch as their first axis.

    Attributes:
        name: of the input, or of what is made of several.
        holds_condition: whether what it holds has the condition of a model in it. Default False.
    """

    name = None
    holds_condition = False

    def check(self, signature, served):
        """Raises ValueError, with the reason, where the model cannot be given it.

        Args:
            signature: the name of the one that takes it.
            served: the `ServedModel`.
        """

    def specs(self, served):
        """Returns {input: TensorSpec} of all inputs that it is made of: here one, of its name."""
        return {self.name: self.spec(served)}

    def spec(self, served):
        """Returns the TensorSpec of its one input."""
        raise NotImplementedError(f"{type(self).__name__} does not define `spec`")

    def read(self, served, **given):
        """Returns {name: tensor} of what the model is given; raises, when run, for bad values.

        Args:
            served: the `ServedModel`.
            **given: tensors by the names of `specs`.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `read`")

    def samples(self, samples):
        """Returns {input: a row for each of the `Samples`}, arrays, or lists of bytes."""
        return {self.name: self.sample(samples)}

    def sample(self, samples):
        """Returns the rows of its one input."""
        raise NotImplementedError(f"{type(self).__name__} does not define `sample`")

    def x(self, samples):
        """Returns the model's x, NumPy, that `sample` holds; None for what holds none."""
