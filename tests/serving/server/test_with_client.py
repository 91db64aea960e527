"""`ki.serving.Client` and the local server, by both protocols: the numbers of the Keras model."""

import numpy as np
import pytest

import keras_infovae as ki
from tests.serving.server.conftest import pixels


@pytest.fixture(scope="module", params=["grpc", "rest"])
def client(request, server):
    address = server.address if request.param == "grpc" else server.root
    with ki.serving.Client(address, model_name="digits", max_rows=2) as client:
        client.wait_until_ready()
        yield client


def test_every_method_gives_what_the_keras_model_does(client, keras_model):
    model, raw = keras_model, pixels(5)
    x = model.scaling.apply(raw)
    close = {"rtol": 1e-5, "atol": 1e-5}
    np.testing.assert_allclose(client.encode(raw), model.encode(x), **close)
    seeds = np.arange(5)
    drawn = [model.encode(x[i : i + 1], sample=True, seed=i)[0] for i in range(5)]
    np.testing.assert_allclose(client.encode(raw, sample=True, seed=seeds), drawn, **close)
    z = model.encode(x)
    np.testing.assert_allclose(client.decode(z), 16.0 * model.decode(z), rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(
        client.predict(raw), 16.0 * model.predict(x, verbose=0), rtol=1e-5, atol=1e-4
    )
    new = [16.0 * model.generate(1, seed=seed)[0] for seed in (7, 8)]
    np.testing.assert_allclose(client.generate(2, seed=np.array([7, 8])), new, rtol=1e-5, atol=1e-4)
    scores = client.score(raw)
    np.testing.assert_allclose(scores["negative_elbo"], model.score(x), rtol=1e-5)
    np.testing.assert_array_equal(scores["anomaly"], model.is_anomaly(x))
    assert scores["anomaly"].dtype == bool and 0 < scores["anomaly"].sum() < 5


def test_what_the_server_refuses_is_said(client):
    with pytest.raises(ki.serving.ServingError, match="rows|range|must be"):
        client.run("score", {"x": 1e9 + pixels(1)})
    assert client.ready()
    assert client.metadata()["version"] == 3


@pytest.mark.parametrize("protocol", ["grpc", "rest"])
def test_a_request_that_is_too_large_is_sent_once(server, protocol):
    address = server.address if protocol == "grpc" else server.root
    count = f'keras_infovae_requests_total{{method="predict",protocol="{protocol}"'
    before = server.metric(count)
    with (
        ki.serving.Client(address, model_name="digits", max_rows=5000) as client,
        pytest.raises(ki.serving.ServingError, match="--max_rows"),
    ):
        client.generate(5000, seed=1)
    assert server.metric(count) == before + 1
