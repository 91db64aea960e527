"""Whether data fits in memory is known before it is read."""

import pytest

from keras_infovae.datasets import memory


def test_what_is_free_is_a_number_of_bytes():
    assert 10**6 < memory.available_memory() < 10**15


def test_the_least_of_all_limits_counts(tmp_path, monkeypatch):
    (tmp_path / "meminfo").write_text("MemTotal: 900 kB\nMemAvailable:     500 kB\n")
    (tmp_path / "max").write_text("max\n")
    (tmp_path / "limit").write_text("400000\n")
    monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "_LIMITS", (tmp_path / "max", tmp_path / "gone"))
    assert memory.available_memory() == 500 * 1024
    monkeypatch.setattr(memory, "_LIMITS", (tmp_path / "max", tmp_path / "limit"))
    assert memory.available_memory() == 400_000


def test_an_array_its_splits_and_float32_have_to_fit(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 1000)
    memory.check_fits("x", (10, 10), 3)  # 100 values of 2 * 3 + 4 bytes
    with pytest.raises(ValueError, match=r"fit in memory .*\(10, 11\) takes 1.1 kB, and 1 kB are"):
        memory.check_fits("x", (10, 11), 3)


def test_where_the_system_does_not_say_nothing_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: None)
    memory.check_fits("x", (10**9, 10**9), 8)


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (2_000, "2 kB"), (1.5e9, "1.5 GB"), (4e15, "4,000 TB")],
)
def test_bytes_in_words(count, words):
    assert memory.in_words(count) == words
