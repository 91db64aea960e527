"""What the documents quote from the programs that compute it."""

import pathlib
import runpy

import keras_infovae as ki

ROOT = pathlib.Path(__file__).parents[1]
# What the rows of docs/migration.md are explained from, in their order.
SOURCES = (
    ("pythae", {}),
    ("pythae", {"lbd": 1000}),
    ("pythae", {"alpha": 0.5, "lbd": 0.03}),
    ("pytorch_vae", {}),
    ("pytorch_vae", {"alpha": -9.0, "beta": 10.5, "reg_weight": 110}),
    ("pytorch_vae", {"alpha": -9.0, "beta": 10.5, "reg_weight": 110, "kernel_type": "rbf"}),
    ("authors", {"script": "tutorial"}),
    ("authors", {"script": "evaluation"}),
    ("authors", {"script": "research", "mi": 0.5}),
    ("authors", {"script": "bernoulli"}),
)


def rows_below(page, head):
    """Returns the rows of the table with this head, each a list of texts without stars."""
    text = (ROOT / page).read_text(encoding="utf-8").partition(f"\n{head}\n")[2]
    lines = text.partition("\n\n")[0].splitlines()[1:]
    assert lines, f"{page} has no table with the head {head}"
    return [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in lines]


def test_the_estimate_of_costs_is_that_which_is_computed():
    tables = runpy.run_path(str(ROOT / "benchmarks/cost_estimate.py"))["tables"]()
    assert "\n".join(tables) in (ROOT / "docs/distributed.md").read_text(encoding="utf-8")


def test_weights_of_other_libraries_are_those_that_explain_says():
    head = "| source | settings | alpha | lambda_ | KL weight | divergence weight | x given z "
    rows = rows_below("docs/migration.md", head + "| kernel here |")
    for (source, settings), row in zip(SOURCES, rows, strict=True):
        found = ki.migration.explain(source, settings)
        weights = found.alpha, found.lambda_, found.kl_weight, found.divergence_weight
        for text, weight in zip(row[2:6], weights, strict=True):
            decimals = len(text.partition(".")[2])
            assert text == f"{round(weight, decimals):,.{decimals}f}", (row, weight)


def test_rates_of_thresholds_are_those_of_their_class():
    head = "| n | false_positive_rate | k | expected_rate | rate_bound |"
    score = ki.anomaly_scores.get("negative_elbo")
    for row in rows_below("docs/anomalies.md", head):
        examples, rate = int(row[0].replace(",", "")), float(row[1])
        threshold = ki.anomaly_scores.AnomalyThreshold(score, 0.0, rate, examples)
        rank = examples + 1 - round(threshold.expected_rate * (examples + 1))
        assert row[2].replace(",", "") == str(rank), row
        assert row[3].split()[0] == f"{threshold.expected_rate:.3f}", row
        assert row[4] == f"{threshold.rate_bound:.3f}", row
