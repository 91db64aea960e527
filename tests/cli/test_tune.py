"""`keras-infovae tune`: a search, its best model as a run, and what is refused."""

import csv
import json

import pytest

from tests.cli.conftest import write_table

SMALL = (
    *("--hidden_units=4", "--latent_dim=2", "--alpha=0", "--lambda_=1", "--batch_size=16"),
    *("--kernel=gaussian", "--tuner=random", "--max_trials=1", "--epochs=2"),
)


def test_a_search_ends_in_a_run_for_the_other_commands(command, tmp_path):
    write_table(tmp_path / "table.csv")
    output = tmp_path / "search"
    arguments = (f"--data={tmp_path}/table.csv", "--label_column=kind", f"--output={output}")
    outcome = command("tune", *SMALL, *arguments)
    assert outcome.status == 0, outcome.err
    assert "likelihood: normal (the data is a table)" in outcome.out
    assert "trial 0: importance_weighted_bound" in outcome.out
    assert f"generate --run={output}/best" in outcome.out
    with open(output / "trials.csv", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["hidden_units"] == "4" and row["status"] == "COMPLETED"

    result = tmp_path / "numbers.json"
    outcome = command("evaluate", f"--run={output}/best", f"--output={result}")
    assert outcome.status == 0, outcome.err
    numbers = json.loads(result.read_text())
    judged = json.loads((output / "best" / "metrics.json").read_text())
    assert numbers["elbo"] == pytest.approx(judged["elbo"], abs=1e-4)
    assert command("generate", f"--run={output}/best", f"--output={tmp_path}/x.csv").status == 0
    assert (tmp_path / "x.csv").read_text().startswith("year,share")

    again = command("tune", *SMALL, *arguments)
    assert again.status == 0 and "Going on with the search" in again.out
    other = command("tune", *SMALL, *arguments, "--epochs=3")
    assert other.status == 2
    assert "Argument `--output` must be a new one, or that of the same search" in other.err
    assert "epochs=3, where it has 2" in other.err


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--tuner=bayes"], ["`--tuner`", "Did you mean 'bayesian'"]),
        (["--objective=loss"], ["`--objective`", "'elbo'"]),
        (["--max_trials=0"], ["`--max_trials`", "integer of at least 1"]),
        (["--strategy=multi_worker"], ["`--strategy`", "one of a single machine"]),
        (["--latent_dim=two"], ["`--latent_dim`", "an integer", "'two'"]),
        (["--latent_dim=8..2"], ["`--latent_dim`", "low below high"]),
        (["--learning_rate=0..1"], ["`--learning_rate`", "greater than 0"]),
        (["--model=beta_vae", "--alpha=0"], ["`--alpha`", "a flag of --model=info_vae and"]),
        (["--model=gan"], ["`--model`", "'info_vae'"]),
        (["--prior=normal..vamp"], ["`--prior`", "'standard_normal'", "'normal'"]),
        (["--objective=log_prob"], ["`--objective`", "all models of the search have"]),
        (["--divergence=mdm"], ["`--divergence`", "Did you mean 'mmd'"]),
        (["--network=mlp,cnn"], ["`--network`", "one of 'conv', 'mlp'"]),
        (["--data=no.npz"], ["`--data`", "a path that exists"]),
    ],
)
def test_wrong_flags(command, flags, words, tmp_path):
    outcome = command("tune", "--data=digits", f"--output={tmp_path}/new", *flags)
    assert outcome.status == 2
    (line,) = outcome.err.splitlines()
    assert line.startswith("keras-infovae tune: error: ")
    assert all(word in line for word in words), line
    assert not (tmp_path / "new").exists()
