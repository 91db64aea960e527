"""Which priors, ways to find z and divergences go together."""

from keras_infovae import schedules
from keras_infovae.distributions.posteriors import DiagonalNormal
from keras_infovae.distributions.priors import StandardNormal
from keras_infovae.utils.checks import argument_error

UNNORMALIZED = (
    "is not known: the energy-based prior has learned since its log Z was estimated, and is "
    "unnormalized. Call `estimate_log_partition()` of the prior first"
)


def without_density(part):
    """Returns why something is not defined for `part`, as the end of a sentence."""
    kind, name = _described(part)
    article = "an" if kind == "inference" else "a"
    return f"is not defined for {article} {kind} without a density. Received: {kind}={name}"


def _described(part):
    """Returns (what a part is, the name of its class)."""
    posterior = getattr(part, "posterior", None)
    if posterior is not None:
        return "posterior", type(posterior).__name__
    kind = "prior" if hasattr(part, "made_of_posteriors") else "inference"
    return kind, type(part).__name__


def check_prior(prior, inference):
    """Raises ValueError where p(z) and the codes that inference finds cannot go together."""
    kind, name = _described(inference)
    if inference.support != prior.support:
        raise ValueError(
            f"Arguments `{kind}` and `prior` must live on the same space. Received: {kind} "
            f"{name} ({inference.support}), prior {type(prior).__name__} ({prior.support})"
        )
    if inference.needs_prior_density and not prior.has_density:
        raise ValueError(
            f"Argument `prior` must have a log density for the {kind} {name}, which goes by it. "
            f"Received: prior {type(prior).__name__}"
        )
    if prior.learned_on_codes_alone:
        raise ValueError(
            "Argument `prior` must be one that a model can be trained with; "
            f"{type(prior).__name__} is learned afterwards, by model.fit_prior(x, prior). "
            f"Received: prior={type(prior).__name__}"
        )
    if prior.made_of_posteriors and not inference.is_amortized:
        raise ValueError(
            f"Argument `prior` must not be made of posteriors with an inference that has none. "
            f"Received: prior {type(prior).__name__}, {kind} {name}"
        )


def check_parts(model):
    """Raises ValueError, naming the parts, where those of an `InfoVAE` cannot work together."""
    prior, inference, divergence = model.prior, model.inference, model.divergence
    kind, name = _described(inference)
    if model.least_batch > 1 and prior.support not in divergence.supports:
        raise ValueError(
            f"Argument `divergence` must be one for z on the support of the prior "
            f"{type(prior).__name__}, {prior.support!r}, such as 'adversarial', 'kl', "
            f"'energy_distance' or 'sliced_wasserstein'. Received: {type(divergence).__name__}, "
            f"which is for {' or '.join(divergence.supports)}"
        )
    points = prior.made_of_posteriors and not inference.has_density
    if divergence.needs_prior_density and (points or not prior.has_density):
        raise ValueError(
            f"Argument `divergence`={type(divergence).__name__} needs a prior with a log density. "
            f"Received: prior {type(prior).__name__}, which can only be sampled"
            + (f" with the {kind} {name}" if points else "")
        )
    if divergence.needs_diagonal_posterior and not inference.is_diagonal:
        raise ValueError(
            f"Argument `posterior` must be 'diagonal_normal' with the divergence "
            f"{type(divergence).__name__}, which needs the density of each dimension. Received: "
            f"{kind} {name}"
        )
    known = isinstance(model.posterior, DiagonalNormal) and isinstance(prior, StandardNormal)
    if model.free_bits and not known:
        raise argument_error(
            "free_bits",
            "0 but for the posterior 'diagonal_normal' with the prior 'standard_normal', whose KL "
            "is known of each dimension",
            model.free_bits,
        )
    for part in (inference, prior):
        if not part.has_density and schedules.bounds(model.alpha) != (1.0, 1.0):
            kind, name = _described(part)
            raise ValueError(
                f"Argument `alpha` must be 1 for a {kind} without a density, whose KL is "
                f"not defined. Received: alpha={model.alpha}, {kind} {name}"
            )


def check_features(likelihood, prior):
    """Raises ValueError for a prior that learns x, where x is the numbers of tokens."""
    if prior.made_of_posteriors and likelihood.likeliest() is not None:
        raise ValueError(
            f"Argument `prior` must not be {type(prior).__name__} for the likelihood "
            f"{type(likelihood).__name__}: it learns examples by their gradient, which tokens do "
            "not have. Choose 'gaussian_mixture' for a mixture."
        )


def divergence_is_computed(model):
    """Returns whether an `InfoVAE` has its divergence among the terms.

    One of weight 0 is told all the same, but where its draws of the prior would take chains.
    """
    weight = model.weights_at(0)["divergence_weight"]
    counts = not isinstance(weight, (int, float)) or weight != 0  # or a tensor, on a schedule
    return counts or not model.prior.draws_by_chain
