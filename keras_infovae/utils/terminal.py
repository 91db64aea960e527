"""What is shown of progress: a bar where lines can be drawn anew, else whole lines."""

import builtins
import sys


def redraws_lines():
    """Returns whether stdout is a terminal or a notebook, and not a file or a pipe."""
    in_notebook = hasattr(builtins, "__IPYTHON__")
    return in_notebook or (sys.stdout is not None and sys.stdout.isatty())
