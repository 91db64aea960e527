"""The server's memory over many requests."""

import concurrent.futures

import grpc
import numpy as np
import pytest
import requests

from tests.serving.server.conftest import Server, pixels
from tests.serving.server.test_grpc import predict_request
from tests.serving.server.test_limits import resident

REQUESTS, WARM_UP, EVERY, THREADS = 50_000, 10_000, 1_000, 8


@pytest.mark.slow
def test_it_is_flat_over_50000_requests(version, tmp_path):
    """The slope of the resident memory over 50,000 requests, of which a tenth are bad ones.

    The tolerance is 64 bytes for each request: what a leak of the smallest container of Python's,
    an empty tuple in a list or an empty list, takes (56 bytes and its pointer). The first 10,000
    requests, in which arenas of the allocators grow to the largest load, are left out.
    """
    good = predict_request("score", {"x": pixels(1)}).SerializeToString()
    bad = predict_request("score", {"x": pixels(1) + 100}).SerializeToString()
    document = {"signature_name": "encode", "inputs": {"x": pixels(1).tolist(), "seed": [1]}}

    with Server(version.parent, tmp_path / "log.txt") as server:
        channels = [grpc.insecure_channel(server.address) for _ in range(THREADS)]
        sessions = [requests.Session() for _ in range(THREADS)]

        def ask(thread):
            call = channels[thread].unary_unary("/tensorflow.serving.PredictionService/Predict")
            for index in range(EVERY // THREADS):
                if index % 10 == 0:
                    with pytest.raises(grpc.RpcError, match="Input `x`"):
                        call(bad, timeout=60)
                elif index % 10 < 4:
                    url = f"{server.url}:predict"
                    assert sessions[thread].post(url, json=document, timeout=60).ok
                else:
                    call(good, timeout=60)

        sizes = []
        with concurrent.futures.ThreadPoolExecutor(THREADS) as threads:
            for _ in range(REQUESTS // EVERY):
                list(threads.map(ask, range(THREADS)))
                sizes.append(resident(server.process.pid))
        for opened in (*channels, *sessions):
            opened.close()
        count = server.metric("keras_infovae_requests_total")
        assert count >= REQUESTS
    kept = np.array(sizes[WARM_UP // EVERY :])
    slope = np.polyfit(EVERY * np.arange(len(kept)), kept, 1)[0]
    print(f"{slope:.1f} bytes per request; {kept[0] / 1e6:.1f} to {kept[-1] / 1e6:.1f} MB")
    assert slope < 64
