"""`keras-infovae tune`: a search, its best model as a run, and what is refused."""

import csv
import json

import pytest

from keras_infovae.training import RunDirectory

SMALL = (
    *("--import=my_models", "--model=tempered_vae", "--hidden_units=4", "--latent_dim=2"),
    *("--batch_size=16", "--tuner=random", "--max_trials=1", "--epochs=2", "--condition=labels"),
)


def test_a_search_ends_in_a_run_for_the_other_commands(command, mine):
    # With a fourteenth model, from the user's own module, that is told the labels.
    output = mine / "search"
    arguments = ("--data=table.csv", "--label_column=kind", f"--output={output}")
    outcome = command("tune", *SMALL, *arguments)
    assert outcome.status == 0, outcome.err
    assert "year      integer" in outcome.out  # the columns of the table as they are
    assert "trial 0: importance_weighted_bound" in outcome.out
    assert f"generate --run={output}/best --condition=a" in outcome.out
    with open(output / "trials.csv", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["hidden_units"] == "4" and row["status"] == "COMPLETED"
    assert float(row["warmth"]) == 2.0  # the first of those that its annotation names
    run = RunDirectory(output / "best")
    assert run.config()["classes"] == ["a", "b"] and run.load_model().condition.num_classes == 2

    result = mine / "numbers.json"
    best = ("--import=my_models", f"--run={output}/best")
    outcome = command("evaluate", *best, f"--output={result}")
    assert outcome.status == 0, outcome.err
    numbers = json.loads(result.read_text())
    judged = json.loads((output / "best" / "metrics.json").read_text())
    assert numbers["elbo"] == pytest.approx(judged["elbo"], abs=1e-4)
    assert command("generate", *best, "--condition=b", "--output=x.csv").status == 0
    assert (mine / "x.csv").read_text().startswith("year,share")

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
