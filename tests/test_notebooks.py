"""examples/notebooks: each script runs, and its page shows what it gives."""

import importlib.util
import pathlib
import re

import pytest

from tests.test_task_pages import assert_alike
from tools import notebook_pages

ROOT = pathlib.Path(__file__).parents[1]
SCRIPTS = sorted((ROOT / "examples" / "notebooks").glob("*.py"))
PRINTED = re.compile(r"^```text\n(.*?)\n```$", re.MULTILINE | re.DOTALL)


@pytest.mark.slow
@pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("ipykernel", "jupytext", "nbclient")),
    reason="needs pip install keras-infovae[docs]",
)
@pytest.mark.parametrize("script", SCRIPTS, ids=[script.stem for script in SCRIPTS])
def test_the_page_of_a_notebook_shows_what_it_gives(script):
    text, pictures = notebook_pages.page(notebook_pages.executed(script), script.stem)
    shown = (notebook_pages.FOLDER / f"{script.stem}.md").read_text(encoding="utf-8")
    assert PRINTED.sub("", text) == PRINTED.sub("", shown)
    assert_alike("\n".join(PRINTED.findall(text)), "\n".join(PRINTED.findall(shown)))
    files = {file.name for file in notebook_pages.FOLDER.glob(f"{script.stem}_*.png")}
    assert set(pictures) == files
    assert all(picture.startswith(b"\x89PNG") for picture in pictures.values())
