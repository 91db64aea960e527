"""`generate`: new examples."""

from keras_infovae.serving.signatures.base import Signature


class Generate(Signature):
    """A new example for each seed."""

    name = "generate"
    about = "new examples: the same seed gives the same one, on any server, in any batch"
    needs = "generate"
    takes = ("seed",)
    outputs = ("x",)
    gives_examples = True

    def compute(self, served, seed, condition=None):
        model = served.model
        x = model.generate_rows(seed, condition, model.samples_by_default)
        return served.to_examples(x, "x")

    def answers(self, samples, x):
        new = samples.model.generate(
            len(samples),
            seed=samples.SEED,
            condition=samples.condition,
            verbose=0,
            prepared=True,
        )
        return samples.raw_answers(new, "x")
