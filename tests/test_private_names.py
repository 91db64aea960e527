"""Private names of other libraries that the package uses; setup.py bounds each library from above.

A new one has to be declared here, with what has it. Then an upper bound in setup.py has to hold the
library to versions that were tried.
"""

import ast
import functools
import inspect
import pathlib
import re
import sys

import keras
import keras_tuner
import pytest
import tensorflow as tf

# Their classes are looked at; the package imports them when a search begins.
from keras_infovae.tuning import oracles, trial_tuner  # noqa: F401

ROOT = pathlib.Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "keras_infovae"

# {(file, name): what has it}
USED = {
    ("distributions/components.py", "_experimental_parameter_ndims_to_matrix_ndims"): (
        tf.linalg.LinearOperatorDiag
    ),
    ("inference/amortized.py", "_tracker"): keras.Layer,
    ("models/latent_variable_model.py", "_tracker"): keras.Layer,
    ("models/step_model.py", "_tracker"): keras.Layer,
    ("models/trainable_model.py", "_maybe_symbolic_build"): keras.Model,
    ("serving/parity.py", "_flatten_layers"): keras.Layer,
    ("tuning/oracles.py", "_duplicate"): keras_tuner.oracles.BayesianOptimizationOracle,
    ("tuning/oracles.py", "_get_next_combination"): keras_tuner.oracles.GridSearchOracle,
    ("tuning/oracles.py", "_get_oracle_fname"): keras_tuner.Oracle,
    ("tuning/oracles.py", "_get_trial_dir"): keras_tuner.Oracle,
    ("tuning/oracles.py", "_random_populate_space"): (
        keras_tuner.oracles.BayesianOptimizationOracle
    ),
    ("tuning/oracles.py", "_random_state"): keras_tuner.oracles.BayesianOptimizationOracle,
    ("tuning/oracles.py", "_vectorize_trials"): keras_tuner.oracles.BayesianOptimizationOracle,
    ("tuning/trial_tuner.py", "_get_tuner_fname"): keras_tuner.Tuner,
    ("tuning/trial_tuner.py", "_is_worker"): keras_tuner.Tuner,
    ("tuning/trial_tuner.py", "_run_and_update_trial"): keras_tuner.Tuner,
    ("tuning/trial_tuner.py", "_try_run_and_update_trial"): keras_tuner.Tuner,
    ("utils/fused_adam.py", "_get_variable_index"): keras.optimizers.Adam,
    ("utils/fused_adam.py", "_momentums"): keras.optimizers.Adam,
    ("utils/fused_adam.py", "_velocities"): keras.optimizers.Adam,
    ("utils/gradients.py", "_accumulated_gradients"): keras.optimizers.Optimizer,
    ("utils/gradients.py", "_apply_weight_decay"): keras.optimizers.Optimizer,
    ("utils/gradients.py", "_backend_update_step"): keras.optimizers.Optimizer,
    ("utils/gradients.py", "_get_variable_index"): keras.optimizers.Optimizer,
    ("utils/gradients.py", "_iterations"): keras.optimizers.Optimizer,
}
# Documented in spite of their names.
PUBLIC = {"_replace", "_exit"}
DEFINED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@functools.cache
def nodes():
    """Returns [(file, node)] of all that a private name can be in."""
    kinds = (*DEFINED, ast.Attribute, ast.Name, ast.Import, ast.ImportFrom)
    return [
        (path.relative_to(PACKAGE).as_posix(), node)
        for path in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, kinds)
    ]


def is_private(name):
    return name.startswith("_") and not name.startswith("__") and name not in PUBLIC


def own_names():
    """Returns what the package itself defines or assigns."""
    found = set()
    for _, node in nodes():
        if isinstance(node, DEFINED):
            found.add(node.name)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            found.add(node.attr)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found


def read_names():
    """Yields (file, name) of private attributes that the package reads and does not define."""
    own = own_names()
    for file, node in nodes():
        if isinstance(node, ast.Attribute) and is_private(node.attr) and node.attr not in own:
            yield file, node.attr


def imported_names():
    """Yields (file, name) of modules and names of other libraries that are private."""
    for file, node in nodes():
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            module = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            for name in (module + alias.name for alias in node.names):
                top, *rest = name.split(".")
                private = any(is_private(part) or part in ("src", "python") for part in rest)
                if top != PACKAGE.name and private:
                    yield file, name


def overridden_names():
    """Yields (file, name) of private methods of a library that a class of ours overrides."""
    libraries = ("keras", "keras_tuner", "tensorflow")
    loaded = {name: module for name, module in sys.modules.items() if name.startswith(PACKAGE.name)}
    for name, module in loaded.items():
        for cls in filter(inspect.isclass, vars(module).values()):
            if cls.__module__ == name:
                bases = [b for b in cls.__mro__ if b.__module__.split(".")[0] in libraries]
                file = name.split(".", 1)[1].replace(".", "/") + ".py"
                for method in filter(is_private, vars(cls)):
                    if any(callable(vars(base).get(method)) for base in bases):
                        yield file, method


def test_all_that_are_used_are_declared():
    found = {*read_names(), *imported_names(), *overridden_names()}
    by_assignment = {key for key in USED if key[1] == "_random_state"}  # which reads as our own
    assert found == USED.keys() - by_assignment


@pytest.mark.parametrize(("file", "name"), USED)
def test_it_is_there(file, name):
    owner = USED[file, name]
    bases = [base for base in owner.__mro__ if base is not object]
    # An attribute of instances stands in the source alone.
    is_set = re.compile(rf"self\.{name}\b[^=\n]* = ")
    assert hasattr(owner, name) or any(is_set.search(inspect.getsource(base)) for base in bases)


@pytest.mark.parametrize("library", ["keras", "keras-tuner", "tensorflow"])
def test_its_library_has_an_upper_bound(library):
    text = (ROOT / "setup.py").read_text(encoding="utf-8")
    assert re.search(rf'"{library}>=[0-9.]+,<[0-9.]+"', text)
