"""`train --stream`: runs on data that stays on disk."""

import json

import numpy as np
import pytest

import keras_infovae as ki
from keras_infovae.cli.actions import other_data, run_config, streamed_data, training_run
from keras_infovae.training import RunDirectory

X = np.random.default_rng(0).integers(0, 256, (90, 4, 4, 1), dtype=np.uint8)


@pytest.fixture
def path(tmp_path):
    np.save(tmp_path / "x.npy", X)
    return tmp_path / "x.npy"


def test_a_run_on_a_stream(train, command, path, tmp_path, monkeypatch):
    monkeypatch.setattr(streamed_data, "_MOST_EXAMPLES", 6)
    fitted = []
    fit = ki.VAE.fit
    monkeypatch.setattr(ki.VAE, "fit", lambda model, x, **o: fitted.append(x) or fit(model, x, **o))
    run = tmp_path / "run"
    done = train(f"--data={path}", "--stream", "--model=vae", "--epochs=1", f"--output={run}")
    assert done.status == 0, done.err
    assert "read from disk" in done.out and "likelihood: bernoulli (all values lie" in done.out
    assert int(fitted[0].cardinality()) == 5  # 72 examples in batches of 16
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["split"] == "test" and metrics["examples"] == 6
    assert RunDirectory(str(run)).load_model().scaling == ki.preprocessors.Scaling(0.0, 255.0)

    done = command("evaluate", f"--run={run}", "--num_samples=2")
    assert done.status == 0 and "test examples" in done.out
    config = run_config.config_of(RunDirectory(str(run)))
    other = other_data.load_other(str(path), config, RunDirectory(run).load_model())
    assert len(other.train) == 72  # all of it, in memory
    done = command("generate", f"--run={run}", f"--output={tmp_path / 'new.npy'}")
    assert done.status == 0 and np.load(tmp_path / "new.npy").max() > 1  # in units of the file

    np.save(path, X[::-1])
    done = command("evaluate", f"--run={run}")
    assert done.status != 0 and "changed since" in done.err


def test_a_run_on_a_stream_is_told_the_labels(train, command, tmp_path):
    image_module = pytest.importorskip("PIL.Image")
    for label, gray in (("cat", 40), ("dog", 200)):
        (tmp_path / "x" / label).mkdir(parents=True)
        for i in range(16):
            image = image_module.fromarray(np.full([4, 4], gray + i, "uint8"))
            image.save(tmp_path / "x" / label / f"{i}.png")
    run, flags = tmp_path / "run", ["--stream", "--condition=labels", "--epochs=1", "--noplots"]
    done = train(f"--data={tmp_path / 'x'}", "--model=vae", f"--output={run}", *flags)
    assert done.status == 0 and "condition: one of 2 classes: cat, dog" in done.out, done.err
    images = f"--output={tmp_path / 'dogs.npy'}"
    assert command("generate", f"--run={run}", "--condition=dog", images).status == 0
    assert RunDirectory(run).load_model().condition.num_classes == 2


@pytest.mark.parametrize("likelihood", [None, "bernoulli"])
def test_a_table_is_standardized_unless_the_likelihood_is_bounded(
    likelihood, train, tmp_path, monkeypatch
):
    prepared = []
    monkeypatch.setattr(
        training_run, "carry_out", lambda run, config, data, *_: prepared.append(data) or 0
    )
    x = np.random.default_rng(0).random((60, 2))
    np.save(tmp_path / "x.npy", x)
    flags = [] if likelihood is None else [f"--likelihood={likelihood}"]
    done = train(f"--data={tmp_path / 'x.npy'}", "--stream", f"--output={tmp_path}/run", *flags)
    assert done.status == 0, done.err
    expected = ki.datasets.load(tmp_path / "x.npy", standardize=likelihood is None)
    np.testing.assert_allclose(
        np.sort(prepared[0].test, axis=0), np.sort(expected.test, axis=0), rtol=1e-5
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--limit=5"], "Argument `--limit` must be left out with --stream. Received: --limit=5"),
        (["--label_column=a"], "Argument `--label_column` must be left out with --stream"),
        (["--standardize"], "Argument `--standardize` must be False"),
        (["--data=digits"], "Argument `--data` must be a path that exists"),
    ],
)
def test_what_does_not_go_with_a_stream(arguments, message, train, path, tmp_path):
    done = train(f"--data={path}", "--stream", f"--output={tmp_path / 'run'}", *arguments)
    assert done.status != 0 and message in done.err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("value", "arguments", "message"),
    [
        (np.nan, [], "be finite. Received: --data="),
        (7.0, ["--likelihood=bernoulli"], "lie in [0, 1]"),
    ],
)
def test_a_bad_value_anywhere_is_found_before_the_training(
    value, arguments, message, train, tmp_path, monkeypatch
):
    monkeypatch.setattr(streamed_data, "_MOST_EXAMPLES", 3)
    x = (X / 255).astype("float32")
    x[41, 0] = value
    np.save(tmp_path / "x.npy", x)
    output = tmp_path / "run"
    done = train(f"--data={tmp_path / 'x.npy'}", "--stream", f"--output={output}", *arguments)
    assert done.status != 0 and message in done.err
    assert not output.exists()


@pytest.mark.slow
def test_a_run_on_a_stream_of_texts(train, command, tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(["the cat sleeps.", "a dog runs", "the dog sleeps"] * 20))
    flags = ["--stream", "--latent_dim=2", "--epochs=1", "--units=6", "--noplots"]
    done = train(f"--data={path}", *flags, f"--output={tmp_path}/run")
    assert done.status == 0, done.err
    assert "read from disk" in done.out and "text of words: up to 5" in done.out
    assert RunDirectory(f"{tmp_path}/run").load_model().preprocessor.length == 5
    done = command("evaluate", f"--run={tmp_path}/run", "--num_samples=2")
    assert done.status == 0 and "perplexity" in done.out, done.err
    new = tmp_path / "new.txt"
    assert command("generate", f"--run={tmp_path}/run", "--n=3", f"--output={new}").status == 0
    assert new.read_text().strip()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--data=reviews.csv", "--text_column=a"], "`--text_column` must be left out with --str"),
        (["--data=grammar"], "Argument `--data` must be a .txt file, for texts with --stream"),
        (["--data=a.txt", "--condition=labels"], "Argument `--condition` must be left out for te"),
    ],
)
def test_texts_that_cannot_be_streamed(flags, message, train, tmp_path):
    done = train("--stream", *flags, f"--output={tmp_path}/run")
    assert done.status != 0 and message in done.err
