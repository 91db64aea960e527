"""Presets as folders: what is written is read again, and nothing else is."""

import hashlib
import io
import json
import os
import pathlib
import resource
import shutil
import sys
import types

import h5py
import keras
import numpy as np
import pytest

import keras_infovae as ki
from keras_infovae.zoo import contents, hubs, places, safe_config, saving
from tests.contracts import eager_functions
from tests.kinds import KINDS, WHOLE

X = np.random.default_rng(0).random((16, 4)).astype("float32")
NETWORKS = {name: ki.networks.MLP([4]) for name in ("encoder", "decoder")}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A model with a threshold, and its preset."""
    model = ki.BetaVAE(2, beta=2.0, seed=3, **NETWORKS)
    model.build(X.shape)
    score = ki.anomaly_scores.ReconstructionLoss()
    model.anomaly_threshold = ki.anomaly_scores.AnomalyThreshold(score, 3.0, 0.2, 16)
    folder = tmp_path_factory.mktemp("presets") / "small"
    picture = folder.parent / "picture.png"
    picture.write_bytes(b"no picture")
    about = {"about": "Not trained.", "data": "None.", "license": "cc0-1.0", "command": "make it"}
    return model, pathlib.Path(model.save_to_preset(folder, files=[picture], **about))


@pytest.fixture
def folder(written, tmp_path):
    """A copy of the preset that may be damaged."""
    return pathlib.Path(shutil.copytree(written[1], tmp_path / "small"))


def seal(folder, **changes):
    """Writes preset.json anew, as who wants to deceive would."""
    path = folder / contents.MANIFEST
    manifest = json.loads(path.read_text()) | changes
    manifest["files"] = contents.describe_files(folder, manifest["files"])
    path.write_text(json.dumps(manifest))


def edit(folder, change):
    """Changes config.json by `change(config)`, and seals it."""
    path = folder / contents.CONFIG
    config = json.loads(path.read_text())
    change(config)
    path.write_text(json.dumps(config))
    seal(folder)


def test_settings_that_older_keras_lacks_are_left_out_where_unset(written, folder):
    """Keras 3.13 and later write them for each layer, and Keras 3.12 would not read the preset."""
    ours = (folder / contents.CONFIG).read_text()
    for name in saving._NEW_SETTINGS:
        assert f'"{name}": null' not in ours
        with_value = {"layers": [{"config": {name: "given", "units": 3}}]}
        without = {"layers": ({"config": {name: None, "units": 3}},), name: None}
        for config in (with_value, without):
            saving._leave_out_unset(config)
        assert with_value == {"layers": [{"config": {name: "given", "units": 3}}]}
        assert without == {"layers": ({"config": {"units": 3}},)}
    if tuple(map(int, keras.__version__.split(".")[:2])) >= (3, 15):
        assert '"quantization_config": null' in json.dumps(
            keras.saving.serialize_keras_object(written[0])
        )


def test_a_preset_says_what_it_is(written):
    model, folder = written
    files = {"README.md", "config.json", "model.weights.h5", "picture.png", "preset.json"}
    assert set(os.listdir(folder)) == files
    manifest = json.loads((folder / "preset.json").read_text())
    assert set(manifest["files"]) == files - {"preset.json"}
    for name, about in manifest["files"].items():
        content = (folder / name).read_bytes()
        assert about == {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    assert (manifest["name"], manifest["model"]) == ("small", "BetaVAE")
    assert manifest["values"] >= model.count_params()
    card = (folder / "README.md").read_text()
    assert 'ki.BetaVAE.from_preset("./small")' in card and "license: cc0-1.0" in card
    assert "Not trained." in card and "`make it`" in card
    assert manifest["files"]["model.weights.h5"]["sha256"] in card


def test_what_is_loaded_is_what_was_saved(written):
    model, folder = written
    loaded = ki.InfoVAE.from_preset(folder)  # the parent's
    assert type(loaded) is ki.BetaVAE and not loaded.compiled
    assert loaded.anomaly_threshold == model.anomaly_threshold is not None
    with eager_functions():
        np.testing.assert_array_equal(loaded.encode(X), model.encode(X))


@pytest.mark.parametrize("kind", [*KINDS, *WHOLE])
def test_models_of_all_kinds_are_kept(kind, tmp_path):
    """Those of the family are held to it in tests/contracts.py."""
    make, _ = (KINDS | WHOLE)[kind]
    model = make()
    model.build(X.shape)
    loaded = ki.GenerativeModel.from_preset(model.save_to_preset(tmp_path / "kind"))
    assert type(loaded) is type(model)
    assert json.dumps(loaded.get_config()) == json.dumps(model.get_config())
    for kept, weight in zip(loaded.weights, model.weights, strict=True):
        np.testing.assert_array_equal(kept, weight)


def test_the_optimizer_stays_out(tmp_path):
    model = ki.VAE(2, seed=0, **NETWORKS)
    model.compile("adam")
    model.build(X.shape)
    model.optimizer.build(model.trainable_variables)
    folder = model.save_to_preset(tmp_path / "compiled", card=lambda known: known["name"])
    with h5py.File(f"{folder}/model.weights.h5") as file:
        assert "optimizer" not in file
    assert pathlib.Path(folder, "README.md").read_text() == "compiled"
    with pytest.raises(FileExistsError, match="exists already"):
        model.save_to_preset(folder)
    model.save_to_preset(folder, overwrite=True, card="Mine.")
    assert pathlib.Path(folder, "README.md").read_text() == "Mine."
    pathlib.Path(folder, "notes.txt").write_text("kept")
    with pytest.raises(FileExistsError, match="notes.txt; they are not touched"):
        model.save_to_preset(folder, overwrite=True)
    assert ki.VAE.from_preset(folder).built  # files that it does not name are nothing to it


def test_what_cannot_be_loaded_is_not_written(tmp_path):
    double = keras.Sequential([keras.layers.Lambda(lambda x: 2 * x), keras.layers.Dense(4)])
    model = ki.VAE(2, encoder=double, decoder=ki.networks.MLP([4]))
    with pytest.raises(ValueError, match="`model` must be one that was built"):
        model.save_to_preset(tmp_path / "mine")
    model.build(X.shape)
    with pytest.raises(ValueError, match="describes 'Lambda'"):
        model.save_to_preset(tmp_path / "mine")
    own = keras.Sequential([keras.layers.Dense(3, keras.activations.silu), keras.layers.Dense(4)])
    model = ki.VAE(2, encoder=own, decoder=ki.networks.MLP([4]))
    model.build(X.shape)
    with pytest.raises(ValueError, match="`files` must be files with plain names"):
        model.save_to_preset(tmp_path / "mine", files=[tmp_path / "config.json"])
    with pytest.raises(FileNotFoundError, match="absent.png"):
        model.save_to_preset(tmp_path / "mine", files=[tmp_path / "absent.png"])
    with pytest.raises(ValueError, match="`files` must be files of different names"):
        model.save_to_preset(tmp_path / "mine", files=["a/p.png", "b/p.png"])
    for card in (3, lambda manifest: None):
        with pytest.raises(TypeError, match="`card` must be"):
            model.save_to_preset(tmp_path / "mine", card=card)
    with pytest.raises(TypeError, match="`files` must be a list of paths"):
        model.save_to_preset(tmp_path / "mine", files="one.py")
    assert os.listdir(tmp_path) == []
    assert ki.VAE.from_preset(model.save_to_preset(tmp_path / "mine")).latent_dim == 2


def test_a_network_may_compute_by_operations_of_keras(tmp_path):
    x = keras.Input((4,))
    network = keras.Model(x, keras.ops.exp(keras.ops.squeeze(x[:, None, :], axis=1)))
    model = ki.VAE(2, encoder=network, decoder=ki.networks.MLP([4]), seed=0)
    model.build(X.shape)
    loaded = ki.VAE.from_preset(model.save_to_preset(tmp_path / "mine"))
    with eager_functions():
        np.testing.assert_array_equal(loaded.encode(X), model.encode(X))


# === Damaged ones, and ones that deceive ===


def refused(folder, words, error=ValueError):
    with pytest.raises(error, match=words):
        ki.GenerativeModel.from_preset(folder)


def test_a_damaged_preset_is_refused_by_its_file(folder):
    weights = folder / contents.WEIGHTS
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    refused(folder, "model.weights.h5 is damaged: its SHA-256 is")
    weights.write_bytes(content[:-1])
    refused(folder, "model.weights.h5 must have [0-9,]+ bytes, says preset.json; it has")
    weights.unlink()
    refused(folder, "model.weights.h5", FileNotFoundError)
    os.mkfifo(weights)
    refused(folder, "model.weights.h5 is no regular file")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is no JSON"),
        ("[" * 100000, "is no JSON"),
        ("[]", "it is not of a preset"),
        ('{"keras_infovae_preset": 2}', "is of the format 2, and this version"),
        ('{"keras_infovae_preset": 1}', "has no text 'name'"),
    ],
)
def test_a_preset_json_of_another_form_is_refused(folder, text, words):
    (folder / contents.MANIFEST).write_text(text)
    refused(folder, f"preset.json .*{words}|preset.json {words}")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "must name config.json"),
        ({"../secret": {"bytes": 1, "sha256": "0" * 64}}, "a file that no preset has: '../secret'"),
        ({"a.png": {"bytes": -1, "sha256": "0" * 64}}, "must have 'bytes' and 'sha256' of a.png"),
        ({"a.png": 3}, "must have 'bytes' and 'sha256' of a.png"),
    ],
)
def test_files_of_another_form_are_refused(folder, files, words):
    path = folder / contents.MANIFEST
    manifest = json.loads(path.read_text())
    manifest["files"] = {**manifest["files"], **files} if files else {}
    path.write_text(json.dumps(manifest))
    refused(folder, words)


OBJECTS = {
    "lambda": {"module": "keras.layers", "class_name": "Lambda", "config": {}},
    "code": {"class_name": "__lambda__", "config": {"value": "x"}},
    "program": {"module": "os", "class_name": "system", "config": {}, "registered_name": None},
    "download": {"module": "keras.utils", "class_name": "get_file", "config": {}},
    "file": {"module": "keras.layers", "class_name": "StringLookup", "config": {}},
    "pickle": {"module": "keras.layers", "class_name": "TorchModuleWrapper", "config": {}},
    "loop": {"module": "keras.src.ops.core", "class_name": "Map", "config": {}},
    "no operation": {"module": "keras.src.ops.numpy", "class_name": "backend", "config": {}},
    "function": {"module": "os", "class_name": "function", "config": "system"},
    "unknown": {"module": "mine", "class_name": "Mine", "registered_name": "mine>Mine"},
    "masked": {"module": "os.path", "class_name": "Dense", "config": {}},
}


@pytest.mark.parametrize("name", OBJECTS)
def test_a_config_that_would_run_code_is_refused(folder, name, monkeypatch):
    monkeypatch.setattr(keras.saving, "deserialize_keras_object", None)  # nothing is made
    edit(folder, lambda config: config["config"].update(encoder=[{"deep": OBJECTS[name]}]))
    refused(folder, "config.json describes")


@pytest.mark.parametrize("units", [10**6, 10**9])
def test_a_config_of_more_weights_than_the_file_has_is_refused_before_they_are(folder, units):
    """10^9 units would be 16 GB, which no test may take."""

    def widen(config):
        layers = config["config"]["encoder"]["config"]["layers"]
        next(one for one in layers if one["class_name"] == "Dense")["config"]["units"] = units

    edit(folder, widen)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused(folder, f"config.json asks for {4 * units:,} weights or more; model.weights.h5 has")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 10**5  # kilobytes


def test_a_config_may_be_nested_so_deep_and_no_deeper():
    config = {}
    for _ in range(200):
        config = {"part": [config]}
    with pytest.raises(ValueError, match="nested more than"):
        safe_config.check_config(config)


def test_the_class_is_checked_before_anything_is_made(folder, monkeypatch):
    monkeypatch.setattr(keras.saving, "deserialize_keras_object", None)
    with pytest.raises(ValueError, match="one of MMDVAE; this holds BetaVAE, which BetaVAE.from_"):
        ki.MMDVAE.from_preset(folder)
    seal(folder, registered_name="keras_infovae>VAE")
    refused(folder, "'keras_infovae>VAE', and config.json that it is 'keras_infovae>BetaVAE'")
    seal(folder, registered_name="mine>Mine")
    edit(folder, lambda config: config.update(registered_name="mine>Mine"))
    refused(folder, "needs the model 'mine>Mine', which is not registered")
    (folder / contents.CONFIG).write_text("3")
    seal(folder)
    refused(folder, "config.json describes no model")


def link(file):
    file["far"] = h5py.ExternalLink("/etc/passwd", "/")


def compress(file):
    file.create_dataset("zeros", (10**9,), "f4", chunks=(10**6,), compression="gzip")


def add(file):
    file["more"] = np.zeros(3)


def leave_unwritten(file):
    file.create_dataset("more", (10**9,), "f4")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (link, "has a link"),
        (compress, "not kept as it is"),
        (add, "numbers, says preset.json; it has"),
        (leave_unwritten, "larger than the file"),
    ],
)
def test_weights_that_are_more_than_weights_are_refused(folder, change, words):
    with h5py.File(folder / contents.WEIGHTS, "a") as file:
        change(file)
    seal(folder)
    refused(folder, words)


@pytest.mark.filterwarnings("ignore:Skipping")
def test_weights_of_another_model_are_refused(folder):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["a"] = np.zeros(3)
    (folder / contents.WEIGHTS).write_bytes(buffer.getvalue())
    seal(folder, values=3)
    refused(folder, "model.weights.h5 does not fit config.json")
    (folder / contents.WEIGHTS).write_bytes(b"none")
    seal(folder)
    refused(folder, "is no file of weights")


# === Names, and hubs ===


def test_names_paths_and_addresses(written, tmp_path, monkeypatch):
    _, folder = written
    monkeypatch.setattr(places, "places", lambda: {"package": str(folder.parent)})
    assert places.folder_of("small") == str(folder)
    assert ki.presets().loc["small", "model"] == "BetaVAE"
    with pytest.raises(ValueError, match="Did you mean 'small'"):
        places.folder_of("smal")
    monkeypatch.chdir(folder.parent)
    monkeypatch.setattr(places, "places", dict)
    assert len(ki.presets()) == 0
    with pytest.raises(ValueError, match='or "./small" for the folder here'):
        places.folder_of("small")
    assert places.folder_of("./small") == "./small"
    with pytest.raises(FileNotFoundError, match="no preset in"):
        places.folder_of(tmp_path)
    with pytest.raises(ValueError, match="a name, a path, hf://"):
        places.folder_of("s3://user/name")
    with pytest.raises(ValueError, match="must be hf://user/name"):
        places.folder_of("hf://user/../name")
    with pytest.raises(ValueError, match="must be kaggle://owner/model/framework/variation"):
        places.folder_of("kaggle://owner/model")
    with pytest.raises(TypeError, match="`preset` must be a name"):
        places.folder_of(3)


def test_hubs_are_asked_by_their_clients(written, monkeypatch):
    model, folder = written
    asked = []

    def download(name, **options):
        asked.append((name, options))
        return folder

    client = types.SimpleNamespace(snapshot_download=download, model_download=download)
    monkeypatch.setitem(sys.modules, "huggingface_hub", client)
    monkeypatch.setitem(sys.modules, "kagglehub", client)
    loaded = ki.BetaVAE.from_preset("hf://user/name@main")
    np.testing.assert_array_equal(loaded.weights[0], model.weights[0])
    ki.BetaVAE.from_preset("kaggle://owner/model/keras/small/1")
    (_, first), (name, options), (kaggle, _) = asked
    assert first["allow_patterns"] == ["preset.json"]  # which says what else there is
    assert set(os.listdir(folder)) <= set(options["allow_patterns"])
    assert (name, options["revision"], kaggle) == ("user/name", "main", "owner/model/keras/small/1")

    def fail(name, **options):
        raise RuntimeError("no route to host")

    client.snapshot_download = fail
    with pytest.raises(ConnectionError, match="hf://user/name could .* no route .*by its path"):
        hubs.get("hf", "user/name")
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)  # as if it were not there
    with pytest.raises(ImportError, match=r"pip install keras-infovae\[huggingface\]"):
        hubs.get("hf", "user/name")


def test_a_model_with_a_large_critic_is_read_again(tmp_path):
    divergence = ki.divergences.TotalCorrelationCritic(hidden_units=(1100, 1100))
    model = ki.FactorVAE(2, divergence=divergence, seed=3, **NETWORKS)
    model.build(X.shape)
    again = ki.FactorVAE.from_preset(model.save_to_preset(tmp_path / "large"))
    np.testing.assert_array_equal(again.encode(X), model.encode(X))
