"""Runs that the tests of several commands read, and the way to run a command."""

import collections
import pathlib

import pytest

from keras_infovae.cli.main import main

Outcome = collections.namedtuple("Outcome", "status out err")

SMALL = ("--encoder=mlp", "--decoder=mlp", "--latent_dim=2", "--nojit_compile")


@pytest.fixture
def command(capsys):
    """Runs a command line in this process; returns its status and what it printed."""

    def run(*arguments):
        capsys.readouterr()
        status = main(["keras-infovae", *map(str, arguments)])
        return Outcome(status, *capsys.readouterr())

    return run


@pytest.fixture
def train(command):
    """Runs `train` with small networks for 2 epochs on 60 digits, but for what is given."""

    def run(*arguments):
        small = (*SMALL, "--epochs=2", "--batch_size=16", "--noplots")
        if not any(str(argument).startswith("--data=") for argument in arguments):
            small += ("--data=digits", "--limit=60")
        return command("train", *small, *arguments)

    return run


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """Two finished runs: `digits`, images with pictures, and `table`, from a .csv file."""
    folder = tmp_path_factory.mktemp("runs")
    write_table(folder / "table.csv")
    common = [*SMALL, "--epochs=1", "--batch_size=16"]
    digits = ["--data=digits", "--limit=60", "--seed=3", f"--output={folder}/digits"]
    assert main(["keras-infovae", "train", *common, *digits]) == 0
    table = [f"--data={folder}/table.csv", "--label_column=kind", f"--output={folder}/table"]
    assert main(["keras-infovae", "train", *common, *table, "--noplots"]) == 0
    return folder


def write_table(path, rows=40, columns=("year", "share")):
    """Writes a table whose columns are a year around 2000, a share, and a label, `kind`."""
    lines = [",".join([*columns, "kind"])]
    lines += [f"{2000 + 7 * i % 11},{(i * 37 % 100) / 100},{'ab'[i % 2]}" for i in range(rows)]
    pathlib.Path(path).write_text("\n".join(lines) + "\n")
