"""Served models of raw data: rows in JSON, and DataFrames and images by the client."""

import json
import pathlib
import re
import shutil
import subprocess

import keras
import numpy as np
import pandas
import pytest
import requests

import keras_infovae as ki
from keras_infovae.serving import model_card, saved_model, signatures
from keras_infovae.serving.served_model import ServedModel
from tests.serving.conftest import small
from tests.serving.server.conftest import Server
from tests.serving.server.test_documentation import END
from tests.tables.people import people

TEXT = (pathlib.Path(__file__).parents[3] / "docs" / "serving.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def documented(tables):
    """The model of docs/serving.md, as the latest version, which nothing compares here."""
    table = people(60)[["age", "sex", "income", "city", "born", "member"]]
    schema = ki.tables.Schema.infer(table)
    model = small(shape=[schema.width], preprocessor=schema)
    write(model, ["score", "generate"], pathlib.Path(tables[1]).with_name("3"))
    return model


@pytest.fixture(scope="module")
def of_images(tables):
    """A model of 8-bit images, as the second version."""
    model = small(shape=[4, 5], preprocessor=ki.preprocessors.Images())
    names = ["score", "reconstruct", "generate", "preprocessor"]
    write(model, names, pathlib.Path(tables[1]).with_name("2"))
    return model


def write(model, names, path):
    """Writes signatures of a model, which nothing compares here, to a version's directory."""
    served = ServedModel(model)
    chosen = signatures.choose(names, served)
    traced = saved_model.trace_all(chosen, served)
    saved_model.write(str(path), traced)
    differences = dict.fromkeys(traced, 0.0)
    model_card.write(path, model_card.describe(served, chosen, traced, differences, 1e-5))


@pytest.fixture(scope="module")
def server(tables, documented, of_images, tmp_path_factory):
    log = tmp_path_factory.mktemp("log") / "server.txt"
    with Server(pathlib.Path(tables[1]).parent, log, "--num_versions=3") as running:
        running.wait_for(lambda: sorted(running.loaded()) == [1, 2, 3])
        yield running


@pytest.fixture(scope="module", params=["grpc", "rest"])
def client(server, request):
    address = server.address if request.param == "grpc" else server.root
    with ki.serving.Client(address, model_name="people", version=1) as client:
        yield client


def test_the_client_gives_the_data_frames_of_the_model(tables, client, rows):
    model, _, _ = tables
    given = rows.set_index(np.arange(len(rows)) + 7)
    z = model.encode(given)
    for received, expected in (
        (client.generate(300, seed=5), model.generate(300, seed=5)),
        (client.decode(z.to_numpy()), model.decode(z.to_numpy())),
        (client.reconstruct(given), model.reconstruct(given)),
        (client.encode(given), z),
    ):
        pandas.testing.assert_frame_equal(received, expected, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(client.score(given), model.score(given), rtol=1e-4)
    np.testing.assert_array_equal(client.is_anomaly(given), model.is_anomaly(given))
    first = np.arange(len(given)) < 2
    partial = given.assign(age=given["age"].mask(first), sex=given["sex"].mask(first))
    np.testing.assert_allclose(client.score(partial), model.score(partial), rtol=1e-4)


def test_rows_have_the_form_of_the_table_in_every_way(tables, client, rows, tmp_path):
    """Names, dtypes and lists of categories, after `fit(table)` and all that may follow it."""
    model, _, _ = tables
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for new in (model.generate(1000), loaded.generate(1000), client.generate(1000)):
        assert len(new) == 1000
        pandas.testing.assert_frame_equal(new.head(0), rows.head(0), check_index_type=False)


def test_the_client_refuses_what_the_model_refuses(client, rows):
    with pytest.raises(ValueError, match="'sex' must hold F, M.*'X'"):
        client.score(rows.assign(sex="X"))
    with pytest.raises(ValueError, match="`table` must have the columns.*no 'age'"):
        client.score(rows.drop(columns="age"))
    with pytest.raises(TypeError, match="`table` must be a pandas DataFrame"):
        client.score(np.zeros([3, 4]))
    with pytest.raises(ValueError, match="'member' must have all of its truth values"):
        client.score(rows.assign(member=rows["member"].astype(object).mask(rows.index == 0)))


@pytest.mark.parametrize("way", ["address", "root"])
def test_the_client_gives_the_8_bit_images_of_the_model(server, of_images, way):
    images = np.random.default_rng(0).integers(0, 256, [7, 4, 5], "uint8")
    with ki.serving.Client(getattr(server, way), model_name="people", version=2) as client:
        new = client.generate(9, seed=2)
        assert new.dtype == np.uint8
        np.testing.assert_array_equal(new, of_images.generate(9, seed=2))
        np.testing.assert_array_equal(client.reconstruct(images), of_images.reconstruct(images))
        np.testing.assert_allclose(client.score(images), of_images.score(images), rtol=1e-5)
        with pytest.raises(ValueError, match="`x` must be 8-bit images"):
            client.score(images / 255)
        with pytest.raises(ValueError, match=r"\[4, 5\]|4, 5"):
            client.score(images[:, :3])


ROW = {"age": 40, "sex": "F", "income": 1e4, "city": "Oslo", "born": "2024-05-01", "member": True}


def test_null_is_a_missing_value_in_both_forms(server, documented):
    given = [ROW | {"income": None, "city": None}, ROW | {"income": 5000.0, "born": None}]
    table = pandas.DataFrame(given).astype({"income": "float64"})
    expected = documented.score(table.assign(born=pandas.to_datetime(table["born"])))
    status, answer = server.post(signature_name="score", instances=given)
    assert status == 200
    scores = [row["score"] for row in answer["predictions"]]
    np.testing.assert_allclose(scores, expected, rtol=1e-4)
    columns = {name: [row[name] for row in given] for name in ROW}
    status, answer = server.post(signature_name="score", inputs=columns)
    np.testing.assert_allclose(answer["outputs"]["score"], expected, rtol=1e-4)
    # As TensorFlow Serving has it.
    text = json.dumps({"signature_name": "score", "inputs": columns | {"income": [np.nan, 5e3]}})
    text = text.replace('null, "Oslo"', '"", "Oslo"').replace(
        '"2024-05-01", null', '"2024-05-01", ""'
    )
    answer = requests.post(f"{server.url}:predict", data=text, timeout=30).json()
    np.testing.assert_allclose(answer["outputs"]["score"], expected, rtol=1e-4)


def test_missing_values_of_answers_are_null(server, documented):
    status, answer = server.post(signature_name="generate", instances=list(range(200)))
    assert status == 200
    new = pandas.DataFrame(answer["predictions"])
    assert new[["income", "city"]].isna().any().all()
    assert not new.drop(columns=["income", "city"]).isna().any(axis=None)
    assert {type(row["age"]) for row in answer["predictions"]} == {int}
    assert {type(row["member"]) for row in answer["predictions"]} == {bool}
    assert new["born"].str.fullmatch(r"\d{4}-\d\d-\d\d").all()
    expected = documented.preprocessor.raw(
        documented.generate_rows(np.arange(200), None, True).numpy()
    )
    assert new["city"].fillna("").tolist() == expected["city"].fillna("").tolist()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sex": "X"}, "Column `sex` must hold F, M. Received: X"),
        (
            {"born": "01.05.2024"},
            "Column `born` must hold dates or times as ISO 8601. Received: 01",
        ),
        ({"age": "40"}, "Input `age` must be float64 of shape [n], numbers alone. Received: text"),
        ({"sex": 1}, 'Input `sex` must be {"b64": TEXT} in base64. Received: 1'),
        ({"member": 1}, "Input `member` must be bool of shape [n], true or false alone. Received"),
        ({"member": None}, "true or false alone. Received: null"),
        ({"age": float("inf")}, "Input `age` must be finite. Received: inf at [0]"),
        ({"wage": 1}, "Input `wage` is not one of the signature's: `age`, `born`, `city`"),
    ],
)
def test_a_row_that_is_refused_says_which_column(server, change, message):
    text = json.dumps({"signature_name": "score", "instances": [ROW | change]})
    answer = requests.post(f"{server.url}:predict", data=text, timeout=30)
    assert answer.status_code == 400
    assert message in answer.json()["error"]


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl")
def test_the_lines_of_curl(server, documented):
    (script,) = re.findall(r"```sh\n(url=[^`]*people.*?)```", TEXT, re.S)
    script = script.replace("localhost:8501", server.root.removeprefix("http://"))
    script = re.sub(r"^curl ", f"curl -sSf -w '{END}' ", script, flags=re.M)
    done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    scored, columns, new = map(json.loads, done.stdout.split(END)[:-1])
    assert scored["predictions"][0]["score"] == columns["outputs"]["score"][0]
    assert sorted(new["predictions"][0]) == sorted(ROW)
