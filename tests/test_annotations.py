"""Public names of the finished parts have type annotations, and these are of what there is.

`make lint` checks by mypy that they fit the code; tests/typed_use.py is how they are used.
"""

import inspect
import typing

import numpy as np
import pytest

import keras_infovae as ki

# Parts of which all that is public is annotated; a new part goes here once it is.
MODULES = (ki.datasets, ki.evaluation, ki.serving, ki.tuning)
MODELS = (ki.GenerativeModel, ki.VAE)
# Their constructors and members are not annotated yet.
UNFINISHED = {
    *("AnnealedImportanceSampling", "Classifier", "Client", "DataWarning", "Dataset", "Exact"),
    *("FactorImages", "Grammar", "HyperModel", "ImportanceSampling", "Manifold", "SearchResult"),
    *("Sentences", "ServingError", "Stream", "TFRecordFeature", "TableQuality"),
}


def functions():
    """Yields (name, function) of all that has to be annotated."""
    for module in MODULES:
        for name in module.__all__:
            value = getattr(module, name)
            if inspect.isfunction(value):
                yield f"{module.__name__}.{name}", value
            else:
                assert name in UNFINISHED or not inspect.isclass(value), name
    for name in dir(ki.GenerativeModel):
        value = inspect.getattr_static(ki.GenerativeModel, name)
        value = getattr(value, "fget", None) or getattr(value, "__func__", value)
        ours = getattr(value, "__module__", "").startswith("keras_infovae")
        if ours and not name.startswith("_") and inspect.isfunction(value):
            yield f"GenerativeModel.{name}", value


FUNCTIONS = dict(functions())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_all_arguments_and_the_result_have_types_that_are_there(name):
    function = FUNCTIONS[name]
    signature = inspect.signature(function)
    arguments = [p for p in signature.parameters.values() if p.name not in ("self", "cls")]
    assert [p.name for p in arguments if p.annotation is p.empty] == []
    assert signature.return_annotation is not signature.empty
    # pandas is imported by who needs it.
    typing.get_type_hints(function, localns={"pandas": __import__("pandas")})


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
        "capabilities": model.capabilities,
        "encode": model.encode(x),
        "generate": model.generate(2, seed=0),
        "elbo": model.elbo(x),
        "contributions": model.contributions(x),
    }
    for name, result in results.items():
        function = FUNCTIONS[f"GenerativeModel.{name}"]
        hints = typing.get_type_hints(function, localns={"pandas": __import__("pandas")})
        kinds = typing.get_args(hints["return"]) or (hints["return"],)
        if typing.get_origin(hints["return"]) in (list, tuple, dict):
            kinds = (typing.get_origin(hints["return"]),)
        kinds = [typing.get_origin(kind) or kind for kind in kinds]
        assert isinstance(result, tuple(kinds)), name
