"""Files and directories are whole or absent, and what stood there before is never half gone."""

import json
import os
import pathlib
import stat

import numpy as np
import pytest

from keras_infovae.utils import files
from keras_infovae.utils.files import atomic_directory, atomic_path, write_json


class Stop(BaseException):
    """Neither an Exception nor expected, like an interrupt from the keyboard."""


@pytest.fixture(params=[0o022, 0o077, 0o002])
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


# === Files ===


@pytest.mark.parametrize("as_type", [str, pathlib.Path])
def test_file_appears_when_the_block_ends_and_alone(tmp_path, as_type):
    path = as_type(tmp_path / "a.txt")
    with atomic_path(path) as temporary:
        pathlib.Path(temporary).write_text("new")
        assert not os.path.exists(path)
    assert pathlib.Path(path).read_text() == "new"
    assert os.listdir(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, Stop])
@pytest.mark.parametrize("before", [None, "old"])
def test_file_is_untouched_when_the_block_raises(tmp_path, before, error):
    path = tmp_path / "a.txt"
    if before is not None:
        path.write_text(before)
    with pytest.raises(error), atomic_path(path) as temporary:
        pathlib.Path(temporary).write_text("half of the")
        raise error
    assert (path.read_text() if path.exists() else None) == before
    assert os.listdir(tmp_path) == ([] if before is None else ["a.txt"])


def test_error_of_the_block_is_kept_when_it_removed_the_temporary_file(tmp_path):
    with pytest.raises(ValueError, match="mine"), atomic_path(tmp_path / "a") as temporary:
        os.remove(temporary)
        raise ValueError("mine")
    assert os.listdir(tmp_path) == []


def test_file_replaces_the_one_before(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old and longer")
    with atomic_path(path) as temporary:
        pathlib.Path(temporary).write_text("new")
    assert path.read_text() == "new"


def test_file_has_the_mode_of_any_new_file(tmp_path, umask):
    with atomic_path(tmp_path / "a.txt") as temporary:
        pathlib.Path(temporary).write_text("new")
    assert mode(tmp_path / "a.txt") == 0o666 & ~umask


def test_file_has_that_mode_when_its_writer_replaced_it(tmp_path, umask):
    with atomic_path(tmp_path / "a.txt") as temporary:
        os.remove(temporary)
        os.close(os.open(temporary, os.O_CREAT | os.O_WRONLY, 0o600))
    assert mode(tmp_path / "a.txt") == 0o666 & ~umask


def test_umask_of_the_process_is_not_touched(tmp_path, monkeypatch):
    # Changing it, even to put it back, would give other threads' files the wrong permissions.
    monkeypatch.setattr(os, "umask", lambda mask: pytest.fail("the umask was changed"))
    write_json(tmp_path / "a.json", {})
    with atomic_directory(tmp_path / "b"):
        pass


@pytest.mark.parametrize("name", ["a.npz", "a.weights.h5", "model-1.5.keras", "plain", "a.tar.gz"])
def test_temporary_name_ends_in_the_name_and_is_hidden(tmp_path, name):
    with atomic_path(tmp_path / name) as temporary:
        assert os.path.dirname(temporary) == str(tmp_path)
        assert os.path.basename(temporary).endswith(name)
        assert os.path.basename(temporary).startswith(".")


def test_writer_that_appends_a_missing_suffix_writes_to_the_temporary_file(tmp_path):
    with atomic_path(tmp_path / "a.npz") as temporary:
        np.savez(temporary, x=np.arange(3))
    np.testing.assert_array_equal(np.load(tmp_path / "a.npz")["x"], [0, 1, 2])
    assert os.listdir(tmp_path) == ["a.npz"]


def test_two_writers_of_one_path_do_not_meet(tmp_path):
    path = tmp_path / "a.txt"
    with atomic_path(path) as first, atomic_path(path) as second:
        pathlib.Path(first).write_text("first")
        pathlib.Path(second).write_text("second")
    assert path.read_text() == "first"  # the last to end
    assert os.listdir(tmp_path) == ["a.txt"]


def test_relative_path_stays_in_the_current_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_json("a.json", [1])
    assert os.listdir(tmp_path) == ["a.json"]


def test_json_is_indented_strict_and_ends_in_a_newline(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"loss": 1.5})
    assert path.read_text() == '{\n  "loss": 1.5\n}\n'
    for value in (float("nan"), float("inf"), {"a": object()}):
        with pytest.raises((ValueError, TypeError)):
            write_json(path, value)
    assert json.loads(path.read_text()) == {"loss": 1.5}
    assert os.listdir(tmp_path) == ["a.json"]


