"""get_strategy: what it gives, and what it refuses before TensorFlow stakes the process on it."""

import json
import socket

import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.training import cluster, strategies

TWO = ["127.0.0.1:40001", "127.0.0.1:40002"]


def config(workers=TWO, index=0, kind="worker"):
    return json.dumps({"cluster": {"worker": workers}, "task": {"type": kind, "index": index}})


def test_one_device_and_many():
    get = ki.training.get_strategy
    assert get("cpu").num_replicas_in_sync == 1
    assert get("auto") is tf.distribute.get_strategy()
    mirrored = get("mirrored")  # of the two logical devices of the tests
    assert isinstance(mirrored, tf.distribute.MirroredStrategy)
    assert mirrored.num_replicas_in_sync == 2
    assert [strategies._best(gpus) for gpus in (0, 1, 2, 8)] == ["auto", "gpu", *["mirrored"] * 2]


@pytest.mark.parametrize("name", ["Mirrored", "multi-worker", None, 3])
def test_an_unknown_name_is_refused(name):
    with pytest.raises(ValueError, match="`strategy` must be one of 'auto', 'cpu', 'gpu'"):
        ki.training.get_strategy(name)


@pytest.mark.skipif(bool(tf.config.list_physical_devices("GPU")), reason="there is a GPU")
def test_devices_that_are_not_there_are_refused():
    with pytest.raises(ValueError, match="finds no GPU.*strategy='gpu'"):
        ki.training.get_strategy("gpu")
    with pytest.raises(ValueError, match="no TPU was found"):
        ki.training.get_strategy("tpu")


BAD = {
    "nothing": (None, "set for several"),
    "no JSON": ("{cluster: 1}", "JSON .Expecting"),
    "a list": ("[1]", "list of addresses"),
    "no workers": ('{"cluster": {}}', "list of addresses"),
    "an address without a port": (config(["host1", "host2"]), "list of addresses host:port"),
    "a port that is none": (config(["host1:0", "host2:70000"]), "list of addresses host:port"),
    "one address twice": (config(TWO[:1] * 2), "an address each"),
    "a parameter server": (
        json.dumps({"cluster": {"worker": TWO, "ps": ["h:1"]}, "task": {}}),
        "workers alone",
    ),
    "another task": (config(kind="chief"), "task.type is 'worker'"),
    "an index beyond": (config(index=2), "one of 0 to 1"),
    "an index of text": (config(index="0"), "one of 0 to 1"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_malformed_cluster_is_refused(case, monkeypatch):
    text, message = BAD[case]
    monkeypatch.delenv(cluster.VARIABLE, raising=False)
    if text is not None:
        monkeypatch.setenv(cluster.VARIABLE, text)
        with pytest.raises(ValueError, match=f"TF_CONFIG must be .*{message}.*Received: "):
            ki.training.get_strategy("auto")  # to train alone in its stead would go unseen
    with pytest.raises(ValueError, match=f"TF_CONFIG must be .*{message}"):
        ki.training.get_strategy("multi_worker")


def test_a_port_that_is_taken_is_refused(monkeypatch):
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv(cluster.VARIABLE, config([f"127.0.0.1:{port}", TWO[1]]))
        with pytest.raises(ValueError, match=f"a free port.*127.0.0.1:{port}"):
            ki.training.get_strategy("multi_worker")


def test_a_process_alone_writes_where_it_was_told(tmp_path):
    strategy = ki.training.get_strategy("mirrored")
    assert ki.training.is_writer(strategy)
    with ki.training.directory_to_write(tmp_path / "run", strategy) as path:
        assert path == tmp_path / "run"


def test_fewer_examples_than_replicas_are_refused():
    with ki.training.get_strategy("mirrored").scope():
        model = ki.VAE(2, encoder="mlp", decoder="mlp")
    with pytest.raises(ValueError, match="`batch_size`.*2 replicas.*batches of 1"):
        model.fit([[0.5, 0.5]] * 4, batch_size=1, verbose=0)
