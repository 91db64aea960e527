"""What the package asks of the system that not every system has."""

import ast
import pathlib

PACKAGE = pathlib.Path(__file__).resolve().parents[1] / "keras_infovae"
POSIX_ONLY = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}
# The local server raises the limit of open files; all else imports on any system.
NEEDS_POSIX = {"serving/server/connections.py": {"resource"}}


def imported(path):
    """Returns the names of the modules that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_only_the_local_server_needs_posix():
    found = {p.relative_to(PACKAGE).as_posix(): imported(p) for p in PACKAGE.rglob("*.py")}
    found = {name: modules & POSIX_ONLY for name, modules in found.items()}
    assert {name: modules for name, modules in found.items() if modules} == NEEDS_POSIX
