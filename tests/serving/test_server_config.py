"""The server's configuration, read with the server's own messages."""

import os

import pytest
from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    message_factory,
    text_format,
    wrappers_pb2,
)
from tensorflow_serving.config import model_server_config_pb2

import keras_infovae as ki
from keras_infovae.serving.versions import versions_in


@pytest.fixture
def directory(tmp_path):
    """Versions 1 and 3 of one model, 2 of another, and what are no models."""
    for name in ("digits/1", "digits/003", "a 'model\"/2", "notes", "digits/.4.half", ".hidden/1"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("5", "digits/9"):
        (tmp_path / name).write_text("a file")
    (tmp_path / "digits" / str(2**63)).mkdir()
    return tmp_path


def models(directory, **settings):
    """Returns {model: its `ModelConfig`} as the server reads it."""
    paths = ki.serving.write_server_config(directory, **settings)
    assert [os.path.basename(path) for path in paths] == [
        "models.config",
        "batching_params.pbtxt",
        "monitoring.config",
    ]
    with open(paths[0], encoding="utf-8") as file:
        config = text_format.Parse(file.read(), model_server_config_pb2.ModelServerConfig())
    return {model.name: model for model in config.model_config_list.config}


def test_every_model_is_served_by_its_newest_version(directory):
    found = models(directory, base_path="/srv")
    assert sorted(found) == ["a 'model\"", "digits"]
    for name, model in found.items():
        assert model.base_path == f"/srv/{name}"
        assert model.model_platform == "tensorflow"
        assert model.model_version_policy.latest.num_versions == 1
        assert not model.version_labels
    assert sorted(versions_in(directory / "digits").items()) == [(1, "1"), (3, "003")]


def test_versions_and_labels(directory):
    assert models(directory, versions=2)["digits"].model_version_policy.latest.num_versions == 2
    assert models(directory, versions="all")["digits"].model_version_policy.HasField("all")
    labels = {"digits": {"stable": 1, "canary": 3}}
    labeled = models(directory, labels=labels)
    assert labeled["digits"].model_version_policy.specific.versions == [1, 3]
    assert dict(labeled["digits"].version_labels) == labels["digits"]
    assert labeled["a 'model\""].model_version_policy.latest.num_versions == 1
    everything = models(directory, labels=labels, versions="all")["digits"]
    assert everything.model_version_policy.HasField("all") and everything.version_labels


# Of tensorflow_serving/servables/tensorflow/session_bundle_config.proto and
# tensorflow_serving/config/monitoring_config.proto, which tensorflow-serving-api leaves out.
BATCHING = ["max_batch_size", "batch_timeout_micros", "max_enqueued_batches", "num_batch_threads"]
TEXT, BOOL, INNER = 9, 8, 11  # types of fields


def message_class(name, fields, *inner):
    """Returns a message class from [(field, type, the name of the type of a message)]."""
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{name}.proto",
        package="serving",
        syntax="proto3",
        dependency=["google/protobuf/wrappers.proto"],
    )
    for message, rows in [*inner, (name, fields)]:
        described = file.message_type.add(name=message)
        for number, (field, kind, type_name) in enumerate(rows, start=1):
            described.field.add(name=field, number=number, type=kind, type_name=type_name, label=1)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"serving.{name}"))


def test_batching_and_monitoring(directory):
    integer = ".google.protobuf.Int64Value"
    batching_class = message_class("Batching", [(name, INNER, integer) for name in BATCHING])
    prometheus = ("Prometheus", [("enable", BOOL, None), ("path", TEXT, None)])
    monitoring_class = message_class(
        "Monitoring", [("prometheus_config", INNER, ".serving.Prometheus")], prometheus
    )
    settings = dict(zip(BATCHING, (64, 0, 7, 3)))
    _, batching, monitoring = ki.serving.write_server_config(directory, **settings)
    with open(batching, encoding="utf-8") as file:
        read = text_format.Parse(file.read(), batching_class())
    assert {name: getattr(read, name).value for name in BATCHING} == settings
    with open(monitoring, encoding="utf-8") as file:
        assert text_format.Parse(file.read(), monitoring_class()).prometheus_config.enable
    _, batching, _ = ki.serving.write_server_config(directory)
    with open(batching, encoding="utf-8") as file:
        read = text_format.Parse(file.read(), batching_class())
    assert not read.HasField("num_batch_threads")  # the server's own default


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"base_path": "models"}, "`base_path` must be an absolute path"),
        ({"versions": "newest"}, "`versions` must be 'latest', 'all' or an integer"),
        ({"versions": 0}, "`versions` must be an integer of at least 1"),
        ({"labels": {"digits": 1}}, "`labels` must be {model: {label: version}}"),
        ({"labels": {"faces": {"stable": 1}}}, "`labels` must be of the models"),
        ({"labels": {"digits": {"stable": 2}}}, r"`labels\['digits'\]\['stable'\]` must be one of"),
        ({"labels": {"digits": {1: 1}}}, "`labels` must be {model: {label: version}}"),
        ({"max_batch_size": 0}, "`max_batch_size` must be"),
        ({"batch_timeout_micros": -1}, "`batch_timeout_micros` must be"),
        ({"num_batch_threads": 0}, "`num_batch_threads` must be"),
        ({"max_enqueued_batches": 0.5}, "`max_enqueued_batches` must be"),
        ({"directory": "missing"}, "`directory` must be a directory"),
        ({"directory": "notes"}, "`directory` must be what holds the directories"),
    ],
)
def test_what_cannot_be_used_is_named(directory, settings, message, monkeypatch):
    monkeypatch.chdir(directory)
    with pytest.raises((ValueError, TypeError), match=message):
        ki.serving.write_server_config(**({"directory": "."} | settings))
    assert not list(directory.glob("*.config"))
