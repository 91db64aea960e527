"""Runs the Python of pages in docs/ and writes what it printed below it, in blocks of `text`.

    python tools/update_page_outputs.py docs/tasks/*.md

`tests/test_task_pages.py` runs the pages and compares.
"""

import contextlib
import io
import os
import pathlib
import re
import sys
import tempfile

PAIR = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)


def outputs(text):
    """Yields (the match of a block of Python, what it printed), one block after another.

    The blocks are run as one program, in a folder that is made for it and thrown away.

    Args:
        text: the Markdown of a page.
    """
    names = {"__name__": "page"}
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            for pair in PAIR.finditer(text):
                printed = io.StringIO()
                with contextlib.redirect_stdout(printed):
                    exec(compile(pair[1], "page", "exec"), names)
                yield pair, printed.getvalue()
        finally:
            os.chdir(before)


def updated(text):
    """Returns the Markdown of a page with what its Python prints now."""
    parts, end = [], 0
    for pair, printed in outputs(text):
        parts += [text[end : pair.start()], f"```python\n{pair[1]}```\n"]
        if printed:
            lines = "\n".join(line.rstrip() for line in printed.rstrip().splitlines())
            parts.append(f"\n```text\n{lines}\n```\n")
        end = pair.end()
    return "".join([*parts, text[end:]])


if __name__ == "__main__":
    for path in map(pathlib.Path, sys.argv[1:]):
        path.write_text(updated(path.read_text(encoding="utf-8")), encoding="utf-8")
        print(f"Wrote {path}")
