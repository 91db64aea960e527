"""docs/tables.md: its lines of Python and its commands run as they are written."""

import pathlib
import re
import shlex

import pytest

from keras_infovae.cli.main import main
from tests.tables.people import people

PAGE = pathlib.Path(__file__).parents[1] / "docs" / "tables.md"
BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Of the page's settings, those that a test has no time for.
FASTER = {"epochs=100": "epochs=1", "--n=1000": "--n=20", "generate(1000": "generate(20"}
SMALL = ["--epochs=1", "--encoder=mlp", "--decoder=mlp", "--latent_dim=2", "--noplots"]


def blocks(language, folder, monkeypatch):
    """Returns the page's blocks of a language, to be run in a folder with people.csv."""
    monkeypatch.chdir(folder)
    people(200).to_csv("people.csv", index=False)
    texts = [text for of, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")) if of == language]
    for slow, fast in FASTER.items():
        texts = [text.replace(slow, fast) for text in texts]
    return texts


@pytest.mark.slow
def test_its_lines_of_python(tmp_path, monkeypatch):
    names = {}
    for text in blocks("python", tmp_path, monkeypatch):
        exec(compile(text, str(PAGE), "exec"), names)
    assert len(names["odd"]) == 5 and names["filled"].notna().all(axis=None)
    assert len(names["new"]) == 20 and names["some"]["sex"].eq("F").all()
    assert names["women"]["sex"].eq("F").all() and len(names["women"]) == 20


@pytest.mark.slow
def test_its_commands(tmp_path, monkeypatch):
    lines = [line for text in blocks("sh", tmp_path, monkeypatch) for line in text.splitlines()]
    for line in lines:
        program, *arguments = shlex.split(line)
        assert program == "keras-infovae"
        small = SMALL if arguments[0] == "train" else []
        assert main([program, *arguments, *small]) == 0, line
    assert len(lines) == 9
    assert (tmp_path / "serving" / "people" / "1" / "saved_model.pb").exists()
    assert {path.name for path in tmp_path.glob("*.csv")} == {
        *("people.csv", "rows.csv", "some.csv", "scores.csv", "filled.csv", "women.csv"),
    }
