"""Several processes on one machine, over loopback, equal one."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np

from tests.training import worker
from tools.ports import free_ports

ROOT = pathlib.Path(__file__).parents[2]
_SECONDS = 240  # a process takes about 20 alone, more where others are at work


def run(arguments, workers):
    """Runs tests/training/worker.py in each process of a cluster; returns their Popen objects."""
    cluster = {"worker": [f"127.0.0.1:{port}" for port in free_ports(workers)]}
    processes = []
    for index in range(workers):
        environment = dict(os.environ, PYTHONPATH=str(ROOT), TF_CPP_MIN_LOG_LEVEL="3")
        task = {"type": "worker", "index": index}
        environment["TF_CONFIG"] = json.dumps({"cluster": cluster, "task": task})
        command = [sys.executable, "-m", "tests.training.worker"]
        processes.append(
            subprocess.Popen(
                command + [argument.format(index=index) for argument in arguments],
                cwd=ROOT,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
    return processes


def outputs(processes):
    try:
        return [process.communicate(timeout=_SECONDS)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()


def test_two_processes_are_one(tmp_path):
    together = run([str(tmp_path / "{index}.json")], workers=2)
    expected = {name: worker.train(name) for name in worker.DIVERGENCES}  # in this process
    for process, output in zip(together, outputs(together), strict=True):
        assert process.returncode == 0, output[-3000:]
    for index in range(2):
        result = json.loads((tmp_path / f"{index}.json").read_text())
        assert result["replicas"] == 2
        for name, (histories, weights) in expected.items():
            for a, b in zip(result["results"][name][0], histories, strict=True):
                assert set(a) == set(b)
                for term in b:
                    np.testing.assert_allclose(a[term], b[term], rtol=1e-5, atol=1e-6)
            for a, b in zip(result["results"][name][1], weights, strict=True):
                np.testing.assert_allclose(a, b, atol=1e-5)


def test_keras_still_needs_step_outputs_with_an_axis(tmp_path):
    # When this fails, Keras has learned to average scalars: remove reductions.step_output.
    processes = run([str(tmp_path / "{index}.json"), "--plain_outputs"], workers=2)
    for process, output in zip(processes, outputs(processes), strict=True):
        assert process.returncode != 0
        assert "Invalid reduction dimension" in output