# === Directories ===


def content(directory):
    return {path.name: path.read_text() for path in pathlib.Path(directory).iterdir()}


def test_directory_appears_when_the_block_ends_and_alone(tmp_path, umask):
    path = tmp_path / "models" / "1"  # the parents are made
    with atomic_directory(path) as temporary:
        pathlib.Path(temporary, "a").write_text("new")
        assert not path.exists()
    assert content(path) == {"a": "new"}
    assert os.listdir(path.parent) == ["1"]
    assert mode(path) == 0o777 & ~umask


@pytest.mark.parametrize("error", [ValueError, Stop])
@pytest.mark.parametrize("before", [None, "old"])
def test_directory_is_untouched_when_the_block_raises(tmp_path, before, error):
    path = tmp_path / "1"
    if before is not None:
        path.mkdir()
        (path / "a").write_text(before)
    with pytest.raises(error), atomic_directory(path, overwrite=True) as temporary:
        pathlib.Path(temporary, "a").write_text("half of the")
        raise error
    assert os.listdir(tmp_path) == ([] if before is None else ["1"])
    assert before is None or content(path) == {"a": before}


def test_directory_that_exists_is_refused_before_any_work(tmp_path):
    (tmp_path / "1").mkdir()
    with (
        pytest.raises(FileExistsError, match="exists already"),
        atomic_directory(tmp_path / "1"),
    ):
        pytest.fail("the block ran")
    assert os.listdir(tmp_path) == ["1"]


def test_directory_replaces_the_one_before_as_a_whole(tmp_path):
    path = tmp_path / "1"
    path.mkdir()
    (path / "old").write_text("old")
    with atomic_directory(path, overwrite=True) as temporary:
        pathlib.Path(temporary, "new").write_text("new")
    assert content(path) == {"new": "new"}
    assert os.listdir(tmp_path) == ["1"]


@pytest.mark.parametrize("names", [[], ["theirs"]])
def test_directory_that_appeared_meanwhile_is_not_overwritten(tmp_path, names):
    path = tmp_path / "1"
    with pytest.raises(FileExistsError, match="exists already"), atomic_directory(path):
        path.mkdir()
        for name in names:
            (path / name).write_text("theirs")
    assert os.listdir(path) == names
    assert os.listdir(tmp_path) == ["1"]


def test_old_directory_comes_back_when_the_new_one_cannot_take_its_place(tmp_path, monkeypatch):
    path = tmp_path / "1"
    path.mkdir()
    (path / "a").write_text("old")
    rename = os.rename

    def failing(source, target):
        if target == str(path) and pathlib.Path(source, "new").exists():
            raise OSError("no")
        rename(source, target)

    monkeypatch.setattr(files.os, "rename", failing)
    with (
        pytest.raises(OSError, match="no"),
        atomic_directory(path, overwrite=True) as temporary,
    ):
        pathlib.Path(temporary, "new").write_text("new")
    assert content(path) == {"a": "old"}
    assert os.listdir(tmp_path) == ["1"]


def test_file_is_not_overwritten_by_a_directory(tmp_path):
    path = tmp_path / "1"
    path.write_text("a file")
    with (
        pytest.raises(NotADirectoryError, match="is not a directory"),
        atomic_directory(path, overwrite=True),
    ):
        pytest.fail("the block ran")
    assert path.read_text() == "a file"
