"""Which versions are loaded, with a loader that reads nothing; and a swap under load."""

import asyncio
import concurrent.futures
import contextlib
import dataclasses
import os
import shutil
import threading
import time

import grpc
import numpy as np
import pytest
import requests
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from keras_infovae.serving import warmup
from keras_infovae.serving.server.errors import RequestError
from keras_infovae.serving.server.loaded_version import LoadedVersion
from keras_infovae.serving.server.version_files import check_files, fingerprint
from keras_infovae.serving.server.versions import Versions
from keras_infovae.serving.versions import versions_in
from tests.serving.server.conftest import SETTINGS, pixels
from tests.serving.server.test_grpc import predict_request


class Loaded:
    """A version; its file "model" says "broken" where it does not load."""

    in_flight, retired, closed = 0, False, False

    def __init__(self, number, path):
        with open(os.path.join(path, "model"), encoding="utf-8") as file:
            if file.read() == "broken":
                raise ValueError("it is broken")
        self.number = number

    def close(self):
        assert not self.closed
        self.closed = True


@pytest.fixture
def write(tmp_path):
    def write(name, text="fine"):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "model").write_text(text)

    return write


@pytest.fixture
def made(tmp_path):
    """Makes `Versions` of the directory, and the list of what is loaded at each change."""

    def make(**settings):
        changes = []
        settings = dataclasses.replace(SETTINGS, directory=str(tmp_path), **settings)
        return Versions(settings, changes.append, Loaded), changes

    return make


def poll(versions):
    asyncio.run(versions.poll())
    return versions.loaded


def test_the_newest_version_replaces_the_one_before(made, write):
    versions, changes = made()
    assert poll(versions) == []
    with pytest.raises(RequestError, match="No version") as error, versions.lend():
        pass
    assert error.value.code == "UNAVAILABLE"
    write("2")
    write("10")
    for name in (".ab12.11", "12.tmp", "v13", "٣", "-1"):  # a half-written sibling, other files
        write(name)
    assert poll(versions) == [10]
    write("007")
    assert poll(versions) == [10]
    write("0011")
    assert poll(versions) == [11]
    assert changes == [[10], [11, 10], [11]]  # loaded before the old one goes
    assert {n: s.state for n, s in versions.states.items()} == {10: "END", 11: "AVAILABLE"}
    with pytest.raises(RequestError, match="Version 10 is not loaded. Loaded: 11") as error:
        versions.lend(10).__enter__()
    assert error.value.code == "NOT_FOUND"


def test_a_version_in_use_is_closed_after_its_last_request(made, write):
    versions, _ = made()
    write("1")
    poll(versions)
    with versions.lend() as first:
        with versions.lend(1) as same:
            assert same is first
            write("2")
            poll(versions)
            assert versions.states[1].state == "UNLOADING"
            with versions.lend() as second:
                assert second.number == 2
        assert not first.closed
    assert first.closed
    assert versions.states[1].state == "END"


def test_a_broken_version_is_passed_over_until_its_files_change(made, write, caplog):
    versions, _ = made()
    write("1")
    write("2", "broken")
    assert poll(versions) == poll(versions) == [1]
    assert versions.states[2].error == "ValueError: it is broken"
    assert caplog.text.count("Version 2 does not load: ValueError: it is broken") == 1
    write("2", "fine again")
    assert poll(versions) == [2]


