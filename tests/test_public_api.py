"""Public names and signatures, their docstrings, and the examples in them."""

import doctest
import importlib
import inspect
import pkgutil
import subprocess
import sys

import pytest

import keras_infovae as ki
from tools.update_public_api import FILE, public_api

MODULES = [
    module.name
    for module in pkgutil.walk_packages(ki.__path__, "keras_infovae.")
    if not module.name.startswith("keras_infovae.cli")
]


def test_names_and_signatures_are_those_of_the_golden_file():
    # A difference that is meant: make api-file, and a line in CHANGELOG.md.
    assert public_api() == FILE.read_text(encoding="utf-8")


def public_objects(module=ki, prefix="ki"):
    """Yields (name, object) of everything public, modules included."""
    for name in module.__all__:
        value = getattr(module, name)
        yield f"{prefix}.{name}", value
        if inspect.ismodule(value):
            yield from public_objects(value, f"{prefix}.{name}")


@pytest.mark.parametrize(("name", "value"), list(public_objects()))
def test_everything_public_has_a_docstring(name, value):
    if isinstance(value, str) or not callable(value):
        return  # __version__, and modules, whose docstrings ruff cannot miss
    assert value.__doc__, name
    if not inspect.isclass(value):
        return
    for member, function in vars(value).items():
        if not member.startswith("_") and (callable(function) or isinstance(function, property)):
            documented = [getattr(base, member, None) for base in value.__mro__]
            assert any(f is not None and f.__doc__ for f in documented), f"{name}.{member}"


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_run(name):
    module = importlib.import_module(name)
    failed, _ = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert failed == 0


def test_the_example_of_the_package_runs():
    assert doctest.testmod(ki).failed == 0


def test_parts_that_are_imported_later_register_no_class():
    """Otherwise `keras.saving.load_model` would depend on what was asked for before."""
    code = f"""
import sys
import keras
import keras_infovae as ki
later = {ki.api.LATER}
assert not any(f"keras_infovae.{{name}}" in sys.modules for name in later)
assert set(ki.__all__) <= set(dir(ki)) and not hasattr(ki, "unknown")
known = dict(keras.saving.get_custom_objects())
for name in later:
    getattr(ki, name)
import keras_infovae.scikit_learn.outlier_detector
assert keras.saving.get_custom_objects() == known
"""
    subprocess.run([sys.executable, "-c", code], check=True)
