"""Files of the repository that pages link to, as pages of the site: it has no address elsewhere."""

import os
import pathlib
import posixpath
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINK = re.compile(r"\]\(([^)\s]+)\)")
LANGUAGES = {".py": "python", ".csv": "text", ".txt": "text"}
ALWAYS = ("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE")


def in_repository(uri):
    """Returns the path in the repository of what the page `uri` of the site was made from."""
    if uri.startswith("files/"):
        return re.sub(r"(\.py|\.csv|\.txt|LICENSE|/index)\.md$", _without, uri[len("files/") :])
    return f"docs/{uri}"


def _without(found):
    return "" if found[1] == "/index" else found[1]


def in_site(path):
    """Returns the page of the site for a path in the repository, or None where it is none."""
    if path.startswith("docs/"):
        return path[len("docs/") :]
    file = ROOT / path
    if not file.exists():
        return None
    if file.is_dir():
        return f"files/{path}/index.md"
    return f"files/{path}" if file.suffix == ".md" else f"files/{path}.md"


def rewritten(text, uri):
    """Returns Markdown with its links as they are in the site, and the pages of files it needs.

    Args:
        text: of a page.
        uri: the page's place in the site.

    Returns:
        (text, the set of the site's places that are files of the repository).

    Raises:
        FileNotFoundError: where a link leads to a file that the repository does not have.
    """
    folder, needed = in_repository(uri), set()
    if not (ROOT / folder).is_dir():
        folder = posixpath.dirname(folder)

    def replace(found):
        target, mark, anchor = found[1].partition("#")
        if not target or ":" in target:
            return found[0]
        path = posixpath.normpath(posixpath.join(folder, target))
        place = in_site(path)
        if place is None:
            raise FileNotFoundError(f"{uri} links to {target}, which the repository does not have")
        if place.startswith("files/"):
            needed.add(place)
        return f"]({posixpath.relpath(place, posixpath.dirname(uri))}{mark}{anchor})"

    parts = re.split(r"(^```.*?^```$)", text, flags=re.MULTILINE | re.DOTALL)
    parts[::2] = [LINK.sub(replace, part) for part in parts[::2]]
    return "".join(parts), needed


def page(uri):
    """Returns the Markdown of the page of a file or a folder of the repository."""
    path = in_repository(uri)
    file = ROOT / path
    if file.is_dir():
        names = sorted(name for name in os.listdir(file) if (file / name).is_file())
        return "\n".join([f"# {path}", "", *(f"- [{name}]({name})" for name in names)])
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".md":
        return text
    fence = "````" if "```" in text else "```"
    return f"# {path}\n\n{fence}{LANGUAGES.get(file.suffix, 'text')}\n{text.rstrip()}\n{fence}\n"


def pages(texts):
    """Returns {place: Markdown} of all files that pages link to, and that these link to in turn.

    Args:
        texts: {place: Markdown} of the site's own pages.
    """
    found, waiting = {}, {in_site(path) for path in ALWAYS}
    for uri, text in texts.items():
        waiting |= rewritten(text, uri)[1]
    while waiting:
        uri = waiting.pop()
        found[uri] = page(uri)
        waiting |= rewritten(found[uri], uri)[1] - found.keys()
    return found
