"""Models of the user's own: --import makes them models of every command."""

import sys

import numpy as np
import pytest

import keras_infovae as ki
from keras_infovae.cli import own_models
from keras_infovae.models import registry
from keras_infovae.training import RunDirectory
from tests.cli.conftest import SMALL

TRAIN = (*SMALL, "--epochs=1", "--batch_size=16", "--noplots", "--label_column=kind")


def test_a_fourteenth_model_trains_and_is_used(command, mine):
    arguments = ("--model=tempered_vae", "--data=table.csv", "--output=run", *TRAIN)
    unknown = command("train", *arguments)
    assert unknown.status == 2 and "Received: --model='tempered_vae'" in unknown.err
    arguments += ("--warmth=4", "--condition=labels", "--standardize")
    outcome = command("train", "--import=my_models", *arguments)
    assert outcome.status == 0, outcome.err
    model = RunDirectory("run").load_model()
    assert (model.warmth, model.kl_weight, model.condition.num_classes) == (4.0, 0.25, 2)
    assert "--import=my_models" in RunDirectory("run").config()["command"]
    generate = ("generate", "--run=run", "--condition=b", "--n=3", "--output=new.npy")
    assert command(*generate, "--import=my_models").status == 0
    expected = model.scaling.invert(model.generate(3, seed=0, sample=True, condition=1))
    np.testing.assert_allclose(np.load("new.npy"), expected, rtol=1e-5)


def test_a_model_without_latents_and_optimizer_trains_and_generates(command, mine):
    given = ["--import=my_models", "--model=moments", "--data=table.csv", "--label_column=kind"]
    given += ["--condition=labels", "--batch_size=16", "--epochs=2", "--output=run"]
    outcome = command("train", *given)
    assert outcome.status == 0, outcome.err
    assert "\nlikelihood:" not in outcome.out
    run = RunDirectory("run")
    assert run.config()["training"]["learning_rate"] is None
    model = run.load_model()
    assert model.optimizer is None and set(run.history()) >= {"loss", "val_loss"}
    generate = ("generate", "--import=my_models", "--run=run", "--condition=b", "--output=new.csv")
    assert command(*generate).status == 0
    rows = np.loadtxt("new.csv", delimiter=",", skiprows=1)
    expected = model.scaling.invert(model.generate(16, seed=0, condition=1))
    np.testing.assert_allclose(rows, expected, rtol=1e-5)
    outcome = command("evaluate", "--import=my_models", "--run=run")
    assert outcome.status == 0 and "log p(x), nats" in outcome.out


def test_its_flags_are_on_the_page_with_its_words(command, mine):
    page = " ".join(command("train", "--import=my_models", "--help").out.split())
    words = "What the KL term is divided by. At most 8 and greater than 0. For tempered_vae."
    assert f"--warmth=NUMBER {words} Default: 1." in page
    page = " ".join(command("tune", "--import=my_models", "--help").out.split())
    assert "--warmth=NUMBER,... " in page and "For tempered_vae. Default: 2,4." in page


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--warmth=9"], "`--warmth` must be at most 8. Received: --warmth=9.0"),
        (["--warmth=2", "--model=vae"], "it is a flag of --model=tempered_vae."),
        (["--alpha=0"], "`--alpha` must be left out for --model=tempered_vae; it is a flag of"),
        (["--model=moments", "--latent_dim=2"], "`--latent_dim` must be left out for"),
        (["--model=moments", "--learning_rate=1"], "which does not train by gradients"),
        (["--model=moments", "--clipnorm=1"], "which does not train by gradients"),
        (["--import=no_models"], "`--import` must be modules that can be imported. Received:"),
        (["--import=my_models,"], "Received: --import= (not the dotted name of a module)"),
    ],
)
def test_what_does_not_go_with_it_is_named(command, mine, flags, words):
    common = ("--import=my_models", "--model=tempered_vae", "--data=table.csv", "--output=new")
    outcome = command("train", *common, *flags)
    assert outcome.status == 2 and words in outcome.err
    assert not (mine / "new").exists()


def test_a_run_of_a_model_that_is_not_there_names_the_way(command, runs, mine, monkeypatch):
    monkeypatch.delitem(registry.members, "info_vae")
    outcome = command("evaluate", f"--run={runs}/digits")
    assert outcome.status == 2
    assert (
        "`--import` must name the module that registers the model of the run, info_v" in outcome.err
    )


def test_names_are_those_of_one_model(mine):
    own_models.import_modules(["--import=my_models"])
    first = registry.members["tempered_vae"]
    sys.modules.pop("my_models")
    own_models.import_modules(["--import=my_models"])  # read again, as a notebook does
    assert registry.members["tempered_vae"] is not first
    with pytest.raises(ValueError, match="`name` must be a new one; this is that of VAE"):
        ki.register_model("vae")(first)
    with pytest.raises(TypeError, match="`cls` must be a model of this package"):
        ki.register_model("new")(dict)


def test_a_model_has_to_take_a_seed_and_a_scaling():
    class Forgetful(ki.VAE):
        def __init__(self, latent_dim):
            super().__init__(latent_dim)

    with pytest.raises(TypeError, match="constructor of Forgetful must take seed and scaling"):
        ki.register_model("forgetful")(Forgetful)
    assert "forgetful" not in registry.members
