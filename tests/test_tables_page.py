"""docs/tables.md: its lines of Python and its commands run as they are written."""

import pathlib
import re
import shlex

from keras_infovae.cli.main import main
from tests.tables.people import people

PAGE = pathlib.Path(__file__).parents[1] / "docs" / "tables.md"
BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Of the page's settings, those that a test has no time for.
FASTER = {"epochs=100": "epochs=1", "--n=1000": "--n=20", "generate(1000": "generate(20"}
SMALL = ["--epochs=1", "--encoder=mlp", "--decoder=mlp", "--latent_dim=2", "--noplots"]


def test_the_page_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    people(200).to_csv("people.csv", index=False)
    names, commands = {}, 0
    for language, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        for slow, fast in FASTER.items():
            text = text.replace(slow, fast)
        if language == "python":
            exec(compile(text, str(PAGE), "exec"), names)
            continue
        for line in text.splitlines():
            program, *arguments = shlex.split(line)
            assert program == "keras-infovae"
            small = SMALL if arguments[0] == "train" else []
            assert main([program, *arguments, *small]) == 0, line
            commands += 1
    assert commands == 6
    assert len(names["odd"]) == 5 and names["filled"].notna().all(axis=None)
    assert {path.name for path in tmp_path.glob("*.csv")} == {
        *("people.csv", "new.csv", "rows.csv", "some.csv", "scores.csv", "filled.csv"),
    }
