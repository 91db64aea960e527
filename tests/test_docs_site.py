"""The pages of docs/ and what checks them once they are built; `make docs` builds them."""

import ast
import pathlib
import re

import pytest

import keras_infovae as ki
from keras_infovae.models import registry
from tools.docs_site import built_pages, repository_files

DOCS = pathlib.Path(__file__).parents[1] / "docs"
PAGES = [path.relative_to(DOCS).as_posix() for path in sorted(DOCS.rglob("*.md"))]
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def text_of(page):
    return (DOCS / page).read_text(encoding="utf-8")


def test_each_registered_model_has_a_page_with_all_that_is_made_from_the_code():
    own = {name: c for name, c in registry.members.items() if c.__module__.startswith(ki.__name__)}
    for name, cls in own.items():
        text = text_of(f"models/{name}.md")
        for mark in ("formula", "presets", "settings", "constructor"):
            assert f"<!-- {mark}: {cls.__name__} -->" in text, (name, mark)
        assert "Choose it" in text and "## Limits" in text, name
        assert f"({name}.md)" in text_of("models/index.md"), name


@pytest.mark.parametrize("page", PAGES)
def test_a_page_begins_with_its_title_and_links_to_files_that_are_there(page):
    assert text_of(page).startswith("# ")
    repository_files.rewritten(text_of(page), page)


def test_a_link_to_nothing_names_page_and_link():
    with pytest.raises(FileNotFoundError, match="choosing.md links to ../no.csv"):
        repository_files.rewritten("See [it](../no.csv).", "choosing.md")


def test_links_lead_to_the_pages_of_files_but_not_in_code():
    text, needed = repository_files.rewritten(
        "[a](../../setup.py)\n```\n[b](x.py)\n```\n", "m/a.md"
    )
    assert text == "[a](../files/setup.py.md)\n```\n[b](x.py)\n```\n"
    assert needed == {"files/setup.py.md"}
    assert repository_files.in_repository("files/setup.py.md") == "setup.py"


def public_names(code):
    """Yields the dotted names in Python that begin with `ki.`."""
    for node in ast.walk(ast.parse(code)):
        parts = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if parts and isinstance(node, ast.Name) and node.id == "ki":
            yield parts[::-1]


@pytest.mark.parametrize("page", [page for page in PAGES if PYTHON.search(text_of(page))])
def test_the_names_in_the_code_of_a_page_are_public(page):
    for code in PYTHON.findall(text_of(page)):
        for parts in public_names(code):
            value = ki
            for part in parts:
                assert hasattr(value, part), f"ki.{'.'.join(parts)}"
                value = getattr(value, part)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ('<a href="no.html">x</a>', "leads to no.html"),
        ('<a href="other.html#no">x</a>', "anchor that is not there"),
        ('<img src="no.png">', "leads to no.png"),
        ('<script src="https://server/x.js"></script>', "asks another server"),
        ("<p>Args:</p>", "markup is left"),
        ("<p>>>> import this</p>", "markup is left"),
        ("<p>a **b** c</p>", "markup is left"),
    ],
)
def test_what_is_wrong_with_a_built_page_is_said(tmp_path, body, problem):
    good = '<h1 id="top">A</h1><a href="#top">2**31</a><a href="https://b.org"><pre>>>> a</pre></a>'
    (tmp_path / "other.html").write_text(good, encoding="utf-8")
    assert built_pages.problems(tmp_path, [("other.html", "top")]) == []
    (tmp_path / "page.html").write_text(body, encoding="utf-8")
    (found,) = built_pages.problems(tmp_path)
    assert found.startswith("page.html: ") and problem in found
    assert "of the id no" in built_pages.problems(tmp_path, [("other.html", "no")])[0]
