"""Public names have type annotations, and these are of what there is.

`make lint` checks by mypy that they fit the code; tests/typed_use.py is how they are used.
"""

import inspect
import sys
import typing

import numpy as np
import pandas
import pytest

import keras_infovae as ki
from keras_infovae.utils.constructors import constructor_parameters

NAMES = {"pandas": pandas}  # which is imported by who needs it


def classes_and_functions(module):
    """Yields the public classes and functions of the package, those of its modules too."""
    for name in module.__all__:
        value = getattr(module, name)
        if inspect.ismodule(value):
            yield from classes_and_functions(value)
        elif inspect.isclass(value) or inspect.isfunction(value):
            yield value


def functions():
    """Returns {name: function} of all public functions and methods of the package."""
    found = {}
    for value in classes_and_functions(ki):
        bases = value.__mro__ if inspect.isclass(value) else ()
        members = [(base, name) for base in bases for name in vars(base)]
        public = [(b, n) for b, n in members if n == "__init__" or not n.startswith("_")]
        for base, name in public:
            member = vars(base)[name]
            member = getattr(member, "fget", None) or getattr(member, "__func__", member)
            found[f"{base.__module__}.{base.__qualname__}.{name}"] = member
        if not bases:
            found[f"{value.__module__}.{value.__qualname__}"] = value
    return {
        name: inspect.unwrap(function)
        for name, function in found.items()
        if inspect.isfunction(function)
        and function.__module__.startswith("keras_infovae.")
        and hasattr(function, "__code__")
        and not function.__code__.co_filename.startswith("<")  # of dataclasses and named tuples
    }


FUNCTIONS = functions()
BY_MODULE = {}
for name, function in FUNCTIONS.items():
    BY_MODULE.setdefault(function.__module__, {})[name] = function


@pytest.mark.parametrize("module", BY_MODULE)
def test_all_arguments_and_the_result_have_types_that_are_there(module):
    for name, function in BY_MODULE[module].items():
        signature = inspect.signature(function)
        arguments = [p for p in signature.parameters.values() if p.name not in ("self", "cls")]
        missing = {p.name for p in arguments if p.annotation is p.empty} - annotated_above(name)
        assert not missing, f"{name} does not say of what types these are: {sorted(missing)}"
        assert signature.return_annotation is not signature.empty, f"{name} returns what?"
        if sys.version_info >= (3, 11):
            typing.get_type_hints(function, localns=NAMES)
        else:  # that of 3.10 makes Optional of what is no type, such as a `Parameter`
            inspect.get_annotations(function, locals=NAMES, eval_str=True)


def annotated_above(name):
    """Returns the arguments that a model's constructor leaves to its parent's annotations."""
    cls = getattr(ki, name.split(".")[-2], None) if name.endswith(".__init__") else None
    if not inspect.isclass(cls) or not issubclass(cls, ki.GenerativeModel):
        return set()
    known = constructor_parameters(cls)
    fixed = set(getattr(cls, "fixed_arguments", ()))
    return {n for n, p in known.items() if p.annotation is not p.empty} | fixed


def test_all_parts_are_looked_at():
    assert len(FUNCTIONS) > 1000
    modules = {name.split(".")[1] for name in BY_MODULE}
    assert {"divergences", "kernels", "models", "serving", "text", "zoo"} <= modules


def test_results_are_what_annotations_say():
    model = ki.VAE(latent_dim=2, seed=0, encoder="mlp", decoder="mlp")
    x = np.random.default_rng(0).random((40, 5)).astype("float32")
    model.compile("adam")
    results = {
        "fit": model.fit(x, epochs=1, verbose=0),
        "code_dim": model.code_dim,
        "draws_in_steps": model.draws_in_steps,
        "event_shape": model.event_shape,
        "epochs_trained": model.epochs_trained,
        "scheduled_weights": model.scheduled_weights,
        "objective": model.objective(),
        "term_names": model.term_names,
        "weights_at": model.weights_at(0),
        "kl_weight": model.kl_weight,
        "lambda_value": model.lambda_value,
        "least_batch": model.least_batch,
        "latent_support": model.latent_support,
        "parts": model.parts(),
        "get_config": model.get_config(),
        "capabilities": model.capabilities,
        "encode": model.encode(x),
        "generate": model.generate(2, seed=0),
        "elbo": model.elbo(x),
        "contributions": model.contributions(x),
    }
    check_results(ki.VAE, results)


def check_results(owner, results):
    """Checks {name: a result} of the functions of a class or a module against their annotations."""
    for name, result in results.items():
        function = inspect.getattr_static(owner, name)
        function = getattr(function, "fget", None) or getattr(function, "__func__", function)
        function = inspect.unwrap(function)
        hints = typing.get_type_hints(function, localns=NAMES)
        kinds = typing.get_args(hints["return"]) or (hints["return"],)
        if typing.get_origin(hints["return"]) in (list, tuple, dict):
            kinds = (typing.get_origin(hints["return"]),)
        kinds = [typing.get_origin(kind) or kind for kind in kinds]
        assert isinstance(result, tuple(kinds)), name


def test_results_of_settings_are_what_annotations_say():
    text = ki.text.Text.infer(["The cat sleeps.", "A dog runs."])
    x = text.numbers(["A cat runs."])
    results = {"infer": text, "numbers": x, "raw": text.raw(x), "likelihood": text.likelihood()}
    results |= {"accepts": text.accepts(["a"]), "raw_like": text.raw_like(np.array(["a"]), x)}
    check_results(ki.text.Text, results)
    words = ki.text.Vocabulary(["cat", "dog"])
    results = {"numbers": words.numbers(["dog"]), "strings": words.strings([2], "?")}
    check_results(ki.text.Vocabulary, results | {"of_counts": words.of_counts({"cat": 2})})
    energy = ki.divergences.get("energy_distance")
    check_results(ki.divergences.EnergyDistance, {"auto_lambda": energy.auto_lambda(0)})
    prior = ki.priors.get("standard_normal").distribution(2)
    ratio = ki.divergences.signal_to_noise(energy, prior, latent_dim=2, batch_size=4, draws=2)
    check_results(ki.divergences, {"signal_to_noise": ratio})
