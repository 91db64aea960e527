"""The flags that describe a model."""

import inspect

from keras_infovae.cli import register, setting_flags
from keras_infovae.cli.data_flags import LABELS
from keras_infovae.cli.errors import CommandLineError, reported
from keras_infovae.utils.constructors import constructor_parameters


def define(flag_set):
    """Adds the flags that describe a model to `flag_set`."""
    flag_set.group("Model")
    define_model(flag_set, "What is trained")
    for name, uses in setting_flags.uses_of(register.settings_of).items():
        setting_flags.define(flag_set, name, uses, default_words)


def define_model(flag_set, what):
    """Adds --model, of which the help page says that it is `what`, and --condition."""
    flag_set.choice(
        "model",
        tuple(sorted(register.members())),
        f"{what}. info_vae: codes that fit the prior as a whole; vae: the baseline; beta_vae: "
        "codes whose dimensions vary separately; mmd_vae: codes that tell the most about x. "
        "docs/choosing.md compares all of them.",
        default=setting_flags.DEFAULT_MODEL,
    )
    flag_set.text(
        "condition",
        f"{LABELS}|COLUMN,COLUMN,...",
        "Tell the model the label of each example: it learns p(x|label), and generate makes "
        "examples of a class. What the label tells need not be in z. Or columns of a .csv, .tsv or "
        "parquet file, which are then told instead of learned; generate makes rows to order by "
        "--given.",
        shown="none",
    )


def default_words(name, parameter, default):
    """Returns an argument's default as the help page says it, which for p(x|z) follows from x."""
    if name == "likelihood" and default is not None:
        return "bernoulli for images with values in [0, 1], else normal"
    return setting_flags.default_words(name, parameter, default)


def check(flags, settings_of=register.settings_of):
    """Returns {argument: text} of the flags for the arguments of a model that were given.

    Args:
        flags: what `FlagSet.parse` returned.
        settings_of: as for `setting_flags.uses_of`.

    Raises:
        CommandLineError: for a flag that the model does not take, --condition too.
    """
    found = {}
    for name, uses in setting_flags.uses_of(settings_of).items():
        given = getattr(flags, name)
        if given is None:
            continue
        if flags.model not in uses:
            raise CommandLineError(
                f"Argument `--{name}` must be left out for --model={flags.model}; it is a flag of "
                f"{setting_flags.joined([f'--model={user}' for user in uses])}. "
                f"Received: --{name}={given}"
            )
        found[name] = given
    arguments = constructor_parameters(register.members()[flags.model])
    if flags.condition is not None and "condition" not in arguments:
        raise CommandLineError(
            f"Argument `--condition` must be left out for --model={flags.model}, which takes none. "
            f"Received: --condition={flags.condition}"
        )
    return found


def settings(flags):
    """Returns the flags that describe a model as a JSON-compatible dictionary.

    Raises:
        CommandLineError: for a flag that the model does not take, or with a value that it cannot
            have, and for the lack of one that it needs.
    """
    given = check(flags)
    found = {"name": flags.model, "condition": flags.condition, "seed": flags.seed}
    for name, (parameter, default) in register.settings_of(register.members()[flags.model]).items():
        if name in given:
            with reported({}):
                given[name] = parameter.parse(f"--{name}", given[name])
        elif default is inspect.Parameter.empty:
            found[name] = parameter.suggestion
            if found[name] is None:
                raise CommandLineError(f"Flag --{name} must be given for --model={flags.model}.")
    return found | given
