"""`reconstruct`: x from its own code."""

from keras_infovae.serving.signatures.base import Signature


class Reconstruct(Signature):
    """The mean of p(x|z) at the code that stands for x."""

    name = "reconstruct"
    about = "the mean of p(x|z) at the mode of q(z|x)"
    needs = "reconstruct"
    takes = ("x",)
    outputs = ("reconstruction",)
    gives_examples = True
    part = "autoencoder"

    def compute(self, served, x, condition=None):
        return served.to_examples(served.model.reconstruct_rows(x, condition), "reconstruction")

    def answers(self, samples, x):
        reconstruction = samples.model.reconstruct(x, condition=samples.condition)
        return samples.raw_answers(reconstruction, "reconstruction")
