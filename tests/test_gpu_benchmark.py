"""The benchmark of GPUs: one failed part, or a spent clock, loses no figures."""

import json
import pathlib
import runpy
import subprocess
import sys

import pytest

SCRIPT = pathlib.Path(__file__).resolve().parents[1] / "benchmarks" / "gpu.py"


def test_parts_fail_alone_and_none_begins_once_the_time_is_up():
    from absl import flags

    before = set(flags.FLAGS)
    try:
        names = runpy.run_path(str(SCRIPT))
    finally:
        for name in set(flags.FLAGS) - before:
            delattr(flags.FLAGS, name)

    def fails():
        raise RuntimeError("no cuDNN")

    parts = [("a", dict), ("b", fails), ("c", lambda: {"images/s": 1.0})]
    found, left_out = names["measure"](parts, seconds=60.0)
    assert found == {"a": {}, "b": {"failed": "RuntimeError: no cuDNN"}, "c": {"images/s": 1.0}}
    assert left_out == []
    assert names["measure"](parts, seconds=-1.0) == ({}, ["a", "b", "c"])
    speeds = {"products": {"float32": 8.0, "bfloat16": 16.0}, "mlp 8 mixed_bfloat16 xla": {}}
    speeds["mlp 8 float32 xla"] = {"operations/s": 4.0}
    names["shares"](speeds)
    assert speeds["mlp 8 float32 xla"]["share_of_products"] == 0.5
    assert speeds["mlp 8 mixed_bfloat16 xla"] == {}


@pytest.mark.slow
def test_it_prints_one_json_on_a_cpu():
    options = ["--batches=8", "--networks=mlp", "--measured=0.01", "--side=64"]
    result = subprocess.run(
        [sys.executable, SCRIPT, *options], capture_output=True, text=True, check=True
    )
    figures = json.loads(result.stdout)
    parts = figures["parts"]
    assert parts["agreement"]["agree"] and parts["search"]["completed"] >= 1
    assert parts["mlp 8 float32 plain"]["images/s"] > 0
    failed = [name for name, part in parts.items() if "failed" in part and "torch" not in name]
    assert failed == [] and figures["left_out"] == []
