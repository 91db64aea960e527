"""Which priors, posteriors and divergences go together."""

from keras_infovae import schedules


def check_parts(model):
    """Raises ValueError, naming the parts, where those of `model` cannot work together."""
    prior, posterior, divergence = model.prior, model.posterior, model.divergence
    if posterior.support != prior.support:
        raise ValueError(
            f"Arguments `posterior` and `prior` must live on the same space. Received: posterior "
            f"{type(posterior).__name__} ({posterior.support}), prior {type(prior).__name__} "
            f"({prior.support})"
        )
    if model.divergence_counts and prior.support not in divergence.supports:
        raise ValueError(
            f"Argument `divergence` must be one for z on the support of the prior "
            f"{type(prior).__name__}, {prior.support!r}, such as 'adversarial', 'kl', "
            f"'energy_distance' or 'sliced_wasserstein'. Received: {type(divergence).__name__}, "
            f"which is for {' or '.join(divergence.supports)}"
        )
    points = prior.made_of_posteriors and not posterior.has_density
    if divergence.needs_prior_density and (points or not prior.has_density):
        raise ValueError(
            f"Argument `divergence`={type(divergence).__name__} needs a prior with a log density. "
            f"Received: prior {type(prior).__name__}, which can only be sampled"
            + (f" with the posterior {type(posterior).__name__}" if points else "")
        )
    if divergence.needs_diagonal_posterior and not posterior.is_diagonal:
        raise ValueError(
            f"Argument `posterior` must be 'diagonal_normal' with the divergence "
            f"{type(divergence).__name__}, which needs the density of each dimension. Received: "
            f"posterior {type(posterior).__name__}"
        )
    for name, part in (("posterior", posterior), ("prior", prior)):
        if not part.has_density and schedules.bounds(model.alpha) != (1.0, 1.0):
            raise ValueError(
                f"Argument `alpha` must be 1 for a {name} without a density, whose KL is not "
                f"defined. Received: alpha={model.alpha}, {name} {type(part).__name__}"
            )
