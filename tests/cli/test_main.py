"""The program as a whole: its pages, its exit status, its start."""

import subprocess
import sys

import pytest

import keras_infovae as ki
from keras_infovae.cli import register, setting_flags
from keras_infovae.cli.main import COMMANDS
from keras_infovae.models import registry

FAMILIES = {"kernel": "kernels", "posterior": "posteriors", "likelihood": "likelihoods"}
FAMILIES |= {"prior": "priors", "divergence": "divergences", "denoiser": "denoisers"}


def test_the_overview_names_every_command(command):
    outcome = command("--help")
    assert outcome.status == 0
    for name, member in COMMANDS.items():
        assert f"  {name}" in outcome.out
        assert member.summary in " ".join(outcome.out.split())
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
    pasted = " ".join(outcome.out.replace("\\\n", " ").split())  # as a shell takes them
    assert all(example in pasted for example in COMMANDS[name].examples)
    assert max(map(len, outcome.out.splitlines())) <= 100


@pytest.mark.parametrize("columns", [12, 40, 66, 80, 400])
@pytest.mark.parametrize("name", [None, *COMMANDS])
def test_pages_are_as_wide_as_the_terminal(command, monkeypatch, name, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    page = command(*[name][: name is not None], "--help").out
    for line in page.splitlines():
        words = line.split()[: len(line.split()) - line.endswith("\\")]
        assert len(line) <= min(max(columns, 20), 100) or len(words) == 1, line
    # The same words at any width.
    monkeypatch.setenv("COLUMNS", "80")
    usual = command(*[name][: name is not None], "--help").out
    assert page.replace("\\\n", "").split() == usual.replace("\\\n", "").split()


PATHS = ("DIRECTORY", "DIRECTORY|PRESET", "FILE", "FILE.csv", "FILE.json", "NAME|PATH", "PATH")
TAKE_NO_PATH = {"presets"}


@pytest.mark.parametrize("name", list(COMMANDS))
def test_the_home_directory_is_known_in_every_path(monkeypatch, name):
    monkeypatch.setenv("HOME", "/home/me")
    flag_set = COMMANDS[name].flag_set()
    paths = [entry.name for entry in flag_set.entries if entry.value in PATHS]
    others = [entry for entry in flag_set.entries if "path" in entry.value.lower()]
    assert {entry.name for entry in others} <= set(paths)
    assert bool(paths) == (name not in TAKE_NO_PATH)
    flags = flag_set.parse([f"--{path}=~/{path}" for path in paths])
    for path in paths:
        assert getattr(flags, path) == f"/home/me/{path}"
        assert (
            getattr(COMMANDS[name].flag_set().parse([f"--{other}=~" for other in paths]), path)
            == "/home/me"
        )


@pytest.mark.parametrize("name", list(COMMANDS))
def test_the_examples_of_a_page_can_be_parsed(name):
    for example in COMMANDS[name].examples:
        COMMANDS[name].flag_set().parse(example.split()[2:])


def test_the_version(command):
    assert command("--version").out == f"keras-infovae {ki.__version__}\n"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("trian", "Did you mean 'train'?"),
        ("Train", "Did you mean 'train'?"),
        ("test", "Did you mean 'evaluate'?"),
        ("sample", "Did you mean 'generate'?"),
        ("quux", "'quux'."),
    ],
)
def test_an_unknown_command(command, name, hint):
    outcome = command(name)
    assert outcome.status == 2
    assert outcome.err.startswith("keras-infovae: error: The command must be one of train, ")
    assert outcome.err.endswith(f"{hint}\n")


@pytest.mark.parametrize("command_name", ["train", "tune"])
def test_every_argument_that_a_model_annotates_has_a_flag_that_tells_whose_it_is(command_name):
    page = {entry.name: entry for entry in COMMANDS[command_name].flag_set().entries}
    for name, uses in setting_flags.uses_of(register.settings_of).items():
        if command_name == "tune" and name in ("encoder", "decoder"):
            continue  # --network stands for both
        for model, (parameter, _) in uses.items():
            assert parameter.text in page[name].text
            assert model in page[name].text or len(uses) > len(registry.members) / 2
    for name, family in FAMILIES.items():
        members = getattr(ki, family).registry.members
        named = {word.strip(",;:.") for word in page[name].text.split()} & set(members)
        assert {members[word] for word in named} == set(members.values())


def test_streams_that_cannot_be_written():
    script = f"""
exec 3>&2
"{sys.executable}" -m keras_infovae --version >&-; echo $? >&3
"{sys.executable}" -m keras_infovae trian 2>&-; echo $? >&3
test -e /dev/full && "{sys.executable}" -m keras_infovae train --help > /dev/full; echo $? >&3
"""
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True)
    assert done.stdout == ""
    full = "keras-infovae: error: stdout: no space left on device"
    assert done.stderr.splitlines() == ["0", "2", full, "1"]


def test_a_reader_that_leaves_is_no_error():
    done = subprocess.Popen(
        [sys.executable, "-m", "keras_infovae", "--help"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    done.stdout.close()  # as `head` does
    error = done.stderr.read().decode()
    assert done.wait() == 141
    assert "BrokenPipe" not in error
