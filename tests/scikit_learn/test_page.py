"""docs/scikit_learn.md: its lines run as they are written, but for the number of epochs."""

import pathlib
import re

import pytest

from tests.tables.people import people

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "scikit_learn.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_its_lines_of_python():
    names = {"frame": people(120)}
    for text in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        for given in ("random_state=0", "latent_dim=4", "early_stopping=True"):
            text = text.replace(given, f"{given}, epochs=1")
        exec(compile(text, str(PAGE), "exec"), names)
    assert set(names["labels"]) == {1, -1} and list(names["z"].columns) == ["z0", "z1", "z2", "z3"]
    assert len(names["new"]) == 1000
    grid = {"latent_dim": [2], "settings": [{"alpha": 0.5}]}
    search = names["search"].set_params(param_grid=grid, cv=2, error_score="raise")
    assert search.fit(names["frame"]).best_params_["latent_dim"] == 2
