"""`decode`: examples of codes."""

from keras_infovae.serving.signatures.base import Signature


class Decode(Signature):
    """The mean of p(x|z)."""

    name = "decode"
    about = "the mean of p(x|z)"
    needs = "decode"
    takes = ("z",)
    outputs = ("x",)
    part = "decoder"

    def compute(self, served, z, condition=None):
        return {"x": served.to_raw(served.model.decode_rows(z, condition))}

    def answers(self, samples, x):
        decoded = samples.model.decode(samples.z, condition=samples.condition, prepared=True)
        return {"x": samples.in_raw_units(decoded)}
