"""The program as a whole: its pages, its exit status, its start."""

import inspect
import os
import subprocess
import sys

import pytest

import keras_infovae as ki
from keras_infovae.cli import model_flags
from keras_infovae.cli.main import COMMANDS

# The package without its __init__, which imports TensorFlow: what is left must not.
WITHOUT_THE_API = """
import sys, types
package = types.ModuleType("keras_infovae")
package.__path__ = [sys.argv[1]]
sys.modules["keras_infovae"] = package
from keras_infovae.cli.main import main
for arguments in (["--help"], ["train", "--help"], ["train", "--epochs=0"], ["train", "--beta=2",
        "--data=digits", "--output=runs/first"], ["train", "--resume", "--overwrite",
        "--data=digits", "--output=runs/first"], ["train", "--model=vae", "--condition=labels",
        "--data=digits", "--output=runs/first"], ["train", "--stream", "--condition=labels",
        "--data=digits", "--output=runs/first"], ["generate", "--run=a", "--output=b.txt"],
        ["export", "--run=a", "--output=b", "--signatures=encoed"],
        ["serve", "--directory=missing"],
        ["export", "--run=a", "--output=b", "--format=onnx", "--parts=encoed"],
        ["export", "--run=a", "--output=b", "--format=onnx", "--float16"]):
    main(["keras-infovae", *arguments])
assert not {"tensorflow", "keras", "matplotlib", "pandas", "sklearn"} & set(sys.modules)
"""


def test_the_overview_names_every_command(command):
    outcome = command("--help")
    assert outcome.status == 0
    for name, member in COMMANDS.items():
        assert f"  {name}" in outcome.out
        assert member.summary in outcome.out
    assert command().out == outcome.out
    assert command().status == 2


@pytest.mark.parametrize("name", list(COMMANDS))
@pytest.mark.parametrize("flag", ["--help", "-h", "--helpfull"])
def test_the_page_of_a_command_names_every_flag_with_its_default(command, name, flag):
    outcome = command(name, flag)
    assert outcome.status == 0
    page = " ".join(outcome.out.split())
    for entry in COMMANDS[name].flag_set().entries:
        assert f"--{entry.name}=" in page or f"--[no]{entry.name}" in page
        assert entry.text in page
    assert page.count("Default: ") + page.count("Required.") == len(
        COMMANDS[name].flag_set().entries
    )
    assert all(example in outcome.out for example in COMMANDS[name].examples)
    assert max(map(len, outcome.out.splitlines())) <= 100


@pytest.mark.parametrize("name", list(COMMANDS))
def test_the_examples_of_a_page_can_be_parsed(name):
    for example in COMMANDS[name].examples:
        COMMANDS[name].flag_set().parse(example.split()[2:])


def test_the_version(command):
    assert command("--version").out == f"keras-infovae {ki.__version__}\n"


@pytest.mark.parametrize(
    ("name", "hint"), [("trian", "Did you mean 'train'?"), ("quux", "'quux'.")]
)
def test_an_unknown_command(command, name, hint):
    outcome = command(name)
    assert outcome.status == 2
    assert outcome.err.startswith("keras-infovae: error: The command must be one of train, ")
    assert outcome.err.endswith(f"{hint}\n")


def test_every_model_takes_the_flags_that_are_said_to_be_its_own():
    for class_name, own in model_flags.MODELS.values():
        model_class = getattr(ki, class_name)
        names = set(inspect.signature(model_class).parameters)
        if "settings" in names:
            names |= set(inspect.signature(ki.InfoVAE).parameters) - set(
                getattr(model_class, "fixed_arguments", ())
            )
        flags = {name for _, names in model_flags.MODELS.values() for name in names}
        assert set(own) == names & flags


def test_names_on_the_page_exist():
    page = {entry.name: entry.text for entry in COMMANDS["train"].flag_set().entries}
    families = {
        "kernel": ki.kernels,
        "posterior": ki.posteriors,
        "likelihood": ki.likelihoods,
        "encoder": ki.networks,
        "decoder": ki.networks,
    }
    for name, family in families.items():
        words = {word.strip(",;:.") for word in page[name].split()}
        classes = {type(family.get(word)) for word in words & set(family.registry.members)}
        assert classes == set(family.registry.members.values())


def test_flags_are_checked_without_tensorflow():
    folder = os.path.dirname(ki.__file__)
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_THE_API, folder], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_the_console_script(runs, tmp_path):
    program = "from keras_infovae.cli.main import run; run()"
    arguments = ["generate", f"--run={runs}/table", "--output=made_up.csv"]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert done.returncode == 0, done.stderr
    assert "Wrote 16 new examples to made_up.csv" in done.stdout
    assert "Traceback" not in done.stderr
    assert (tmp_path / "made_up.csv").exists()


def test_a_reader_that_leaves_is_no_error():
    program = "from keras_infovae.cli.main import run; run()"
    done = subprocess.Popen(
        [sys.executable, "-c", program, "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    done.stdout.close()  # as `head` does
    error = done.stderr.read().decode()
    assert done.wait() == 141
    assert "BrokenPipe" not in error
