"""docs/tasks: each page is a program, and prints what stands on it."""

import pathlib
import re

import pytest

from tools.update_page_outputs import outputs

PAGES = sorted((pathlib.Path(__file__).parents[1] / "docs" / "tasks").glob("*_*.md"))
NUMBER = re.compile(r"-?\d+\.?\d*(?:e-?\d+)?")


def assert_alike(printed, expected):
    """Words are the same, and numbers within a tenth: they differ between machines."""
    assert NUMBER.sub("#", printed).split() == NUMBER.sub("#", expected).split()
    numbers = [list(map(float, NUMBER.findall(text))) for text in (printed, expected)]
    assert numbers[0] == pytest.approx(numbers[1], rel=0.1, abs=0.11)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_a_page_prints_what_stands_on_it(page):
    pairs = list(outputs(page.read_text(encoding="utf-8")))
    assert any(pair[2] for pair, _ in pairs)
    for pair, printed in pairs:
        assert_alike(printed, pair[2] or "")
