"""How little the classes that a model is made of know of each other."""

import importlib.util
import pathlib

import keras_infovae as ki

TOOL = pathlib.Path(__file__).parents[2] / "tools" / "shared_attributes.py"


def test_a_class_reads_few_attributes_of_another():
    spec = importlib.util.spec_from_file_location("shared_attributes", TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    for model_class in (ki.InfoVAE, ki.IWAE, ki.AnnealedVAE):
        counts = {pair: len(names) for pair, names in tool.shared(model_class).items()}
        assert max(counts.values()) <= 10, counts
        assert sum(counts.values()) <= 33, counts
