"""The flags that describe a model, and the model that they describe."""

from keras_infovae.cli.errors import CommandLineError
from keras_infovae.utils.checks import argument_error, check_choice

# The flag's word: (the class in `keras_infovae.models`, the flags that only some models take).
MODELS = {
    "info_vae": ("InfoVAE", ("alpha", "lambda_")),
    "vae": ("VAE", ()),
    "beta_vae": ("BetaVAE", ("beta",)),
    "mmd_vae": ("MMDVAE", ("lambda_",)),
    "adversarial_autoencoder": ("AdversarialAutoencoder", ("lambda_",)),
    "wasserstein_autoencoder": ("WassersteinAutoencoder", ("lambda_",)),
    "stein_vae": ("SteinVAE", ("alpha", "lambda_")),
    "factor_vae": ("FactorVAE", ("gamma",)),
    "beta_tcvae": ("BetaTCVAE", ("beta",)),
    "dip_vae": ("DIPVAE", ("lambda_off_diagonal",)),
    "annealed_vae": ("AnnealedVAE", ("capacity", "gamma")),
    "iwae": ("IWAE", ("lambda_", "num_samples")),
    "conditional_info_vae": ("InfoVAE", ("alpha", "lambda_")),
}
CONDITIONAL = "conditional_info_vae"
CONDITIONS = ("labels",)
_SETTINGS = (
    *("latent_dim", "alpha", "lambda_", "beta", "gamma", "lambda_off_diagonal", "capacity"),
    *("num_samples", "divergence", "kernel"),
    *("prior", "posterior", "likelihood", "encoder", "decoder", "seed"),
)
_NAMES_SHOWN = "An unknown name is answered with the list of known ones."


def define(flag_set):
    """Adds the flags that describe a model to `flag_set`."""
    flag_set.group("Model")
    flag_set.choice(
        "model",
        tuple(MODELS),
        "info_vae: codes that fit the prior as a whole; vae: the baseline; beta_vae: codes whose "
        "dimensions vary separately; mmd_vae: codes that tell the most about x. docs/choosing.md "
        "compares all of them.",
        default="info_vae",
        shown=f"info_vae; with --condition, {CONDITIONAL}",
    )
    flag_set.choice(
        "condition",
        CONDITIONS,
        "Tell encoder and decoder the label of each example: the model learns p(x|z, label), and "
        "generate makes examples of a class. What the label tells need not be in z.",
        shown=f"none; labels for --model={CONDITIONAL}",
    )
    flag_set.integer("latent_dim", "DIMENSIONS", "Dimensions of z, the code.", default=16)
    flag_set.number(
        "alpha",
        "NUMBER",
        "At most 1. The weight of KL(q(z|x) || p(z)) is 1 - alpha: 0 keeps all of it; 1 drops it, "
        "for codes that tell more. For info_vae, conditional_info_vae and stein_vae.",
        maximum=1,
        shown="0",
    )
    flag_set.number(
        "lambda_",
        "NUMBER|auto",
        "Greater than 0. The weight of the divergence between codes and prior is "
        "alpha + lambda_ - 1, which must not be negative. For info_vae, conditional_info_vae, "
        "mmd_vae, stein_vae and the adversarial and Wasserstein autoencoders, and iwae.",
        words=("auto",),
        exclusive_minimum=0,
        shown="the model's own; info_vae: auto, 300 at alpha 0 to 1,000 at alpha 1",
    )
    flag_set.number(
        "beta",
        "NUMBER",
        "Greater than 0. The weight of KL(q(z|x) || p(z)), for beta_vae; of the total correlation, "
        "at least 1, for beta_tcvae.",
        exclusive_minimum=0,
        shown="the model's own: 4 and 6",
    )
    flag_set.number(
        "gamma",
        "NUMBER",
        "Greater than 0. The weight of the total correlation, for factor_vae; of the distance of "
        "the KL term from the capacity, for annealed_vae.",
        exclusive_minimum=0,
        shown="the model's own: 10 and 1,000",
    )
    flag_set.number(
        "lambda_off_diagonal",
        "NUMBER",
        "Greater than 0. The weight of the squared covariances of codes. For dip_vae.",
        exclusive_minimum=0,
        shown="10",
    )
    flag_set.number(
        "capacity",
        "NATS",
        "At least 0. How much the code may tell about x. For annealed_vae.",
        minimum=0,
        shown="0 to 25 over 100,000 steps",
    )
    flag_set.integer(
        "num_samples", "DRAWS", "Draws of z per example, at least 2. For iwae.", shown="5"
    )
    flag_set.text(
        "divergence",
        "NAME",
        f"Between codes and prior. {_NAMES_SHOWN}",
        shown="the model's own: mmd",
    )
    flag_set.text(
        "kernel",
        "NAME",
        "Of a divergence that has one: gaussian, inverse_multiquadratic, rational_quadratic.",
        shown="the divergence's own; gaussian for mmd",
    )
    flag_set.text("prior", "NAME", "p(z).", default="standard_normal")
    flag_set.text(
        "posterior",
        "NAME",
        "q(z|x): diagonal_normal, full_covariance_normal, householder, von_mises_fisher (with a "
        "prior on the sphere); or deterministic, which needs --alpha=1 or --model=mmd_vae.",
        shown="the model's own: diagonal_normal",
    )
    flag_set.text(
        "likelihood",
        "NAME",
        "p(x|z): bernoulli or continuous_bernoulli for x in [0, 1], discretized_logistic_mixture "
        "for 8-bit images; normal, laplace or student_t (with a learned scale) for real x; "
        "poisson, negative_binomial or zero_inflated_negative_binomial for counts; categorical "
        "for one-hot x; mixed_columns for tables.",
        shown="bernoulli for images with values in [0, 1], else normal",
    )
    shown = "conv for images with sides of at least 8, else mlp"
    flag_set.text("encoder", "NAME", "mlp, conv, pixel_cnn or recurrent.", shown=shown)
    flag_set.text("decoder", "NAME", "mlp, conv, pixel_cnn or recurrent.", shown=shown)


