"""The help pages, as wide as the terminal."""

import re
import shutil
import textwrap

from keras_infovae.cli.flag_set import REQUIRED

PROGRAM = "keras-infovae"
_WIDEST, _NARROWEST = 92, 20
_CONTINUED = " \\"  # so that a command over several lines can be pasted into a shell


def overview(commands):
    """Returns the page of `keras-infovae --help`.

    Args:
        commands: the `Command` instances.
    """
    width = max(len(command.name) for command in commands)
    rows = (f"  {command.name:<{width}}  {command.summary}" for command in commands)
    lines = [
        _filled(
            f"{PROGRAM}: trains InfoVAE models and their family, and uses them; without any code."
        ),
        "",
        _filled(f"usage: {PROGRAM} COMMAND --flag=value ..."),
        "",
        "Commands",
        *map(_row, rows),
        "",
        _filled(
            f"{PROGRAM} COMMAND --help tells what a command does and lists its flags, with units "
            f"and defaults. {PROGRAM} --version prints the version."
        ),
        "",
        "For a start",
        _shell_line(f"{PROGRAM} train --data=digits --output=runs/first"),
        _shell_line(f"{PROGRAM} evaluate --run=runs/first"),
        _shell_line(f"{PROGRAM} generate --run=runs/first --output=digits.png"),
        "",
        _filled(
            "Exit status: 0 done; 1 failed on the way; 2 the command line, or what it names, "
            "cannot be used; 130 stopped by Ctrl-C."
        ),
    ]
    return "\n".join(lines)


def page(command, flag_set):
    """Returns the page of `keras-infovae COMMAND --help`.

    Args:
        command: a `Command`.
        flag_set: its `FlagSet`.
    """
    required = [entry for entry in flag_set.entries if entry.default == REQUIRED]
    usage = " ".join(f"--{entry.name}={entry.value}" for entry in required)
    lines = [
        _filled(f"{PROGRAM} {command.name}: {command.summary}"),
        "",
        _filled(f"usage: {PROGRAM} {command.name} {usage} [--flag=value ...]"),
        "",
    ]
    for paragraph in command.description.strip().split("\n\n"):
        # A paragraph whose lines are indented is a table.
        table = paragraph.startswith(" ")
        lines += [*map(_row, paragraph.splitlines())] if table else [_filled(paragraph)]
        lines.append("")
    lines += ["Examples", *map(_shell_line, command.examples), ""]
    group = None
    for entry in flag_set.entries:
        if entry.group != group:
            lines += [""] * (group is not None) + [_filled(entry.group)]
            group = entry.group
        name = f"--{entry.name}={entry.value}" if entry.value else f"--[no]{entry.name}"
        default = "Required." if entry.default == REQUIRED else f"Default: {entry.default}."
        lines += [f"  {name}", _filled(f"{entry.text} {default}", " " * 6, " " * 6)]
    return "\n".join(lines)


def _columns():
    return max(min(shutil.get_terminal_size().columns - 1, _WIDEST), _NARROWEST)


def _filled(text, first="", rest="", columns=None):
    """Returns a paragraph, whose words stay whole."""
    return textwrap.fill(
        text,
        columns or _columns(),
        initial_indent=first,
        subsequent_indent=rest,
        break_on_hyphens=False,
        break_long_words=False,
    )


def _row(line):
    """Returns a row of a table, "  name   what it is"; what does not fit goes below what it is."""
    name, text = re.fullmatch(r"(\s*\S+\s+)(.*)", line).groups()
    if len(name) > _columns() // 2:
        return f"{name.rstrip()}\n{_filled(text, ' ' * 4, ' ' * 4)}"
    return _filled(text, name, " " * len(name))


def _shell_line(line):
    """Returns an example, over several lines where it has to be."""
    lines = _filled(line, "  ", " " * 6, _columns() - len(_CONTINUED)).splitlines()
    return f"{_CONTINUED}\n".join(lines)
