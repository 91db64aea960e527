"""What mkdocs calls while it builds the site (mkdocs.yml names this file)."""

import pathlib
import posixpath
import re

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, InclusionLevel
from mkdocs.utils import get_relative_url

from tools.docs_site import (
    built_pages,
    model_facts,
    preset_cards,
    public_names,
    repository_files,
)

DOCS = repository_files.ROOT / "docs"
NAMES = "reference/index.md"
TITLED = re.compile(r"\[(?:docs/)?([\w/]+\.md)\]\(")
TAG = re.compile(r"(<[^>]*>)")
MENTION = re.compile(r"\bdocs/([\w/]+\.md)\b")
PUBLIC = re.compile(r"^ki\.([\w.]+)(?:\(.*\))?$", re.DOTALL)
_places = {}  # {public name: (place of its page, anchor)}, filled as pages are made


def on_config(config):
    """Adds to the navigation what is not written there: tasks, models, presets, names, guides."""
    nav = {next(iter(item)): next(iter(item.values())) for item in config.nav}
    named = set(_pages(config.nav))
    for section, pattern in (("Tasks", "tasks/*.md"), ("Models", "models/*.md")):
        nav[section] += _others(pattern, named)
    nav["Models"].append({"Presets": [preset_cards.place(name) for name in preset_cards.folders()]})
    nav["Reference"] += [NAMES, *(f"reference/{name}.md" for name in public_names.modules())]
    others = _others("*.md", named)
    if others:
        nav["Guides"].append({"Also": others})
    return config


def _others(pattern, named):
    """Returns the pages of docs/ that fit a pattern and are not named."""
    return sorted({path.relative_to(DOCS).as_posix() for path in DOCS.glob(pattern)} - named)


def _pages(nav):
    for item in nav:
        if isinstance(item, str):
            yield item
        else:
            for value in item.values():
                yield from [value] if isinstance(value, str) else _pages(value)


def on_files(files, config):
    """Adds the pages that are made: of the reference, of presets, of files that pages link to."""
    try:
        own = {file.src_uri: file.content_string for file in files.documentation_pages()}
        made = repository_files.pages(own)
    except FileNotFoundError as error:
        raise PluginError(str(error)) from error
    made |= {
        f"reference/{name}.md": public_names.module_page(name) for name in public_names.modules()
    }
    made[NAMES] = _index(own)
    for name, folder in preset_cards.folders().items():
        made[preset_cards.place(name)] = preset_cards.page(folder)
        for picture in preset_cards.pictures(folder):
            uri = f"presets/{name}/{picture}"
            files.append(File.generated(config, uri, abs_src_path=str(folder / picture)))
    shown = set(_pages(config.nav))
    for uri, text in made.items():
        inclusion = InclusionLevel.INCLUDED if uri in shown else InclusionLevel.NOT_IN_NAV
        files.append(File.generated(config, uri, content=text, inclusion=inclusion))
    return files


def _index(own):
    """Returns the page of the names that are not in a module; models have pages of their own."""
    _places.clear()
    described = {}
    for uri, text in own.items():
        for kind, cls in model_facts.MARK.findall(text):
            if kind == "constructor":
                described[cls] = uri
    names = [name for name in public_names.names() if "." not in name]
    lines = ["# ki", "", "`import keras_infovae as ki`; the modules are beside this page.", ""]
    lines += ["## Models", "", "| model | page |", "|---|---|"]
    lines += [f"| `ki.{name}` | [{name}](../{uri}) |" for name, uri in sorted(described.items())]
    lines += ["", "All have the methods of `ki.GenerativeModel`.", ""]
    for name in names:
        if name == "__version__":
            lines += ["## Version", "", "`ki.__version__` is the version of the package.", ""]
        elif name not in described:
            lines += [public_names.entry(name), ""]
    for name in public_names.names():
        module = name.rpartition(".")[0]
        uri = described.get(name, f"reference/{module}.md" if module else NAMES)
        anchor = "version" if name == "__version__" else public_names.path(name)
        _places[name] = (uri, anchor)
    for module in public_names.modules():
        _places[module] = (f"reference/{module}.md", "")
    return "\n".join(lines)


def on_page_markdown(markdown, page, **_):
    """Fills in what a page of a model quotes, and leads links to files to their pages."""
    text = TITLED.sub(lambda found: f"[{_title(found[1]) or found[1]}](", markdown)
    text = model_facts.filled(text)
    return repository_files.rewritten(text, page.file.src_uri)[0]


def _title(name):
    """Returns the title of a page of docs/; a link that is called by the file gets it."""
    file = DOCS / name
    return file.read_text(encoding="utf-8").partition("\n")[0][2:] if file.is_file() else None


def on_page_content(html, page, files, **_):
    """Makes links of public names in code, and of mentions such as docs/tables.md."""
    result, inside = [], []
    for part in TAG.split(html):
        if part.startswith("<"):
            tag = re.match(r"</?\s*(\w+)", part)
            if tag and tag[1] in ("a", "code", "pre", "h1", "h2", "h3", "h4"):
                inside = inside[:-1] if part.startswith("</") else [*inside, tag[1]]
        elif inside == ["code"]:
            part = _name_link(part, page)
        elif not inside:
            part = MENTION.sub(lambda found: _mention(found, page, files), part)
        result.append(part)
    return "".join(result)


def _name_link(text, page):
    found = PUBLIC.match(text)
    name = found and found[1]
    owner = name and name.rpartition(".")[0]
    if name in _places:
        place, anchor = _places[name]
    elif owner in _places and name.rpartition(".")[2] in public_names.names().get(owner, ()):
        place, anchor = _places[owner]
    else:
        return text
    return f'<a href="{_url(place, page)}{anchor and "#" + anchor}">{text}</a>'


def _mention(found, page, files):
    if files.get_file_from_path(found[1]) is None:
        return found[0]
    return f'<a href="{_url(found[1], page)}">{found[0]}</a>'


def _url(place, page):
    return get_relative_url(_built(place), page.url)


def _built(place):
    return f"{posixpath.splitext(place)[0]}.html"


def on_post_build(config):
    """Checks the pages as they were built: links, anchors, pictures, left-overs of markup."""
    needed = [(_built(place), anchor) for place, anchor in _places.values() if anchor]
    problems = built_pages.problems(pathlib.Path(config.site_dir), needed)
    if problems:
        raise PluginError("The pages that were built are at fault:\n" + "\n".join(problems))
