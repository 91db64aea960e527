"""What the documents quote from the programs that compute it."""

import pathlib
import runpy

ROOT = pathlib.Path(__file__).parents[1]


def test_the_estimate_of_costs_is_that_which_is_computed():
    tables = runpy.run_path(str(ROOT / "benchmarks/cost_estimate.py"))["tables"]()
    assert "\n".join(tables) in (ROOT / "docs/distributed.md").read_text(encoding="utf-8")