@pytest.mark.parametrize("kind", ["permissions", "in place", "a link", "a folder", "removed"])
def test_a_version_mended_without_a_newer_time_is_tried_again(made, write, tmp_path, kind):
    versions, _ = made()
    write("1")
    write("2", "broken")
    write("other")
    (tmp_path / "2" / "link").symlink_to("nothing")
    assert poll(versions) == poll(versions) == [1]
    model = tmp_path / "2" / "model"
    before = os.stat(model)
    model.write_text("mended")  # as long as "broken"
    os.utime(model, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (os.stat(model).st_size, os.stat(model).st_mtime_ns) == (6, before.st_mtime_ns)
    assert poll(versions) == [2]
    # By what changes alone, here of a version that stays broken.
    known = fingerprint(str(tmp_path / "2"))
    if kind == "permissions":
        model.chmod(0o600)
    elif kind == "in place":
        model.write_text("broken")
        os.utime(model, ns=(before.st_atime_ns, before.st_mtime_ns))
    elif kind == "a link":
        (tmp_path / "2" / "link").unlink()
        (tmp_path / "2" / "link").symlink_to("model")
    elif kind == "a folder":
        (tmp_path / "2" / "assets").mkdir()
    else:
        model.unlink()
    assert fingerprint(str(tmp_path / "2")) != known


@pytest.mark.parametrize("target", ["2", "3", "nothing", "2/2"])
def test_a_link_to_itself_or_to_nothing_is_no_version(made, write, tmp_path, target):
    """Two links in a circle, too."""
    versions, _ = made()
    write("1")
    (tmp_path / "2").symlink_to(target)
    (tmp_path / "3").symlink_to("2")
    assert poll(versions) == [1]
    assert versions_in(tmp_path) == {1: "1"}
    (tmp_path / "2").unlink()
    write("2")
    assert poll(versions) == [3]  # a link to a version is one


@pytest.mark.parametrize("name", ["saved_model.pb", "variables/variables.index"])
def test_what_is_no_file_is_not_opened(tmp_path, name):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    os.mkfifo(path)
    with pytest.raises(ValueError, match=f"{name} is a FIFO"):
        check_files(str(tmp_path))
    with pytest.raises(ValueError, match=f"{name} is a FIFO"):
        LoadedVersion(3, str(tmp_path))
    path.unlink()
    (tmp_path / "zeros").symlink_to("/dev/zero")
    with pytest.raises(ValueError, match="zeros is a device"):
        check_files(str(tmp_path))


def test_numbers_that_no_request_could_name_are_passed_over(made, write, caplog):
    versions, _ = made()
    for number in (2**63 - 1, 2**63, 10**200):
        write(str(number))
    assert poll(versions) == poll(versions) == [2**63 - 1]
    assert set(versions.states) == {2**63 - 1}
    for number in (2**63, 10**200):
        assert caplog.text.count(f"Version {number} is passed over") == 1


def test_several_versions_and_removed_ones(made, write, tmp_path):
    versions, _ = made(num_versions=2)
    for name in "123":
        write(name)
    assert poll(versions) == [3, 2]
    shutil.rmtree(tmp_path / "3")
    assert poll(versions) == [2, 1]
    shutil.rmtree(tmp_path / "2")
    shutil.rmtree(tmp_path / "1")
    assert poll(versions) == []


def records(*changes):
    """Returns warm-up requests, each a good one that a function has changed."""
    for change in changes:
        record = prediction_log_pb2.PredictionLog()
        change(record)
        yield record.SerializeToString()


def predicts(name, **inputs):
    def change(record):
        record.predict_log.request.CopyFrom(predict_request(name, inputs))

    return change


def regresses(name):
    def change(record):
        request = record.regress_log.request
        request.model_spec.signature_name = name
        listed = request.input.example_list_with_context
        listed.context.features.feature["x"].float_list.value.extend([1.0] * 64)
        listed.examples.add()

    return change


WARM_UP = {
    "no name": ([predicts("", x=pixels(1))], None),
    "a context": ([regresses("regress")], None),
    "an unknown name": ([predicts("no such", x=pixels(1))], "Request 0.*Received: 'no such'"),
    "another input": ([predicts("score", x=pixels(1)), predicts("", y=[1.0])], "Request 1.*'y'"),
    "no name of regression": ([regresses("")], "'serving_default' with .'inputs'"),
    "no request": ([lambda record: None], "Received: nothing"),
    "classification": (
        [lambda record: record.classify_log.request.model_spec.SetInParent()],
        "Received: classify_log",
    ),
    "too many": ([predicts("generate", seed=[1])] * 1001, "at most 1000 requests"),
}


@pytest.mark.parametrize("name", WARM_UP)
def test_warm_up_requests(version, tmp_path, name):
    """One without a signature's name is for the default one, as in TensorFlow Serving."""
    changes, message = WARM_UP[name]
    shutil.copytree(version, tmp_path / "1")
    with tf.io.TFRecordWriter(str(tmp_path / "1" / warmup.FILE)) as writer:
        for record in records(*changes):
            writer.write(record)
    with contextlib.ExitStack() as stack:
        if message:
            stack.enter_context(pytest.raises(ValueError, match=message))
        LoadedVersion(1, str(tmp_path / "1")).close()


def test_versions_with_labels_are_kept(made, write):
    versions, _ = made(labels={"stable": 1, "gone": 7})
    for name in "123":
        write(name)
    assert poll(versions) == [3, 1]
    write("4")
    assert poll(versions) == [4, 1]
    with versions.lend() as newest:
        assert newest.number == 4


def test_a_directory_that_cannot_be_read_is_logged_once(made, write, tmp_path, caplog):
    versions, _ = made()
    write("1")
    poll(versions)
    os.rename(tmp_path, f"{tmp_path}.away")
    looks = []
    caplog.set_level("INFO")
    read = versions.poll

    async def counted():
        looks.append(1)
        await read()

    versions.poll = counted

    async def watch():
        watching = asyncio.ensure_future(versions.watch(0.001))
        while len(looks) < 20:
            await asyncio.sleep(0.001)
        assert versions.loaded == [1]
        os.rename(f"{tmp_path}.away", tmp_path)
        write("2")
        while versions.loaded != [2]:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.01)
        watching.cancel()

    asyncio.run(asyncio.wait_for(watch(), 10))
    assert caplog.text.count("cannot be read") == caplog.text.count("can be read again") == 1