def chosen(flags):
    """Returns the name of the model: that of --model, or what --condition needs."""
    if flags.condition is not None and not flags["model"].present:
        return CONDITIONAL
    return flags.model


def check(flags):
    """Raises CommandLineError for a flag that the chosen model does not take."""
    model = chosen(flags)
    if flags.condition is not None and model != CONDITIONAL:
        raise CommandLineError(
            f"Argument `--condition` must be left out for --model={model}; it is a flag of "
            f"--model={CONDITIONAL}. Received: --condition={flags.condition}"
        )
    _, taken = MODELS[model]
    for name in sorted({name for _, names in MODELS.values() for name in names}):
        value = getattr(flags, name)
        if value is not None and name not in taken:
            takers = [f"--model={taker}" for taker, (_, names) in MODELS.items() if name in names]
            raise CommandLineError(
                f"Argument `--{name}` must be left out for --model={model}; it is a flag of "
                f"{' and '.join(takers)}. Received: --{name}={value}"
            )


def settings(flags):
    """Returns the flags that describe a model as a JSON-compatible dictionary."""
    given = {name: getattr(flags, name) for name in _SETTINGS}
    return {"name": chosen(flags)} | {n: value for n, value in given.items() if value is not None}


def make_model(settings, scaling=None):
    """Returns the model that `settings` describes, not built yet.

    Args:
        settings: a dictionary as the function `settings` gives; with `num_classes` for a model
            that takes a condition.
        scaling: the `datasets.Scaling` of the data.

    Raises:
        ValueError, TypeError: naming the argument at fault.
    """
    from keras_infovae import conditions, divergences, models, networks

    arguments = dict(settings)
    class_name, _ = MODELS[arguments.pop("name")]
    for name in ("encoder", "decoder"):
        if name in arguments:
            check_choice(name, arguments[name], networks.registry.members)
    kernel = arguments.pop("kernel", None)
    if kernel is not None:
        divergence = divergences.get(arguments.get("divergence", "mmd"))
        if "kernel" not in divergence.get_config():
            raise argument_error("kernel", "left out for a divergence that has none", kernel)
        arguments["divergence"] = type(divergence)(kernel=kernel)
    if "num_classes" in arguments:
        arguments["condition"] = conditions.Classes(arguments.pop("num_classes"))
    model = getattr(models, class_name)(**arguments, scaling=scaling)
    model.name = settings["name"]  # Keras would number a second one
    return model
