"""Which quantities a distribution without a density cannot have."""


def check_densities(what, **parts):
    """Raises ValueError unless all parts have a density.

    Args:
        what: what needs the densities, as the error begins ("The ELBO").
        **parts: {"posterior" or "prior": the part}.
    """
    for name, part in parts.items():
        if not part.has_density:
            raise ValueError(
                f"{what} is not defined for a {name} without a density. "
                f"Received: {name}={type(part).__name__}"
            )
