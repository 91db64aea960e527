"""The good files that tools/fuzz_readers.py damages are good: every reader gets one."""

import numpy as np
import pytest

from keras_infovae.datasets import load
from tools.fuzz.damage import damaged
from tools.fuzz.seeds import seeds

SEEDS = seeds()


@pytest.mark.parametrize("kind", SEEDS)
def test_seeds(kind, tmp_path):
    name, content, repair = SEEDS[kind]
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(repair(content))
    source = path if path.parent == tmp_path else path.parent
    data = load(source, validation_fraction=0, test_fraction=0)
    assert np.isfinite(data.train).all() and len(data.train)


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (("set", 0.5, b"xy"), b"01234xy789"),
        (("insert", 0.5, b"xy"), b"01234xy56789"),
        (("delete", 0.5, b"xy"), b"01234789"),
        (("repeat", 0.0, b"x"), b"0123456789" * 4),
        (("cut", 0.3, b""), b"012"),
        (("set", 1.0, b"x"), b"0123456789x"),
    ],
)
def test_damage(edit, expected):
    assert damaged(b"0123456789", [edit]) == expected
