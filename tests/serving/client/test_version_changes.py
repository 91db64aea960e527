"""Another version takes over between calls and within one; its numbers are larger by 1."""

import numpy as np
import pytest

import keras_infovae as ki
from tests.serving.conftest import IMAGE, raw_examples

RAW = np.rint(raw_examples(IMAGE, 16.0))
CLOSE = {"rtol": 1e-5, "atol": 1e-5}  # rounding of batches of other sizes
Z = np.random.default_rng(0).normal(size=(12, 3)).astype("float32")


@pytest.mark.parametrize("unloads", [False, True])
@pytest.mark.parametrize("named", [None, "stable"])
def test_all_parts_of_a_call_are_of_one_version(make_client, server, unloads, named):
    client = make_client(version=named, max_rows=2)
    first = client.generate(12, seed=0)
    server.reset()
    server.swap_after, server.unloads = 2, unloads
    received = client.generate(12, seed=0)
    np.testing.assert_allclose(received, first + unloads, **CLOSE)
    # Afterwards all is of the newest, even where the other one is still there.
    np.testing.assert_allclose(client.generate(12, seed=0), first + 1, **CLOSE)


def test_a_version_of_a_number_is_not_left(make_client, server):
    client = make_client(version=1, max_rows=2)
    client.generate(12, seed=0)
    server.swap_after, server.unloads = len(server.requests) + 2, True
    with pytest.raises(ki.serving.ServingError, match="there is no such version"):
        client.generate(12, seed=0)


@pytest.mark.parametrize("max_rows", [2, 12])
def test_outputs_are_those_of_the_version_that_answers(make_client, server, max_rows):
    client = make_client(max_rows=max_rows)
    requests = {"decode": {"z": Z}, "encode": {"x": np.repeat(RAW, 2, 0), "seed": np.arange(12)}}
    first = {name: client.run(name, inputs) for name, inputs in requests.items()}
    server.newest = 2
    received = {name: client.run(name, inputs) for name, inputs in requests.items()}
    assert set(received["decode"]) == {"x", "twice"}
    assert set(received["encode"]) == {"mean", "z"}
    np.testing.assert_allclose(received["decode"]["x"], first["decode"]["x"] + 1, **CLOSE)
    np.testing.assert_allclose(received["encode"]["z"], first["encode"]["z"] + 1, **CLOSE)


def test_outputs_that_the_metadata_never_tells_are_an_error(client, server, monkeypatch):
    monkeypatch.setitem(server.signature_maps, 2, server.signature_maps[1])
    server.newest = 2
    for name, inputs in {"decode": {"z": Z}, "encode": {"x": RAW, "seed": range(6)}}.items():
        server.requests.clear()
        with pytest.raises(ki.serving.ServingError, match="ABORTED: its inputs and outputs"):
            client.run(name, inputs)
        assert len(server.requests) == 2
