"""The help pages."""

import shutil
import textwrap

from keras_infovae.cli.flag_set import REQUIRED

PROGRAM = "keras-infovae"
_WIDEST = 92


def overview(commands):
    """Returns the page of `keras-infovae --help`.

    Args:
        commands: the `Command` instances.
    """
    width = max(len(command.name) for command in commands)
    lines = [
        f"{PROGRAM}: trains InfoVAE models and their family, and uses them; without any code.",
        "",
        f"usage: {PROGRAM} COMMAND --flag=value ...",
        "",
        "Commands",
        *(f"  {command.name:<{width}}  {command.summary}" for command in commands),
        "",
        f"{PROGRAM} COMMAND --help tells what a command does and lists its flags, with units and",
        f"defaults. {PROGRAM} --version prints the version.",
        "",
        "For a start",
        f"  {PROGRAM} train --data=digits --output=runs/first",
        f"  {PROGRAM} evaluate --run=runs/first",
        f"  {PROGRAM} generate --run=runs/first --output=digits.png",
        "",
        "Exit status: 0 done; 1 failed on the way; 2 the command line, or what it names, cannot be",
        "used; 130 stopped by Ctrl-C.",
    ]
    return "\n".join(lines)


def page(command, flag_set):
    """Returns the page of `keras-infovae COMMAND --help`.

    Args:
        command: a `Command`.
        flag_set: its `FlagSet`.
    """
    columns = min(shutil.get_terminal_size().columns - 1, _WIDEST)
    required = [entry for entry in flag_set.entries if entry.default == REQUIRED]
    usage = " ".join(f"--{entry.name}={entry.value}" for entry in required)
    lines = [
        textwrap.fill(f"{PROGRAM} {command.name}: {command.summary}", columns),
        "",
        f"usage: {PROGRAM} {command.name} {usage} [--flag=value ...]",
        "",
    ]
    for paragraph in command.description.strip().split("\n\n"):
        # A paragraph whose lines are indented is kept as it is.
        kept = paragraph.startswith(" ")
        lines += [paragraph if kept else textwrap.fill(paragraph, columns), ""]
    lines += ["Examples", *(f"  {example}" for example in command.examples), ""]
    group = None
    for entry in flag_set.entries:
        if entry.group != group:
            lines += [""] * (group is not None) + [entry.group]
            group = entry.group
        name = f"--{entry.name}={entry.value}" if entry.value else f"--[no]{entry.name}"
        default = "Required." if entry.default == REQUIRED else f"Default: {entry.default}."
        text = f"{entry.text} {default}"
        indent = " " * 6
        lines += [
            f"  {name}",
            textwrap.fill(
                text,
                columns,
                initial_indent=indent,
                subsequent_indent=indent,
                break_on_hyphens=False,
            ),
        ]
    return "\n".join(lines)
