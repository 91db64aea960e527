"""A served model of texts: strings in JSON, and by the client."""

import json
import pathlib
import re
import shutil
import subprocess

import numpy as np
import pandas
import pytest

import keras_infovae as ki
from tests.serving.server.conftest import Server
from tests.serving.server.test_documentation import END

DOCUMENT = pathlib.Path(__file__).parents[3] / "docs" / "text.md"
GIVEN = ["A CAT sleeps; the elephant?", "don\u2019t  (stop)", "\u00dcber \u4e2d " + "dog " * 20]


@pytest.fixture(scope="module")
def server(texts, tmp_path_factory):
    log = tmp_path_factory.mktemp("log") / "server.txt"
    with Server(pathlib.Path(texts[1]).parent, log) as running:
        running.wait_for(lambda: running.loaded() == [1])
        yield running


@pytest.mark.filterwarnings("ignore:.*texts have more than")
@pytest.mark.parametrize("protocol", ["grpc", "rest"])
def test_the_client_takes_and_gives_the_strings_of_the_model(texts, server, protocol):
    model, _, _ = texts
    address = server.address if protocol == "grpc" else server.root
    with ki.serving.Client(address, model_name="sentences") as client:
        assert client.generate(300, seed=5) == model.generate(300, seed=5)
        z = model.encode(GIVEN)
        np.testing.assert_allclose(client.encode(GIVEN), z, atol=1e-5)
        assert client.decode(z) == model.decode(z)
        assert client.reconstruct(GIVEN) == model.reconstruct(GIVEN)
        np.testing.assert_allclose(client.score(GIVEN), model.score(GIVEN), rtol=1e-4)
        series = client.reconstruct(pandas.Series(GIVEN, index=[7, 8, 9]))
        assert series.to_dict() == dict(zip([7, 8, 9], model.reconstruct(GIVEN)))
        for wrong, error, message in (
            (["a cat", ""], ValueError, r"`texts\[1\]` must be a text of at least one"),
            (["a cat", None], TypeError, r"`texts\[1\]` must be a string"),
            ("a cat", TypeError, "must be a list of strings"),
            (["\ud800"], ValueError, r"`texts\[0\]` must be of whole characters"),
        ):
            with pytest.raises(error, match=message):
                client.encode(wrong)


def test_an_empty_text_of_an_answer_is_empty_and_null_is_refused(texts, server):
    status, answer = server.post(signature_name="generate", inputs={"seed": list(range(64))})
    assert status == 200 and "" in answer["outputs"] and None not in answer["outputs"]
    status, answer = server.post(signature_name="score", inputs={"text": ["a cat", None]})
    assert status == 400 and "Input `text` must be" in answer["error"]
    status, answer = server.post(signature_name="score", inputs={"text": ["a cat", ""]})
    assert status == 400 and "`text[1]` must be a text of at least one" in answer["error"]


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl")
def test_the_lines_of_curl(texts, server):
    model, _, _ = texts
    (script,) = re.findall(r"```sh\n(url=.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.S)
    script = script.replace("localhost:8501", server.root.removeprefix("http://"))
    script = re.sub(r"^curl ", f"curl -sSf -w '{END}' ", script, flags=re.M)
    done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    codes, scores, again, new = map(json.loads, done.stdout.split(END)[:-1])
    given = ["The cat sleeps.", "A dog runs."]
    np.testing.assert_allclose(codes["outputs"]["mean"], model.encode(given), atol=1e-5)
    received = [row["score"] for row in scores["predictions"]]
    np.testing.assert_allclose(received, model.score(given), rtol=1e-4)
    assert again["predictions"] == model.reconstruct(given)
    assert len(new["predictions"]) == 2 and all(isinstance(t, str) for t in new["predictions"])
