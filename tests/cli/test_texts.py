"""Texts on the command line: train, generate, score, evaluate."""

import json

import pandas
import pytest

from keras_infovae.cli.main import main
from keras_infovae.training import RunDirectory

TEXTS = ["the cat sleeps.", "a dog runs", "the dog sleeps", "a cat, a dog"] * 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """sentences.txt and a run on it, `run`."""
    folder = tmp_path_factory.mktemp("texts")
    (folder / "sentences.txt").write_text("\n".join([*TEXTS, "", "the elephant runs"]) + "\n")
    flags = ["--latent_dim=2", "--epochs=1", "--max_length=5", f"--output={folder}/run"]
    assert main(["keras-infovae", "train", f"--data={folder}/sentences.txt", *flags]) == 0
    return folder


def test_the_model_of_a_run_knows_its_texts(folder):
    run = RunDirectory(folder / "run")
    text = run.load_model().preprocessor
    assert text.length == 5 and {"cat", "dog", "runs"} < set(text.vocabulary.tokens)
    assert (folder / "run" / "plots" / "latent_space.png").exists()
    assert not (folder / "run" / "plots" / "reconstructions.png").exists()  # is in the report
    assert run.config()["data"]["max_length"] == 5
    assert json.loads((folder / "run" / "metrics.json").read_text())["perplexity"] > 1


def test_new_texts_are_lines(command, folder, tmp_path):
    run = f"--run={folder}/run"
    outcome = command("generate", run, "--n=7", f"--output={tmp_path}/new.txt")
    assert outcome.status == 0 and "drawn with the likelihood's noise" in outcome.out
    model = RunDirectory(folder / "run").load_model()
    assert (tmp_path / "new.txt").read_text().splitlines() == model.generate(7, seed=0)
    outcome = command("generate", run, f"--output={tmp_path}/new.csv")
    assert outcome.status == 2 and "`--output` must end in .txt" in outcome.err


def test_other_texts_are_scored_in_their_order(command, folder, tmp_path):
    new = ["a dog runs", "never seen words", "the cat sleeps."]
    pandas.DataFrame({"text": new}).to_csv(tmp_path / "new.csv", index=False)
    (tmp_path / "new.txt").write_text("\n".join(new))
    outputs = [f"--run={folder}/run", f"--output={tmp_path}/scores.csv"]
    assert command("score", *outputs, f"--data={tmp_path}/new.txt").status == 0
    scores = pandas.read_csv(tmp_path / "scores.csv")["score"]
    model = RunDirectory(folder / "run").load_model()
    assert list(scores.round(3)) == [round(float(s), 3) for s in model.score(new)]


@pytest.mark.parametrize(
    ("flags", "part"),
    [
        (["--likelihood=normal"], "`--likelihood` must be left out for texts"),
        (["--text_column=text"], "`--text_column` must be left out for a file of texts"),
        (["--condition=age"], "`--condition` must be left out for texts"),
        (["--data=digits", "--tokens=words"], "`--tokens` must be left out but for texts"),
        (["--data={folder}/table.csv", "--text_column=b"], "`--text_column` must be one of 'a'"),
    ],
    ids=range(5),
)
def test_flags_that_do_not_go_with_texts(command, folder, tmp_path, flags, part):
    pandas.DataFrame({"a": TEXTS}).to_csv(folder / "table.csv", index=False)
    flags = [flag.format(folder=folder) for flag in flags]
    data = [] if any("--data" in flag for flag in flags) else [f"--data={folder}/sentences.txt"]
    outcome = command("train", *data, *flags, f"--output={tmp_path}/run")
    assert outcome.status == 2 and part in outcome.err


def test_a_column_of_a_table_is_texts(tmp_path):
    import keras_infovae as ki

    rows = pandas.DataFrame({"review": TEXTS, "stars": [1, 2, 3, 4] * 12})
    rows.to_csv(tmp_path / "reviews.csv", index=False)
    data = ki.text.load(tmp_path / "reviews.csv", text_column="review", label_column="stars")
    assert data.num_classes == 4 and set(data.preprocessor.raw(data.train)) == set(TEXTS)
    with pytest.raises(ValueError, match="ki.text.load reads texts"):
        path = tmp_path / "lines.txt"
        path.write_text("a\n")
        ki.datasets.load(path)
    assert ki.text.load("grammar", max_length=5).notes[0].startswith("train: 4000 of 4000 texts")
