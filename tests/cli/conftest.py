"""Runs that the tests of several commands read, and the way to run a command."""

import collections
import pathlib
import sys

import pytest

from keras_infovae.cli.main import main
from keras_infovae.models import registry

Outcome = collections.namedtuple("Outcome", "status out err")

MODULE = '''
import keras_infovae as ki
from tests.kinds import ColumnNormals


@ki.register_model("tempered_vae")
class TemperedVAE(ki.InfoVAE):
    """The VAE with a weight on its KL term, under another name."""

    fixed_arguments = ("alpha", "lambda_")

    def __init__(
        self,
        latent_dim,
        warmth: ki.parameters.Number(
            "What the KL term is divided by.", exclusive_minimum=0, maximum=8, search=[2.0, 4.0]
        ) = 1.0,
        **settings,
    ):
        self.warmth = warmth
        super().__init__(latent_dim, alpha=1 - 1 / warmth, lambda_=1 / warmth, **settings)


ki.register_model("moments")(ColumnNormals)  # which has no latents and no optimizer
'''

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
    table += ["--standardize"]
    assert main(["keras-infovae", "train", *common, *table, "--noplots"]) == 0
    return folder


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """The working directory of a user: my_models.py, which no command has imported, table.csv."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "my_models.py").write_text(MODULE)
    write_table(tmp_path / "table.csv", rows=60)
    yield tmp_path
    for name in ("tempered_vae", "moments"):
        registry.members.pop(name, None)
    sys.modules.pop("my_models", None)


def write_table(path, rows=40, columns=("year", "share")):
    """Writes a table whose columns are a year around 2000, a share, and a label, `kind`."""
    lines = [",".join([*columns, "kind"])]
    lines += [f"{2000 + 7 * i % 11},{(i * 37 % 100) / 100},{'ab'[i % 2]}" for i in range(rows)]
    pathlib.Path(path).write_text("\n".join(lines) + "\n")
