"""Checks that a version can be released, and tags it.

    make release                    # check, all of .ci/run, tag
    python tools/release.py check
    python tools/release.py tag

Nothing is pushed or uploaded: it says at the end what is left to do.
"""

import argparse
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]


class ReleaseError(Exception):
    """Why a version cannot be released."""


def git(root, *arguments):
    """Returns what a git command prints."""
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def version_of(root):
    """Returns the version of the package in the repository at `root`."""
    text = (root / "keras_infovae" / "version.py").read_text(encoding="utf-8")
    return re.search(r'^__version__ = "([^"]+)"$', text, re.MULTILINE).group(1)


def notes_of(root, version):
    """Returns what CHANGELOG.md says of a version, or None; its heading is "## [1.2.3] - date"."""
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    heading = rf"^## \[{re.escape(version)}\] - \d{{4}}-\d{{2}}-\d{{2}}\n(.*?)(?=^## |\Z)"
    found = re.search(heading, text, re.MULTILINE | re.DOTALL)
    return found.group(1).strip() if found else None


def check(root):
    """Returns the version of the repository at `root`, if it can be released.

    Raises:
        ReleaseError: for changes that are not committed, a version that has a tag, and one of which
            CHANGELOG.md or CITATION.cff says nothing.
    """
    version = version_of(root)
    changes = git(root, "status", "--porcelain")
    if changes:
        raise ReleaseError(f"Commit first what is changed:\n{changes}")
    if git(root, "tag", "--list", f"v{version}"):
        raise ReleaseError(f"{version} is tagged already: raise it in keras_infovae/version.py")
    if not notes_of(root, version):
        raise ReleaseError(f"CHANGELOG.md says nothing under '## [{version}] - YYYY-MM-DD'")
    citation = (root / "CITATION.cff").read_text(encoding="utf-8")
    if f"\nversion: {version}\n" not in citation:
        raise ReleaseError(f"CITATION.cff must say 'version: {version}'")
    return version


def tag(root):
    """Tags the commit with the version, as `check` allows it, and returns the tag's name."""
    version = check(root)
    name = f"v{version}"
    message = f"keras-infovae {version}\n\n{notes_of(root, version)}"
    # Headings in the notes begin with what is a comment to git otherwise.
    git(root, "tag", "--annotate", "--cleanup=verbatim", "--message", message, name)
    return name


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("act", choices=("check", "tag"))
    try:
        if parser.parse_args().act == "check":
            print(f"{check(ROOT)} can be released")
        else:
            name = tag(ROOT)
            print(f"Tagged {name}. Left to do: git push origin {name}, and upload dist/*.whl")
    except ReleaseError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
