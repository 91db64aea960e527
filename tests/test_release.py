"""`tools/release.py` on repositories of its own: what can be released, and the tag."""

import subprocess

import pytest

from tools import release

FILES = {
    "keras_infovae/version.py": '__version__ = "1.2.0"\n',
    "CHANGELOG.md": "## [1.2.0] - 2026-01-31\n\n### Added\n\n- It.\n\n## [1.1.0]\n\n- Old.\n",
    "CITATION.cff": "cff-version: 1.2.0\nversion: 1.2.0\n",
}


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Returns a function that commits files, and gives the repository's root."""
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "someone")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "someone@example.com")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)

    def commit(**changes):
        for name, text in (FILES | changes).items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text)
        release.git(tmp_path, "add", ".")
        release.git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", "All")
        return tmp_path

    return commit


def test_a_version_is_tagged_once_with_its_notes(repository):
    root = repository()
    assert release.check(root) == "1.2.0"
    assert release.git(root, "tag") == ""  # a check changes nothing
    assert release.tag(root) == "v1.2.0"
    said = release.git(root, "tag", "--list", "--format=%(contents)", "v1.2.0")
    assert said == "keras-infovae 1.2.0\n\n### Added\n\n- It."
    assert release.git(root, "rev-parse", "v1.2.0^{}") == release.git(root, "rev-parse", "HEAD")
    for act in (release.check, release.tag):
        with pytest.raises(release.ReleaseError, match="1.2.0 is tagged already"):
            act(root)


@pytest.mark.parametrize("file", ["new.txt", "CHANGELOG.md"])
def test_what_is_not_committed_is_refused(repository, file):
    root = repository()
    (root / file).write_text("text")
    with pytest.raises(release.ReleaseError, match=f"Commit first.*\n.*{file}"):
        release.tag(root)


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("CHANGELOG.md", "## [1.1.0] - 2025-01-01\n\n- Old.\n", "says nothing under '## .1.2.0. -"),
        ("CHANGELOG.md", "## [1.2.0]\n\n- No date.\n", "says nothing"),
        ("CHANGELOG.md", "## [1.2.0] - 2026-01-31\n\n## [1.1.0]\n", "says nothing"),
        ("CITATION.cff", "version: 1.1.0\n", "CITATION.cff must say 'version: 1.2.0'"),
    ],
)
def test_a_version_of_which_nothing_is_said_is_refused(repository, file, text, message):
    with pytest.raises(release.ReleaseError, match=message):
        release.tag(repository(**{file: text}))
