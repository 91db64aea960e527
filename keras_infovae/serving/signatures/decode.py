"""`decode`: examples of codes."""

from keras_infovae.serving.signatures.base import Signature


class Decode(Signature):
    """The mean of p(x|z)."""

    name = "decode"
    about = "the mean of p(x|z)"
    needs = "decode"
    takes = ("z",)
    outputs = ("x",)
    gives_examples = True
    part = "decoder"

    def compute(self, served, z, condition=None):
        return served.to_examples(served.model.decode_rows(z, condition), "x")

    def answers(self, samples, x):
        decoded = samples.model.decode(samples.z, condition=samples.condition, prepared=True)
        return samples.raw_answers(decoded, "x")
