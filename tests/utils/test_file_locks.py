"""Locks by files: one holder, also among processes, and none when the holder has died."""

import os
import subprocess
import sys

import pytest

from keras_infovae.utils import file_locks

HOLD = """
import sys, time
import filelock
lock = filelock.FileLock(sys.argv[1])
lock.acquire()
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "lock")


def test_one_has_it_at_a_time_and_its_file_goes_with_it(path):
    lock = file_locks.take(path)
    assert lock and os.path.exists(path)
    assert file_locks.take(path) is False
    file_locks.give_back(lock)
    file_locks.give_back(lock)  # which is nothing more
    assert not os.path.exists(path)
    again = file_locks.take(path)
    assert again
    file_locks.give_back(lock)  # no more than the former holder's
    assert file_locks.take(path) is False
    file_locks.give_back(again)


def test_that_of_a_killed_process_is_free(path):
    with subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout.readline() == b"held\n"
            assert file_locks.take(path) is False
        finally:
            holder.kill()
    assert os.path.exists(path)  # it stays behind, and is in nobody's way
    lock = file_locks.take(path)
    assert lock
    file_locks.give_back(lock)
    assert not os.path.exists(path)


def test_where_no_file_can_be_made_nothing_is_known(tmp_path):
    (tmp_path / "file").touch()
    assert file_locks.take(str(tmp_path / "file" / "lock")) is None
    file_locks.give_back(None)
    file_locks.give_back(False)
