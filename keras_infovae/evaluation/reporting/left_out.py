"""What a report leaves out, and why."""

from keras_infovae.evaluation.texts import is_of_texts

# Capabilities, and what a report lacks without one. Without codes, all of the rest is about them.
_PARTS = {
    "score": "How well an example fits",
    "generate": "The generation of samples",
    "encode": "The code of an example",
}
_OF_CODES = {
    "reconstruct": "The reconstruction of an example",
    "decode": "What lies between codes",
    "prior": "The fit of the codes to the prior",
    "posterior": "The information in z",
    "likelihood": "The decoder's use of z",
}


def left_out(model):
    """Returns a list of sentences: what a report on `model` leaves out, and why.

    Example:

    >>> import keras_infovae as ki
    >>> left_out(ki.VAE(2))
    []
    """
    parts, reasons = dict(_PARTS), []
    if "log_prob_in_graph" not in model.capabilities:  # which is more than a bound of it
        parts["elbo"] = "The ELBO"
    if "encode" in model.capabilities:
        parts |= _OF_CODES
    for capability, what in parts.items():
        try:
            model.capabilities.require(capability, what)
        except ValueError as error:
            reasons.append(f"{str(error).rstrip('.')}.")
    if is_of_texts(model):
        reasons.append("Whether samples are as data are is left out: texts have no distances.")
    return reasons
