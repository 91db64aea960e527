"""Bad command lines: one line that names the flag, what is allowed and what was received."""

import json
import os

import numpy as np
import pytest

from tests.cli.conftest import write_table

TRAIN = [  # flags, what the message must have
    (["--latent_dim=0"], ["`--latent_dim`", "integer of at least 1", "--latent_dim=0"]),
    (["--latent_dim=two"], ["`--latent_dim`", "integer of at least 1", "--latent_dim='two'"]),
    (["--alpha=1.5"], ["`--alpha`", "at most 1", "--alpha=1.5"]),
    (["--alpha=much"], ["`--alpha`", "a number", "--alpha='much'"]),
    (["--lambda_=0.5"], ["`--alpha` and `--lambda_`", "at least 1", "--lambda_=0.5"]),
    (["--lambda_=none"], ["`--lambda_`", "a number or 'auto'", "--lambda_='none'"]),
    (["--beta=4"], ["`--beta`", "--model=beta_tcvae and --model=beta_vae", "--beta=4"]),
    (["--model=beta_tcvae", "--beta=0.5"], ["`--beta`", "at least 1", "--beta=0.5"]),
    (["--model=iwae", "--num_samples=1"], ["`--num_samples`", "at least 2", "--num_samples=1"]),
    (["--model=dip_vae", "--kind=iii"], ["`--kind`", "'i', 'ii'", "--kind='iii'"]),
    (["--model=dip_vae", "--divergence=mmd"], ["`--divergence`", "left out for --model=dip_vae"]),
    (["--model=mmd_vae", "--divergence=stein"], ["`--divergence`", "MaximumMeanDiscrepancy"]),
    (
        ["--model=vae", "--lambda_=2"],
        ["`--lambda_`", "--model=info_vae, --model=adversarial_autoencoder", "--lambda_=2"],
    ),
    (
        ["--model=mmd_vae", "--alpha=1"],
        ["`--alpha`", "--model=info_vae and --model=stein_vae", "--alpha=1"],
    ),
    (["--model=gan"], ["`--model`", "'info_vae'", "--model='gan'"]),
    (["--divergence=wmd"], ["`--divergence`", "'mmd'", "--divergence='wmd'"]),
    (["--kernel=cubic"], ["`--kernel`", "'gaussian'", "--kernel='cubic'"]),
    (["--prior=cauchy"], ["`--prior`", "'standard_normal'", "--prior='cauchy'"]),
    (["--posterior=full"], ["`--posterior`", "'diagonal_normal'", "--posterior='full'"]),
    (["--posterior=deterministic"], ["`--alpha`", "1 for a posterior without", "--alpha=0"]),
    (["--likelihood=gauss"], ["`--likelihood`", "'normal'", "--likelihood='gauss'"]),
    (["--encoder=cnn"], ["`--encoder`", "'conv', 'mlp'", "--encoder='cnn'"]),
    (["--epochs=0"], ["`--epochs`", "integer of at least 1", "--epochs=0"]),
    (["--batch_size=1"], ["`--batch_size`", "integer of at least 2", "--batch_size=1"]),
    (["--profile=5"], ["`--profile`", "FIRST,LAST", "--profile='5'"]),
    (["--profile=99999,99999"], ["`--profile`", "steps of the training", "--profile=99999,99999"]),
    (["--learning_rate=0"], ["`--learning_rate`", "greater than 0", "--learning_rate=0"]),
    (["--clipnorm=-1"], ["`--clipnorm`", "greater than 0", "--clipnorm=-1"]),
    (["--seed=-1"], ["`--seed`", "integer of at least 0", "--seed=-1"]),
    (["--dtype_policy=float16"], ["`--dtype_policy`", "'float32'", "--dtype_policy='float16'"]),
    (["--jit_compile=maybe"], ["`--jit_compile`", "--nojit_compile", "--jit_compile='maybe'"]),
    (["--early_stopping=-1"], ["`--early_stopping`", "at least 0", "--early_stopping=-1"]),
    (
        ["--early_stopping=2", "--validation_fraction=0"],
        ["`--early_stopping`", "left out", "--early_stopping=2 --validation_fraction=0"],
    ),
    (["--resume", "--overwrite"], ["`--overwrite`", "left out with --resume"]),
    (["--limit=0"], ["`--limit`", "integer of at least 1", "--limit=0"]),
    (["--limit=2"], ["`--data`", "enough examples", "2 example(s)"]),
    (["--validation_fraction=1"], ["`--validation_fraction`", "less than 1", "_fraction=1"]),
    (
        ["--validation_fraction=0.5", "--test_fraction=0.5"],
        ["`--test_fraction`", "less than 1", "--test_fraction=0.5"],
    ),
    (["--data=pairs.npz"], ["`--data`", "one label per example", "(20, 2)", "pairs.npz"]),
    (["--data=either.csv"], ["`--data`", "`--header`", "'first' or 'none'", "either.csv"]),
    (["--data=table.csv", "--header=no"], ["`--header`", "'first', 'none'", "--header='no'"]),
    (["--data=table.csv", "--separator=ab"], ["`--separator`", "a character", "--separator='ab'"]),
    (["--data=table.csv", "--decimal=;"], ["`--decimal`", "',', '.'", "--decimal=';'"]),
    (["--header=first"], ["`--header`", ".csv and .tsv", "--header='first'"]),
    (
        ["--data=table.csv", "--stream", "--separator=,"],
        ["`--separator`", "left out with --stream"],
    ),
    (["--data=pipe.npy"], ["`--data`", "a regular file", "a named pipe", "pipe.npy"]),
    (["--label_column=x"], ["`--label_column`", ".csv and .parquet", "--label_column='x'"]),
    (["--standardize"], ["`--standardize`", "not a table", "--standardize=True"]),
    (["--data=digit"], ["`--data`", "'digits'", "--data='digit'", "Did you mean"]),
    (["--data=no.npz"], ["`--data`", "a path that exists", "--data='no.npz'"]),
    (["--data=bad.npz"], ["`--data`", "np.savez", "bad.npz"]),
    (["--data=notes.doc"], ["`--data`", ".csv", "notes.doc"]),
    (["--data=objects.npy"], ["`--data`", "pickled objects are refused", "objects.npy"]),
    (
        ["--data=text.csv", "--standardize"],
        ["`--data`", "only columns of numbers", "text.csv"],
    ),
    (
        ["--data=table.csv", "--label_column=sort"],
        ["`--label_column`", "'share'", "--label_column='sort'"],
    ),
    (
        ["--data=table.csv", "--label_column=kind", "--likelihood=bernoulli"],
        ["`--data`", "[0, 1]", "values from 0 to 20"],
    ),
    (
        ["--data=table.csv", "--label_column=kind", "--encoder=conv"],
        ["`--encoder`", "images", "(2,)"],
    ),
    (["--data="], ["--data=NAME|PATH", "must be given"]),
    (["--output="], ["--output=DIRECTORY", "must be given"]),
    (["--output=table.csv"], ["`--output`", "a directory", "table.csv is a file"]),
    (["--output=table.csv/a/run"], ["`--output`", "a directory", "table.csv is a file"]),
    (["--output=gone/run"], ["`--output`", "a directory", "gone is a link to nothing"]),
    (["--output=~no_such_user/run"], ["`--output`", "home directory", "~no_such_user/run"]),
    (["--data=~no_such_user/x.npy"], ["`--data`", "home directory", "~no_such_user/x.npy"]),
    (["--model=infovae"], ["`--model`", "--model='infovae'", "Did you mean 'info_vae'?"]),
    (["--strategy=gpus"], ["`--strategy`", "--strategy='gpus'", "Did you mean 'gpu'?"]),
    (["--gpu"], ["no flag --gpu", "Did you mean --strategy=gpu?"]),
    (["--output=mine"], ["`--output`", "a new directory", "mine", "notes.doc"]),
    (["--latent-dim=3"], ["--latent-dim", "--latent_dim"]),
    (["digits"], ["must be flags", "'digits'"]),
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working directory, with files that cannot be used."""
    monkeypatch.chdir(tmp_path)
    write_table("table.csv")
    write_table("text.csv")
    np.savez("pairs.npz", x=np.zeros((20, 3)), y=np.arange(40).reshape(20, 2))
    (tmp_path / "either.csv").write_text("3,1\n0.5,0.25\n0.1,0.2\n")
    os.mkfifo("pipe.npy")
    (tmp_path / "bad.npz").write_text("PK, but no archive")
    (tmp_path / "notes.doc").write_text("mine")
    (tmp_path / "mine").mkdir()
    (tmp_path / "gone").symlink_to("nowhere")
    (tmp_path / "mine/notes.doc").write_text("mine")
    np.save("objects.npy", np.array([{}, []], dtype=object), allow_pickle=True)
    return tmp_path


def refuse(outcome, name, parts, folder, before):
    assert outcome.status == 2
    assert outcome.err.startswith(f"keras-infovae {name}: error: ")
    assert outcome.err.count("\n") == 1
    for part in parts:
        assert part in outcome.err
    assert sorted(os.listdir(folder)) == before


@pytest.mark.parametrize(("flags", "parts"), TRAIN, ids=lambda value: " ".join(value))
def test_train(command, folder, flags, parts):
    before = sorted(os.listdir(folder))
    outcome = command("train", "--data=digits", "--output=runs/first", *flags)
    refuse(outcome, "train", parts, folder, before)


EVALUATE = [
    (["--run="], ["--run=DIRECTORY", "must be given"]),
    (["--run=mine"], ["`--run`", "config.json", "mine"]),
    (["--run=no"], ["`--run`", "config.json", "--run='no'"]),
    (["--split=rest"], ["`--split`", "'test'", "--split='rest'"]),
    (["--num_samples=0"], ["`--num_samples`", "at least 1", "--num_samples=0"]),
    (["--output=out.txt"], ["`--output`", ".json", "--output=out.txt"]),
    (["--output=no/out.json"], ["`--output`", "folder that exists", "--output=no/out.json"]),
    (["--label_column=kind"], ["`--label_column`", "without --data", "--label_column=kind"]),
    (["--separator=;"], ["`--separator`", "without --data", "--separator=;"]),
    (["--data=no.npz"], ["`--data`", "a path that exists", "--data='no.npz'"]),
    (["--data=wine"], ["`--data`", "[examples, 8, 8, 1]", "13"]),
]


@pytest.mark.parametrize("key", ["data", "model", "training"])
def test_a_config_that_was_changed_by_hand(command, runs, tmp_path, key):
    config = json.loads((runs / "table/config.json").read_text())
    config[key] = ["digits"]
    (tmp_path / "config.json").write_text(json.dumps(config))
    outcome = command("evaluate", f"--run={tmp_path}")
    assert outcome.status == 2 and outcome.err.count("\n") == 1
    for part in ("`--run`", "config.json", f"an object '{key}'", str(tmp_path), '["digits"]'):
        assert part in outcome.err


@pytest.mark.parametrize(("flags", "parts"), EVALUATE, ids=lambda value: " ".join(value))
def test_evaluate(command, folder, runs, flags, parts):
    before = sorted(os.listdir(folder))
    outcome = command("evaluate", f"--run={runs}/digits", *flags)
    refuse(outcome, "evaluate", parts, folder, before)


GENERATE = [
    (["--run="], ["--run=DIRECTORY", "must be given"]),
    (["--run=mine"], ["`--run`", "config.json", "mine"]),
    (["--n=0"], ["`--n`", "at least 1", "--n=0"]),
    (["--seed=x"], ["`--seed`", "at least 0", "--seed='x'"]),
    (["--output=a.jpg"], ["`--output`", ".png or .npy or .csv", "--output=a.jpg"]),
    (["--output=a.csv"], ["`--output`", ".npy or .png", "(8, 8, 1)", "--output=a.csv"]),
    (["--output=no/a.png"], ["`--output`", "folder that exists", "--output=no/a.png"]),
    (["--output=table.csv"], ["`--output`", "--overwrite", "--output=table.csv"]),
]


@pytest.mark.parametrize(("flags", "parts"), GENERATE, ids=lambda value: " ".join(value))
def test_generate(command, folder, runs, flags, parts):
    before = sorted(os.listdir(folder))
    outcome = command("generate", f"--run={runs}/digits", "--output=a.png", *flags)
    refuse(outcome, "generate", parts, folder, before)


OTHERS = {  # command: flags that it needs
    "tune": ["--data=digits"],
    "report": ["--run=mine"],
    "export": ["--run=mine"],
}


@pytest.mark.parametrize("output", ["table.csv", "table.csv/a", "gone", "gone/a"])
@pytest.mark.parametrize("name", list(OTHERS))
def test_a_directory_that_cannot_be_made(command, folder, name, output):
    before = sorted(os.listdir(folder))
    outcome = command(name, *OTHERS[name], f"--output={output}")
    parts = ["`--output`", "a directory, or one that can be made", output, " is a "]
    refuse(outcome, name, parts, folder, before)
