"""setup.py's lower bounds are the versions that `make test-oldest` installs."""

import ast
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[1]
OLDEST = ROOT / "tests" / "oldest_requirements.txt"
# Held otherwise: those of `make lint` to a minor version; data sets and clients of hubs, for which
# tests have stand-ins, to none; nor are the tools that make the pages.
NOT_HELD = {"mypy", "ruff", "tensorflow-datasets", "huggingface-hub", "kagglehub"}
NOT_HELD_EXTRAS = {"docs"}
REQUIREMENT = re.compile(r"([a-z][a-z0-9-]*)(?:\[[a-z,-]+\])?(?:>=([0-9.]+))?(?:,?[<=]+[0-9.*]+)?")


def requirements():
    """Returns [(name, lower bound or None)] of all lists in setup.py that are of requirements."""
    found = []
    for node in ast.walk(ast.parse((ROOT / "setup.py").read_text(encoding="utf-8"))):
        pairs = []
        if isinstance(node, ast.keyword) and node.arg == "install_requires":
            pairs = [node.value]
        elif isinstance(node, ast.Dict):
            extras = [(key.value, value) for key, value in zip(node.keys, node.values) if key]
            pairs = [value for name, value in extras if name not in NOT_HELD_EXTRAS]
        for value in pairs:
            texts = [item.value for item in getattr(value, "elts", []) if hasattr(item, "value")]
            matches = [REQUIREMENT.fullmatch(text) for text in texts if isinstance(text, str)]
            found += [match.groups() for match in matches if match]
    return found


def oldest():
    """Returns {name: version} of the file."""
    lines = OLDEST.read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


def release(version):
    """Returns the numbers of a version, without zeros at the end.

    >>> release("2.18.0") == release("2.18")
    True
    """
    return tuple(map(int, re.sub(r"(\.0)+$", "", version).split(".")))


def test_each_requirement_has_the_lower_bound_that_is_tested():
    found = [(name, bound) for name, bound in requirements() if name not in NOT_HELD]
    assert len(found) > 25  # all lists were read
    assert [name for name, bound in found if bound is None] == []
    pinned = {name: release(version) for name, version in oldest().items()}
    assert {name: release(bound) for name, bound in found} == pinned
