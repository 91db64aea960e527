"""Texts on the command line: train, generate, score, evaluate."""

import functools
import json

import pandas
import pytest

import keras_infovae as ki
from keras_infovae.cli import network_flags
from keras_infovae.cli.actions.other_data import other_texts
from keras_infovae.cli.main import main
from keras_infovae.models.code_model import checked_prior
from keras_infovae.models.two_stage_model import SECOND_STAGES
from keras_infovae.training import RunDirectory
from keras_infovae.training.training_state import read_model
from keras_infovae.utils.constructors import constructor_parameters

TEXTS = ["the cat sleeps.", "a dog runs", "the dog sleeps", "a cat, a dog"] * 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """sentences.txt and a run on it, `run`."""
    folder = tmp_path_factory.mktemp("texts")
    (folder / "sentences.txt").write_text("\n".join([*TEXTS, "", "the elephant runs"]) + "\n")
    flags = ["--latent_dim=2", "--epochs=1", "--max_length=5", f"--output={folder}/run"]
    flags += ["--units=6", "--embedding_units=4", "--word_dropout=0.3", "--tie_embeddings"]
    flags += ["--second_stage=gaussian_mixture", "--second_stage_epochs=2"]
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


def test_the_networks_of_a_run_are_those_of_its_flags(folder):
    decoder = RunDirectory(folder / "run").load_model().decoder
    assert (decoder.units, decoder.embedding_units, decoder.word_dropout) == (6, 4, 0.3)
    assert decoder.tie_embeddings and decoder.cell == "gru"


def test_every_argument_of_the_networks_has_a_flag(folder):
    taken = constructor_parameters(ki.networks.Recurrent)
    assert network_flags.parameters() == {
        name: parameter.default for name, parameter in taken.items() if name != "vocabulary_size"
    }


def test_a_second_stage_is_kept_with_the_run(folder):
    run = RunDirectory(folder / "run")
    model = run.load_model()
    assert type(model.learned_prior).__name__ == "GaussianMixture" and model.epochs_trained == 1
    training = run.config()["training"]
    assert (training["second_stage"], training["second_stage_epochs"]) == ("gaussian_mixture", 2)
    assert read_model(run.file("model.keras"))[1].epoch == 1


def test_all_second_stages_can_be_learned_after_a_training():
    model = ki.VAE(2, encoder="mlp", decoder="mlp", likelihood="normal")
    model.build((None, 3))
    for name in SECOND_STAGES:
        assert checked_prior(name, model).trainable_variables


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
    (tmp_path / "new.txt").write_text("\n\n".join(new) + "\n")
    outputs = [f"--run={folder}/run", f"--output={tmp_path}/scores.csv"]
    outcome = command("score", *outputs, f"--data={tmp_path}/new.txt")
    assert outcome.status == 0 and "note: new.txt: 2 lines without a text are left" in outcome.out
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
        (["--word_dropout=1"], "`--word_dropout` must be less than 1"),
        (["--cell=rnn"], "`--cell` must be one of"),
        (["--data=digits", "--units=8"], "`--units` must be left out but for texts"),
        (["--second_stage_epochs=3"], "must be left out without --second_stage"),
        (
            ["--data=blobs", "--model=denoising_diffusion", "--second_stage=diffusion"],
            "`--model` must be one with codes and a prior, for --second_stage",
        ),
        (
            ["--data=blobs", "--prior=uniform_sphere", "--posterior=von_mises_fisher"]
            + ["--divergence=energy_distance", "--second_stage=diffusion"],
            "`--second_stage` must be one for z where the codes are",
        ),
    ],
    ids=range(11),
)
def test_flags_that_do_not_go_with_texts(command, folder, tmp_path, flags, part):
    pandas.DataFrame({"a": TEXTS}).to_csv(folder / "table.csv", index=False)
    flags = [flag.format(folder=folder) for flag in flags]
    data = [] if any("--data" in flag for flag in flags) else [f"--data={folder}/sentences.txt"]
    outcome = command("train", *data, *flags, f"--output={tmp_path}/run")
    assert outcome.status == 2 and part in outcome.err


def test_a_column_of_a_table_is_texts(tmp_path):
    rows = pandas.DataFrame({"review": TEXTS, "stars": [1, 2, 3, 4] * 12})
    rows.to_csv(tmp_path / "reviews.csv", index=False)
    data = ki.text.load(tmp_path / "reviews.csv", text_column="review", label_column="stars")
    assert data.num_classes == 4 and set(data.preprocessor.raw(data.train)) == set(TEXTS)
    with pytest.raises(ValueError, match="ki.text.load reads texts"):
        path = tmp_path / "lines.txt"
        path.write_text("a\n")
        ki.datasets.load(path)
    read = functools.partial(other_texts, str(tmp_path / "new.csv"))
    rows[["review"]].to_csv(tmp_path / "new.csv", index=False)
    config = {"data": {"text_column": "review", "label_column": "stars"}}
    assert read(config, {})[:2] == (rows["review"].tolist(), None)  # new texts may have no labels
    with pytest.raises(ValueError, match="`label_column` must be one of"):
        read(config, {"label_column": "stars"})
    assert ki.text.load("grammar", max_length=5).notes[0].startswith("train: 4000 of 4000 texts")
