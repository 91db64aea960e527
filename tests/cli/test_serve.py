"""`keras-infovae serve`; what the server answers is tested in tests/serving/server."""

import dataclasses
import importlib.util
import json
import os

import pytest

from keras_infovae.cli.serve import LIBRARIES, Serve
from keras_infovae.serving import without_keras
from keras_infovae.serving.server.settings import Settings


@pytest.fixture
def started(monkeypatch):
    """The command lines that would take this process's place."""
    commands = []
    monkeypatch.setattr(os, "execv", lambda _, arguments: commands.append(arguments))
    return commands


def test_the_flags_are_the_settings():
    names = [field.name for field in dataclasses.fields(Settings)]
    assert sorted(Serve().flag_set().names()) == sorted([*names, "tensorflow_log"])


def test_the_server_takes_the_process_over(command, started, tmp_path, monkeypatch):
    (tmp_path / "digits").mkdir()
    monkeypatch.chdir(tmp_path)
    assert command("serve", "--directory=digits/", "--batching=false", "--port=0").status == 0
    assert command("serve", "--directory=digits", "--model_name=mine", "--rest_port=0").status == 0
    first, second = (Settings(**json.loads(arguments[-1])) for arguments in started)
    assert started[0][1:3] == [without_keras.FILE, "keras_infovae.serving.server.process"]
    assert first.directory == second.directory == str(tmp_path / "digits")
    assert (first.model_name, second.model_name) == ("digits", "mine")
    assert (first.batching, second.batching) == (False, True)
    assert (first.port, first.rest_port, first.host) == (0, 8501, "127.0.0.1")
    assert first.batch_threads == os.cpu_count()
    assert first.labels == {}
    flags = ("--directory=digits", "--labels=stable:1,new one:20")
    assert command("serve", *flags).status == 0
    assert Settings(**json.loads(started[2][-1])).labels == {"stable": 1, "new one": 20}


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--directory=missing"], "`--directory` must be a directory that export wrote"),
        (["--port=70000"], "`--port` must be at most 65535"),
        (["--port=-1"], "`--port` must be an integer of at least 0"),
        (["--port=8501"], "`--rest_port` must be another than --port"),
        (["--max_rows=0"], "`--max_rows` must be an integer of at least 1"),
        (["--poll_seconds=0"], "`--poll_seconds` must be greater than 0"),
        (["--batch_timeout_ms=-1"], "`--batch_timeout_ms` must be at least 0"),
        (["--labels=stable"], "`--labels` must be different labels, each with a version"),
        (["--labels=a:1,a:2"], "`--labels` must be different labels"),
        (["--labels=a/b:1"], "Received: --labels='a/b:1'"),
        (["--labels=a:-1"], "`--labels` must be different labels"),
        (["--read_seconds=0"], "`--read_seconds` must be greater than 0"),
        (["--max_connections=0"], "`--max_connections` must be an integer of at least 1"),
        (["--grace_seconds=soon"], "`--grace_seconds` must be a number"),
    ],
)
def test_what_cannot_be_used_is_named(command, started, tmp_path, flags, message):
    outcome = command("serve", f"--directory={tmp_path}", *flags)
    assert outcome.status == 2
    assert message in outcome.err
    assert started == []


def test_without_the_extra_it_is_named(command, started, tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    outcome = command("serve", f"--directory={tmp_path}")
    assert outcome.status == 2
    assert "pip install 'keras-infovae[serving]'" in outcome.err
    assert all(name in outcome.err for name in LIBRARIES)
    assert started == []


def test_a_directory_without_versions_is_not_said_to_be_served(tmp_path):
    process = pytest.importorskip("keras_infovae.serving.server.process")
    settings = Settings(**Serve().settings(Serve().flag_set().parse([f"--directory={tmp_path}"])))
    for folder in (None, "latest", "0"):
        if folder is not None:
            (tmp_path / folder).mkdir()
        words = process.announcement(settings, 8500, 8501)
        waits = folder != "0"
        assert words.startswith("Waiting for a version of" if waits else "Serving")
        assert ("has none yet" in words) == waits
        assert "gRPC on 127.0.0.1:8500, REST on http://127.0.0.1:8501/v1/models/" in words
