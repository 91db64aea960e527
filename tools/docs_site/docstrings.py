"""Docstrings as Markdown: what they leave to the reader's eye, Markdown has to be told."""

import re

import griffe

ARXIV = re.compile(r"arXiv:(\d{4}\.\d{4,5})")
NAMES = re.compile(r"    [\w, ]+,")
HEADING = re.compile(r"(Example|References|Returns):(.*)")


class Docstrings(griffe.Extension):
    """Griffe extension: docstrings as Markdown, and signatures without the limits of arguments."""

    def on_object(self, *, obj, **_):
        """Rewrites the docstring of an object once it is read."""
        if obj.docstring is not None:
            obj.docstring.value = markdown(obj.docstring.value)

    def on_function(self, *, func, **_):
        """Takes away annotations that are calls: what an argument may be, not its type."""
        for parameter in func.parameters:
            if isinstance(parameter.annotation, griffe.ExprCall):
                parameter.annotation = None


def markdown(text):
    """Returns a docstring with fenced examples, lists that Markdown sees, and links to papers.

    Args:
        text: a docstring without its indentation, with the sections that CONTRIBUTING.md names.
    """
    lines, result = text.splitlines(), []
    while lines:
        line = lines.pop(0)
        heading = HEADING.fullmatch(line)
        if heading is not None:
            result += ["", f"**{heading[1]}**{heading[2] and ':' + heading[2]}", ""]
            if heading[1] != "Example":
                body = _indented(lines)
                result += _references(body) if heading[1] == "References" else _lists(body)
        elif NAMES.fullmatch(line):  # of arguments, which go on in the next line
            lines[0] = f"{line} {lines[0].lstrip()}"
        elif line.startswith(">>> "):
            result += ["```pycon", line]
            while lines and lines[0].strip():
                result.append(lines.pop(0))
            result.append("```")
        else:
            result.append(line)
    return "\n".join(_lists(result)).strip()


def _indented(lines):
    """Takes the indented lines at the start of `lines` and returns them without indentation."""
    body = []
    while lines and (not lines[0].strip() or lines[0].startswith("    ")):
        body.append(lines.pop(0)[4:])
    return [*body, ""]


def _references(lines):
    """Returns a list of papers: a line after one that ends a sentence begins the next."""
    result, begins = [], True
    for line in lines:
        if line.strip():
            result.append(("- " if begins else "  ") + ARXIV.sub(_arxiv, line.strip()))
            begins = line.endswith(".")
    return [*result, ""]


def _arxiv(found):
    return f"[arXiv:{found[1]}](https://arxiv.org/abs/{found[1]})"


def _lists(lines):
    """Returns the lines with an empty one before each list, which Markdown needs."""
    result, in_code = [], False
    for line in lines:
        in_code ^= line.lstrip().startswith("```")
        before = result[-1] if result else ""
        indentation = len(line) - len(line.lstrip())
        deeper = len(before) - len(before.lstrip()) > indentation
        starts = line.lstrip().startswith("- ") and not before.lstrip().startswith("- ")
        if starts and before.strip() and not deeper and not in_code:
            result.append("")
        result.append(line)
    return result
