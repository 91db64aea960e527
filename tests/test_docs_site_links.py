"""What leads from page to page of the site: anchors, navigation, cards of presets.

`make docs` looks at all links of the pages as they are built; here they are held without mkdocs.
"""

import pathlib
import posixpath
import re
import unicodedata

import pytest
import yaml

from tools.docs_site import preset_cards, repository_files

ROOT = pathlib.Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = {path.relative_to(DOCS).as_posix(): path for path in sorted(DOCS.rglob("*.md"))}
CARDS = preset_cards.folders()
FENCED = re.compile(r"^(```+).*?^\1$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+?)(?:\s+\{#([\w-]+)\})?$", re.MULTILINE)


def anchors(text):
    """Returns the anchors of the headings of Markdown, as the site's table of contents has them."""
    found = []
    for title, own in HEADING.findall(FENCED.sub("", text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)|<[^>]*>", r"\1", title)
        plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
        slug = re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain).strip().lower())
        again = found.count(slug)
        found.append(own or (f"{slug}_{again}" if again else slug))
    return set(found)


def links_to_anchors(page):
    """Yields (file of the repository, anchor) of the links of a page of docs/."""
    text = FENCED.sub("", PAGES[page].read_text(encoding="utf-8"))
    for target, mark, anchor in (link.partition("#") for link in LINK.findall(text)):
        if mark and ":" not in target:
            folder = posixpath.dirname(f"docs/{page}")
            yield (
                posixpath.normpath(posixpath.join(folder, target)) if target else (f"docs/{page}"),
                anchor,
            )


def wrong_anchors(page):
    return [
        f"docs/{page} links to {path}#{anchor}"
        for path, anchor in links_to_anchors(page)
        if path.endswith(".md") and anchor not in anchors((ROOT / path).read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_headings_that_are_there(page):
    assert wrong_anchors(page) == []


def test_anchors_are_those_of_the_site():
    text = "# A `b`: c(d)?\n```\n# no\n```\n## [x y](z.md)\n## x y\n## Own {#mine}\n"
    assert anchors(text) == {"a-b-cd", "x-y", "x-y_1", "mine"}


def named(item):
    """Yields the pages that a part of the navigation names."""
    if isinstance(item, str):
        yield item
    else:
        for one in item.values() if isinstance(item, dict) else item:
            yield from named(one)


def test_the_navigation_names_pages_that_are_there_once_each():
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    pages = list(named(yaml.safe_load(text.partition("\nnav:\n")[2])))
    assert len(pages) == len(set(pages))
    for page in pages:
        path = repository_files.in_repository(page)
        assert (ROOT / path).is_file(), f"mkdocs.yml names {page}"
    assert {page for page in PAGES if page.startswith("notebooks/")} <= set(pages)


@pytest.mark.parametrize("name", CARDS)
def test_the_card_of_a_preset_is_a_page_with_its_pictures_its_model_and_its_tasks(name):
    folder = CARDS[name]
    text = preset_cards.page(folder)
    assert text.startswith(f"# {name}\n")
    assert len(preset_cards.tasks_of(folder)) >= 2
    pictures = preset_cards.pictures(folder)
    assert all((folder / picture).is_file() for picture in pictures)
    page_folder = posixpath.dirname(preset_cards.place(name))
    for link in LINK.findall(FENCED.sub("", text)):
        if link not in pictures and ":" not in link:
            assert posixpath.normpath(posixpath.join(page_folder, link)) in PAGES, link
    model = preset_cards.facts(folder)["model"]
    listed = preset_cards.listed(model)
    assert f"[`{name}`](../presets/{name}/card.md)" in listed
    assert f"[{model}](../../{preset_cards.model_page(model)})" in text


def test_the_page_of_presets_has_a_row_for_each():
    assert "\n<!-- presets: all -->\n" in PAGES["presets.md"].read_text(encoding="utf-8")
    rows = preset_cards.table().splitlines()[2:]
    assert [row.split("`")[1] for row in rows] == list(CARDS)


def test_a_preset_of_a_class_without_a_page_is_named():
    with pytest.raises(LookupError, match="no page of Nothing"):
        preset_cards.model_page("Nothing")