def test_a_disk_that_does_not_answer_stops_nothing_else(made, write, tmp_path):
    """Neither the event loop nor the end of it waits for a version that is never read."""
    versions, _ = made()
    write("1")
    poll(versions)
    write("2")
    answer = threading.Event()
    versions._load = lambda number, path: answer.wait(60)

    async def watch():
        watching = asyncio.ensure_future(versions.watch(0.001))
        while versions.states.get(2) is None:
            await asyncio.sleep(0.001)
        assert (versions.states[2].state, versions.loaded) == ("LOADING", [1])
        with versions.lend() as lent:
            assert lent.number == 1
        assert versions.running == 1
        watching.cancel()

    start = time.monotonic()
    asyncio.run(asyncio.wait_for(watch(), 10))
    assert time.monotonic() - start < 5
    answer.set()


def test_a_swap_under_load_loses_no_request(server, version, channel, tmp_path):
    """Versions 4, 5 and 6 come while 8 clients ask; 5 is broken, and 4 stays meanwhile."""
    call = channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
    content = predict_request("decode", {"z": np.zeros((1, 16), "float32")}).SerializeToString()
    document = {"signature_name": "score", "instances": pixels(1).tolist()}
    stop = []

    def ask_grpc():
        count = 0
        while not stop:
            call(content, timeout=30)
            count += 1
        return count

    def ask_rest():
        count = 0
        with requests.Session() as session:
            while not stop:
                answer = session.post(f"{server.url}:predict", json=document, timeout=30)
                assert answer.status_code == 200, answer.text
                count += 1
        return count

    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        asking = [threads.submit(ask) for ask in [ask_grpc] * 4 + [ask_rest] * 4]
        try:
            for number, expected in ((4, [4]), (5, [4]), (6, [6])):
                temporary = server.directory / f".copy.{number}"
                # Without warm-up requests, which take the most time of all.
                without = shutil.ignore_patterns("assets.extra")
                shutil.copytree(version, temporary, ignore=without)
                if number == 5:
                    os.truncate(temporary / "saved_model.pb", 1000)
                os.rename(temporary, server.directory / str(number))
                if number == 5:
                    server.wait_for(lambda: "Version 5 does not load" in server.text)
                server.wait_for(lambda expected=expected: server.loaded() == expected)
                time.sleep(0.1)
        finally:
            stop.append(True)
        assert all(future.result() > 0 for future in asking)
    states = requests.get(f"{server.url}/versions/5", timeout=10).json()["model_version_status"]
    assert states[0]["state"] == "END"
    assert states[0]["status"]["error_message"]
    for number in (4, 5, 6):
        shutil.rmtree(server.directory / str(number))
    server.wait_for(lambda: server.loaded() == [3])
    assert server.metric('keras_infovae_loaded_version{model="digits",version="6"}') == 0
    with pytest.raises(grpc.RpcError, match="Version 6 is not loaded"):
        call(predict_request("generate", {"seed": [1]}, version=6).SerializeToString(), timeout=10)
