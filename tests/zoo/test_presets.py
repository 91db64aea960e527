"""The presets themselves: whole, of classes that are known, small, with cards of their numbers."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

import keras_infovae as ki
from keras_infovae.cli.main import main
from keras_infovae.zoo import contents, places, safe_config, safe_weights
from tools.zoo import card, reproduced
from tools.zoo.recipes import RECIPES

ROOT = pathlib.Path(__file__).parents[2]
NAMED = places.named()
MEGABYTE = 10**6
LIMITS = {"package": 5 * MEGABYTE, "checkout": 40 * MEGABYTE}


def read(folder, name):
    return json.loads(pathlib.Path(folder, name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMED)
def test_a_preset_is_whole_and_its_card_has_its_numbers_alone(name):
    _, folder = NAMED[name]
    manifest = contents.read_manifest(folder)
    assert set(os.listdir(folder)) == {*manifest["files"], contents.MANIFEST}
    contents.check_files(folder, manifest)
    safe_config.check_config(read(folder, contents.CONFIG))
    safe_weights.check_weights(os.path.join(folder, contents.WEIGHTS), manifest["values"])
    assert manifest["name"] == name
    known = card.card_text(manifest, read(folder, "numbers.json"))
    assert pathlib.Path(folder, contents.CARD).read_text(encoding="utf-8") == known


@pytest.mark.parametrize("name", NAMED)
def test_a_preset_is_made_by_its_recipe(name):
    _, folder = NAMED[name]
    manifest, recipe = contents.read_manifest(folder), RECIPES[name]()
    assert manifest["command"].startswith(f"python -m tools.make_preset {name} ")
    about = manifest["about"], manifest["data"], manifest["license"]
    assert about == (recipe.about, recipe.data, recipe.license)
    told = read(folder, "numbers.json")["about"]
    assert (told["use"], tuple(told["limitations"])) == (recipe.use, recipe.limitations)
    assert recipe.in_package == (NAMED[name][0] == "package")


def test_the_table_of_other_seeds_is_of_the_cards():
    rows = reproduced.read_rows()
    table = "\n".join(reproduced.table_text(rows))
    assert table in (ROOT / "docs/presets.md").read_text(encoding="utf-8")
    for row in rows:
        seeds = read(NAMED[row["preset"]][1], "numbers.json")["seeds"]
        mean, half = card.spread([numbers[row["number"]] for numbers in seeds.values()])
        assert row["seed"] not in seeds
        expected = pytest.approx(mean, rel=1e-5, abs=1e-9), pytest.approx(half, rel=1e-5, abs=1e-9)
        assert (float(row["mean"]), float(row["half_width"])) == expected
        rounded = 1e-5 * max(abs(mean), half) + 1e-9  # the file has six digits of each number
        within = abs(float(row["value"]) - mean) <= half + rounded
        assert row["within"] == str(within), row


@pytest.mark.parametrize("place", LIMITS)
def test_presets_are_small(place):
    folders = [pathlib.Path(folder) for of, folder in NAMED.values() if of == place]
    size = sum(file.stat().st_size for folder in folders for file in folder.iterdir())
    assert size < LIMITS[place]


def test_the_table_and_the_command_list_all_presets(capsys):
    table = ki.presets()
    assert list(table.index) == list(NAMED)
    assert main(["keras-infovae", "presets"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].split() == ["name", "model", "shape", "weights", "kilobytes", "place"]
    for line, (name, row) in zip(printed[1:], table.iterrows()):
        assert line.split()[:2] == [name, row["model"]]


USE = """
import sys
import numpy as np
import keras_infovae as ki
for name in sys.argv[1:]:
    model = ki.GenerativeModel.from_preset(name)
    assert not model.compiled and "tools" not in sys.modules, name
    given = {"seed": 0, "sample": True, "condition": 3 if model.condition.size else None}
    new = model.generate(3, **given)
    assert len(new) == 3, name
    again = model.generate(3, **given)
    assert str(new) == str(again), name
    if "score" in model.capabilities and not model.condition.size:
        assert np.isfinite(model.score(new)).all(), name
    print(name)
"""


@pytest.mark.slow
def test_all_presets_load_in_a_new_process_and_generate(tmp_path):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", USE, *NAMED],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == list(NAMED)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["digits_info_vae", "digits_anomaly_detector"])
def test_presets_are_exported_with_parity(name, tmp_path):
    model = ki.GenerativeModel.from_preset(name)
    ki.serving.export_for_serving(model, tmp_path / "served")
    (version,) = (tmp_path / "served").iterdir()
    parity = read(version, "signatures.json")["parity"]
    assert max(parity["largest_difference"].values()) <= parity["tolerance"]
