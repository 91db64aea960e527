"""Flags: what they take, and what is said of what they do not take."""

import pytest

from keras_infovae.cli.errors import CommandLineError, in_terms_of_flags
from keras_infovae.cli.flag_set import FlagSet


def flag_set():
    flags = FlagSet()
    flags.text("data", "PATH", "Where.", required=True)
    flags.text("note", "TEXT", "Any.")
    flags.integer("n", "EXAMPLES", "How many.", default=16)
    flags.number("lambda_", "NUMBER|auto", "A weight.", words=("auto",), exclusive_minimum=0)
    flags.interval("steps", "FIRST,LAST", "Which steps.")
    flags.choice("model", ("vae", "info_vae"), "Which.", default="vae")
    flags.boolean("plots", "Draw.", default=True)
    flags.boolean("jit", "Compile.", default=None, shown="left to Keras")
    return flags


def test_flags_of_other_tools_are_known():
    flags = flag_set()
    flags.choice("strategy", ("auto", "gpu"), "Where.")
    flags.path("output", "DIRECTORY", "Where to.")
    flags.number("learning_rate", "RATE", "Of Adam.")
    for given, hint in {
        "--gpu": "--strategy=gpu",
        "--GPU=0": "--strategy=gpu",
        "--device=cpu": "--strategy",
        "--lr=0.1": "--learning_rate",
        "--out=x": "--output",
        "--learning-rate=1": "--learning_rate",
        "--noplot": "--noplots",
        "--dataset=x": "--data",
    }.items():
        with pytest.raises(CommandLineError, match=rf"Did you mean {hint}\?"):
            flags.parse(["--data=x", given])
    with pytest.raises(CommandLineError, match="no flag --gpu. See"):
        flag_set().parse(["--data=x", "--gpu"])  # it has no --strategy


def test_a_home_directory_that_is_not_there(monkeypatch):
    flags = FlagSet()
    flags.path("output", "DIRECTORY", "Where to.")
    with pytest.raises(CommandLineError, match="`--output` must be a path in a home directory"):
        flags.parse(["--output=~no_such_user/run"])
    assert flags.parse(["--output=./~no_such_user"]).output == "./~no_such_user"
    assert flags.parse(["--output="]).output is None


def parse(*arguments):
    return flag_set().parse(["--data=x", *arguments])


def test_defaults():
    flags = parse()
    assert (flags.data, flags.note, flags.n, flags.lambda_) == ("x", None, 16, None)
    assert (flags.model, flags.plots, flags.jit) == ("vae", True, None)


def test_all_ways_to_write_a_flag():
    flags = parse("--n", "3", "-model=info_vae", "--noplots", "--jit", "--lambda_=1e2")
    assert (flags.n, flags.model, flags.plots, flags.jit) == (3, "info_vae", False, True)
    assert flags.lambda_ == 100.0
    assert parse("--lambda_=auto").lambda_ == "auto"
    assert parse("--jit=false", "--plots=0").jit is False
    assert parse("--steps=3,20").steps == (3, 20)
    assert parse("--note=").note is None  # an empty text counts as not given
    assert parse("--n=3", "--n=4").n == 4


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--n=0", "Argument `--n` must be an integer of at least 1. Received: --n=0"),
        ("--n=2.5", "Argument `--n` must be an integer of at least 1. Received: --n='2.5'"),
        ("--n=", "Argument `--n` must be an integer of at least 1. Received: --n=''"),
        ("--lambda_=0", "Argument `--lambda_` must be greater than 0. Received: --lambda_=0.0"),
        ("--lambda_=nan", "Argument `--lambda_` must be finite. Received: --lambda_=nan"),
        (
            "--lambda_=big",
            "Argument `--lambda_` must be a number or 'auto'. Received: --lambda_='big'",
        ),
        (
            "--model=infovae",
            "Argument `--model` must be one of 'info_vae', 'vae'. Received: --model='infovae'. "
            "Did you mean 'info_vae'?",
        ),
        *(
            (
                f"--steps={given}",
                "`--steps` must be two integers FIRST,LAST with 1 <= FIRST <= LAST",
            )
            for given in ("3", "0,2", "4,3", "1,2,3", "a,b", "1.5,2", "")
        ),
        ("--jit=maybe", "Argument `--jit` must be given as --jit or --nojit. Received: --jit='may"),
        ("--ns=3", "There is no flag --ns. Did you mean --n?"),
        ("--lambda=3", "There is no flag --lambda. Did you mean --lambda_?"),
        ("--quux", "There is no flag --quux. See --help."),
        ("--n", "Missing value for flag --n"),
        ("--noplots=1", "--noplots=1 does not take an argument"),
        ("digits", "All arguments must be flags, --name=value. Received: 'digits'. See --help."),
    ],
)
def test_what_cannot_be_used_is_named(argument, message):
    with pytest.raises(CommandLineError) as error:
        parse(argument)
    assert message in str(error.value)


@pytest.mark.parametrize("arguments", [[], ["--data="]])
def test_required_flags_are_asked_for(arguments):
    with pytest.raises(CommandLineError, match="Flag --data=PATH must be given"):
        flag_set().parse(arguments)


def test_two_commands_share_no_flags():
    first, second = flag_set(), flag_set()
    assert first.parse(["--data=a"]).data == "a"
    assert second.parse(["--data=b"]).data == "b"


def test_messages_speak_of_flags():
    names = {"alpha": "alpha", "lambda_": "lambda_", "source": "data"}
    message = "Arguments `alpha` and `lambda_`\n must fit.  Received: alpha=0, lambda_=0.5, x=1"
    assert in_terms_of_flags(message, names) == (
        "Arguments `--alpha` and `--lambda_` must fit. Received: --alpha=0, --lambda_=0.5, x=1"
    )
    assert in_terms_of_flags("`source` is --data='a'", names) == "`--data` is --data='a'"
