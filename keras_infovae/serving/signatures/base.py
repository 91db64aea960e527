"""The base of signatures."""

PREDICT_METHOD = "tensorflow/serving/predict"


class Signature:
    """One function of an exported model: all that is told of it, by whoever asks.

    Attributes:
        name: what clients call it.
        about: what it gives, in words, for the command line, docs/serving.md and a model's card.
        needs: the capability that a model must have.
        takes: the names of its inputs, of `fields.FIELDS`, first the one that may hold x. The
            condition of a model that has one comes besides.
        outputs: the names of its outputs; a model gives those that are defined for it.
        gives_examples: whether its outputs are raw examples, in the form of the model's
            preprocessor, where it has such. Default False.
        part: the name of the file for programs without TensorFlow that computes the same without
            `seed`; None (default) where there is none.
        method: the API of the server that it is for.
    """

    name = None
    about = None
    needs = None
    takes = ()
    outputs = ()
    gives_examples = False
    part = None
    method = PREDICT_METHOD

    def fitted(self, served):
        """Returns the signature as the model can have it.

        Raises:
            ValueError: with the reason, where it cannot.
        """
        served.model.capabilities.require(self.needs, f"Signature `{self.name}`")
        names = set()
        for field in self.fields(served):
            field.check(self.name, served)
            twice = sorted(names & set(field.specs(served)))
            if twice:
                raise ValueError(
                    f"Signature `{self.name}` takes `{twice[0]}` beside the parts of an example, "
                    f"which need other names. Received: a part that is called {twice[0]!r}"
                )
            names |= set(field.specs(served))
        return self

    def fields(self, served):
        """Returns the `Field`s of its inputs."""
        from keras_infovae.serving.fields import FIELDS  # with TensorFlow

        fields = [FIELDS[name] for name in self.takes]
        if served.model.condition.size and not any(field.holds_condition for field in fields):
            fields.append(FIELDS["condition"])
        return fields

    def compute(self, served, **given):
        """Returns {output: tensor} of n rows; row i follows from row i of what is given alone.

        Args:
            served: the `ServedModel`.
            **given: tensors by name, as fields have read them: the model's own x, never raw values.
                `condition` is left out where the model has none.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `compute`")

    def answers(self, samples, x):
        """Returns {output: (array, unit)}: what the model's methods answer to `samples`.

        Args:
            samples: the `Samples`.
            x: the model's x that the first input holds; None where it holds none.

        The unit of an output is the size from which on differences count relative to its values.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `answers`")
