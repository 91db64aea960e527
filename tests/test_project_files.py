"""The files around the code are what their readers take, and say what the code says."""

import pathlib
import re
import shutil
import subprocess

import pytest
import yaml

import keras_infovae as ki

ROOT = pathlib.Path(__file__).resolve().parents[1]
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("[!c]*.yml"))
FIELDS = {"input", "textarea", "dropdown", "checkboxes"}


def read(path):
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def test_the_citation_is_of_this_version_and_of_the_paper():
    citation = read("CITATION.cff")
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()  # all are required
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == ki.__version__
    setup = (ROOT / "setup.py").read_text(encoding="utf-8")
    assert f'license="{citation["license"]}"' in setup
    assert f'author="{citation["authors"][0]["name"]}"' in setup
    [paper] = citation["references"]
    assert {"type", "title", "authors"} <= paper.keys()
    assert [author["family-names"] for author in paper["authors"]] == ["Zhao", "Song", "Ermon"]
    source = f"{paper['title']}, AAAI {paper['year']}, {paper['identifiers'][0]['value']}"
    assert source.replace(" ", "") in re.sub(r"\s", "", ki.InfoVAE.__doc__)


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_a_form_has_what_a_form_needs(path):
    form = read(path)
    assert {"name", "description", "body"} <= form.keys()
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert fields and {field["type"] for field in fields} <= FIELDS
    assert all(field["attributes"]["label"] for field in fields)
    identifiers = [field["id"] for field in fields]
    assert len(set(identifiers)) == len(identifiers)
    assert any(field.get("validations", {}).get("required") for field in fields)


def test_hooks_need_no_network_and_run_what_is_there():
    [repository] = read(".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    for hook in repository["hooks"]:
        assert hook["language"] == "system"
        program, *arguments = hook["entry"].split()
        assert program in (".venv/bin/ruff", ".venv/bin/python")
        tests = [argument for argument in arguments if argument.startswith("tests/")]
        assert all((ROOT / test).is_file() for test in tests)


def test_the_page_on_security_points_to_what_is_there():
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    for path in re.findall(r"`((?:tools|benchmarks)/[\w./]+)`|\]\(([\w./]+)", text):
        assert (ROOT / "".join(path)).is_file(), path


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
def test_the_targets_of_make_are_listed_and_documented():
    told = subprocess.run(["make", "-C", ROOT, "help"], capture_output=True, text=True).stdout
    listed = set(re.findall(r"^  make ([a-z-]+)", told, re.MULTILINE))
    lines = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert listed == set(" ".join(lines).split())
