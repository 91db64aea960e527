"""The signatures of an exported model: one class each, which all that is told of them is read from.

A new one is a file with a class and a place in SIGNATURES. Nothing here imports TensorFlow before a
model is computed with, so that the command line and clients can read it too.
"""

import contextlib

from keras_infovae.serving.signatures.base import Signature
from keras_infovae.serving.signatures.decode import Decode
from keras_infovae.serving.signatures.elbo import Elbo
from keras_infovae.serving.signatures.encode import Encode, EncodeImageBytes
from keras_infovae.serving.signatures.generate import Generate
from keras_infovae.serving.signatures.log_prob import LogProb
from keras_infovae.serving.signatures.preprocessor import PreprocessorText
from keras_infovae.serving.signatures.reconstruct import Reconstruct
from keras_infovae.serving.signatures.regress import Regress
from keras_infovae.serving.signatures.score import Score, ScoreImageBytes
from keras_infovae.serving.signatures.serving_default import ServingDefault
from keras_infovae.utils.checks import argument_error, check_choice

ALL = (
    ServingDefault(Reconstruct(), Score(), Generate()),
    Encode(),
    Decode(),
    Reconstruct(),
    Generate(),
    Elbo(),
    LogProb(),
    Score(),
    Regress(),
    EncodeImageBytes(),
    ScoreImageBytes(),
    PreprocessorText(),
)
SIGNATURES = {signature.name: signature for signature in ALL}
PARTS = {signature.part: signature for signature in ALL if signature.part is not None}


def choose(names, served):
    """Returns the signatures to export, each as `served` can have it.

    Args:
        names: "all", for all that the model can have, or a sequence of names.
        served: the `ServedModel`.

    Raises:
        ValueError, TypeError: for an unknown name, or one that the model cannot have.
    """
    if isinstance(names, str) and names == "all":
        chosen = []
        for signature in SIGNATURES.values():
            with contextlib.suppress(ValueError):
                chosen.append(signature.fitted(served))
        return chosen
    if isinstance(names, str) or not isinstance(names, (list, tuple)) or not names:
        raise argument_error("signatures", "'all' or a list of names", names, TypeError)
    for index, name in enumerate(names):
        check_choice(f"signatures[{index}]", name, SIGNATURES)
    return [SIGNATURES[name].fitted(served) for name in dict.fromkeys(names)]


__all__ = ["PARTS", "SIGNATURES", "Signature", "choose"]
