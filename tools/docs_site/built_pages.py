"""Checks of the pages of a site as they are on disk."""

import collections
import html.parser
import re
import urllib.parse

LEFT_OVER = re.compile(
    r"^\s*(>>>|```|:::|\| ?---)|\*\*\w[^*]*\*\*|\]\(|<!-- \w+: "
    r"|^(Args|Returns|Example):$|^Raises:\s+\w",
    re.MULTILINE,
)
ADDRESSES = {"a": "href", "img": "src", "link": "href", "script": "src", "source": "src"}


class Page(html.parser.HTMLParser):
    """What a page has: ids, addresses by tag, and the text that is not code."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.addresses, self.words = set(), collections.defaultdict(set), []
        self._code = 0
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.ids |= {given[name] for name in ("id", "name") if given.get(name)}
        if given.get(ADDRESSES.get(tag)):
            self.addresses[tag].add(given[ADDRESSES[tag]])
        self._code += tag in ("pre", "code", "script", "style")

    def handle_endtag(self, tag):
        self._code -= tag in ("pre", "code", "script", "style")

    def handle_data(self, data):
        if not self._code:
            self.words.append(data)


def problems(folder, needed=()):
    """Returns sentences on what is wrong with the pages below `folder`; none if all is well.

    Links and anchors within the site must lead somewhere, pictures, styles and scripts must be
    files of the site, and no Markdown may be left in the text.

    Args:
        folder: of the site.
        needed: (page, id) of what there has to be, such as ("faq.html", "which-model").
    """
    pages = {
        file.resolve(): Page(file.read_text(encoding="utf-8")) for file in folder.rglob("*.html")
    }
    found = [
        f"{name}: there is nothing of the id {anchor}"
        for name, anchor in needed
        if (folder / name).resolve() not in pages
        or anchor not in pages[(folder / name).resolve()].ids
    ]
    for file, page in sorted(pages.items()):
        name = file.relative_to(folder.resolve())
        for tag, addresses in page.addresses.items():
            for address in sorted(addresses):
                fault = _fault(pages, file, tag, address, folder.resolve())
                if fault:
                    found.append(f"{name}: {fault}")
        for word in page.words:
            if LEFT_OVER.search(word):
                found.append(f"{name}: markup is left in the text {word.strip()[:80]!r}")
    return found


def _fault(pages, file, tag, address, folder):
    parts = urllib.parse.urlsplit(address)
    if parts.scheme or parts.netloc:
        outside = tag != "a" and parts.scheme != "data"
        return f"<{tag}> asks another server for {address}" if outside else None
    if file.name == "404.html":  # whose addresses are from the root of a server
        return None
    target = file.parent / urllib.parse.unquote(parts.path) if parts.path else file
    target = target.resolve()
    if not target.is_relative_to(folder) or not target.is_file():
        return f"<{tag}> leads to {address}, which is not there"
    fragment = urllib.parse.unquote(parts.fragment)
    if fragment and target in pages and fragment not in pages[target].ids | {"__search"}:
        return f"{address} has an anchor that is not there"
    return None
