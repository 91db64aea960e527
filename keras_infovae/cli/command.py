"""The base of commands."""

import shlex

from keras_infovae.cli import help_page, own_models, tensorflow_start
from keras_infovae.cli.flag_set import FlagSet


class Command:
    """One subcommand of `keras-infovae`.

    A member states `name`, `summary` (one line), `description` and `examples` (command lines),
    and defines `define_flags` and `run`, and `check` where flags may contradict each other. All of
    this but `run` does without TensorFlow, so that help and errors come at once.
    """

    name = ""
    summary = ""
    description = ""
    examples = ()
    needs_tensorflow = True  # in this process

    def flag_set(self):
        """Returns a new `FlagSet` with the flags of the command."""
        flag_set = FlagSet()
        self.define_flags(flag_set)
        if {"model", "run"} & set(flag_set.names()):  # which it makes, or loads
            flag_set.group("Your own models")
            flag_set.text(
                own_models.FLAG,
                "MODULE,...",
                "Python modules that register models by @keras_infovae.register_model. They are "
                "looked for in the working directory too, and imported before flags are read.",
                shown="none",
            )
        flag_set.group("Messages")
        flag_set.boolean(tensorflow_start.FLAG, "Show what TensorFlow logs too, as it starts.")
        return flag_set

    def define_flags(self, flag_set):
        """Adds the flags of the command to `flag_set`."""
        raise NotImplementedError(f"{type(self).__name__} does not define `define_flags`")

    def check(self, flags):
        """Raises CommandLineError for flags that cannot be used together, as far as they tell."""

    def run(self, flags):
        """Carries the command out.

        Args:
            flags: what `FlagSet.parse` returned.

        Returns:
            The exit status; None counts as 0.

        Raises:
            CommandLineError: when the flags, or what they name, cannot be used.
            OSError: naming a file that could not be written.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `run`")

    def command_line(self, flags):
        """Returns the command as one line for a shell, with the flags that were given."""
        words = [help_page.PROGRAM, self.name]
        for name in flags:
            if flags[name].present:
                value = flags[name].value
                given = f"--{name}" if value else f"--no{name}"
                value = ",".join(map(str, value)) if isinstance(value, tuple) else value
                words.append(given if flags[name].boolean else f"--{name}={value}")
        return shlex.join(words)
