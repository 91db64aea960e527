"""The lines of docs/serving.md, as they are written, but for the port and the version."""

import json
import pathlib
import re
import shutil
import subprocess

import pytest

from tests.serving.server.conftest import pixels, png

TEXT = (pathlib.Path(__file__).parents[3] / "docs" / "serving.md").read_text(encoding="utf-8")
SECTION = TEXT.split("## A local server")[1].split("\n## ")[0]

END = "(the end of an answer)"


def block(beginning):
    """Returns the block of code that begins like this."""
    (found,) = (
        code for code in re.findall(r"```\w+\n(.*?)```", SECTION, re.S) if beginning in code
    )
    return found


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl")
def test_the_lines_of_curl(server, model, tmp_path):
    (tmp_path / "image.png").write_bytes(png(1)[0])
    port = server.root.rsplit(":", 1)[1]
    script = block("url=").replace("localhost:8501", f"127.0.0.1:{port}")
    script = script.replace("/versions/1:", "/versions/3:")
    script = re.sub(r"^curl ", f"curl -sSf -w '{END}' ", script, flags=re.M)
    done = subprocess.run(
        ["bash", "-euc", script], capture_output=True, text=True, cwd=tmp_path, timeout=60
    )
    assert done.returncode == 0, done.stderr
    answers = done.stdout.split(END)
    metrics = answers.pop(-2)
    status, metadata, columns, rows, decoded, regressed, scored = map(json.loads, answers[:-1])
    assert status["model_version_status"][0]["state"] == "AVAILABLE"
    assert metadata["model_spec"]["name"] == "digits"
    expected = model.run("generate", {"seed": [0, 1]})["x"].tolist()
    assert columns == {"outputs": expected}
    assert rows == {"predictions": expected}
    z = [[0.5] * 15 + [-1.0]]
    assert decoded == {"predictions": model.run("decode", {"z": z})["x"].tolist()}
    x = pixels(1) * 0
    x[0, 7, 7, 0] = 16
    score = model.run("score", {"x": x})["negative_elbo"]
    assert regressed["results"] == pytest.approx(score.tolist(), rel=1e-6)
    score = model.run("score_image_bytes", {"image_bytes": png(1)})
    assert scored == {"outputs": {name: value.tolist() for name, value in score.items()}}
    assert "keras_infovae_requests_total{" in metrics


def test_the_lines_of_python(server, model):
    code = block("import grpc").replace("localhost:8500", server.address)
    names = {}
    exec(compile(code, "docs/serving.md", "exec"), names)
    assert (names["images"] == model.run("generate", {"seed": [0, 1]})["x"]).all()
