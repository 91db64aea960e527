"""`reconstruct`: x from its own code."""

from keras_infovae.serving.signatures.base import Signature


class Reconstruct(Signature):
    """The mean of p(x|z) at the code that stands for x."""

    name = "reconstruct"
    about = "the mean of p(x|z) at the mode of q(z|x)"
    needs = "reconstruct"
    takes = ("x",)
    outputs = ("reconstruction",)
    part = "autoencoder"

    def compute(self, served, x, condition=None):
        return {"reconstruction": served.to_raw(served.model.reconstruct_rows(x, condition))}

    def answers(self, samples, x):
        reconstruction = samples.model.reconstruct(x, condition=samples.condition)
        return {"reconstruction": samples.in_raw_units(reconstruction)}
