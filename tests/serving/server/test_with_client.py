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
    drawn = model.encode(x, sample=True, seed=4)
    np.testing.assert_allclose(client.encode(raw, sample=True, seed=4), drawn, **close)
    z = model.encode(x)
    np.testing.assert_allclose(client.decode(z), 16.0 * model.decode(z), rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(
        client.reconstruct(raw), 16.0 * model.reconstruct(x), rtol=1e-5, atol=1e-4
    )
    new = 16.0 * model.generate(5, seed=7)  # in three parts
    np.testing.assert_allclose(client.generate(5, seed=7), new, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(client.elbo(raw, seed=7), model.elbo(x, seed=7), rtol=1e-5)
    scores = client.all_scores(raw)
    np.testing.assert_allclose(scores["score"], model.score(x), rtol=1e-5)
    # Another request may share its batch with other rows, which sums of 64 draws round by.
    np.testing.assert_allclose(client.score(raw), scores["negative_elbo"], rtol=1e-6)
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
