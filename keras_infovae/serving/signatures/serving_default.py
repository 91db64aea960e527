"""`serving_default`: what a request gets that names no signature."""

import copy

from keras_infovae.serving.signatures.base import Signature


class ServingDefault(Signature):
    """The first of some signatures that the model can have, by the name that servers look for.

    Args:
        *candidates: the signatures.
    """

    name = "serving_default"

    def __init__(self, *candidates):
        self._candidates = candidates
        first, *others = (f"`{signature.name}`" for signature in candidates)
        self.about = f"what {first} gives; of a model without it, {', else '.join(others)}"

    def fitted(self, served):
        for signature in self._candidates:
            if signature.needs in served.model.capabilities:
                found = copy.copy(signature.fitted(served))
                found.name, found.about = self.name, f"what `{signature.name}` gives"
                return found
        names = ", ".join(signature.name for signature in self._candidates)
        raise ValueError(
            f"Signature `{self.name}` needs a model that can have one of: {names}. Received: a "
            f"{type(served.model).__name__}"
        )
