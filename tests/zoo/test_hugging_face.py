"""Hugging Face's own client against a server that answers as the hub does, without a network."""

import hashlib
import http.server
import json
import os
import pathlib
import subprocess
import sys
import threading

import numpy as np
import pytest

import keras_infovae as ki

pytest.importorskip("huggingface_hub")
ROOT = pathlib.Path(__file__).parents[2]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
LOAD = """
import sys
import keras_infovae as ki
try:
    model = ki.VAE.from_preset("hf://user/small")
    print(float(model.weights[0][0][0]))
except ConnectionError as error:
    print(error)
"""


def server_of(folder):
    """Returns a server of the repository user/small, with the files of `folder`."""

    class Hub(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            path = self.path.partition("?")[0]
            if path.startswith("/api/models/user/small/revision/"):
                siblings = [{"rfilename": name} for name in sorted(os.listdir(folder))]
                about = {"id": "user/small", "sha": COMMIT, "siblings": siblings}
                return self.answer(json.dumps(about).encode(), "application/json")
            if path.startswith("/api/models/user/small/tree/"):
                tree = [
                    {"type": "file", "path": file.name, "size": file.stat().st_size, "oid": COMMIT}
                    for file in sorted(pathlib.Path(folder).iterdir())
                ]
                return self.answer(json.dumps(tree).encode(), "application/json")
            start = f"/user/small/resolve/{COMMIT}/"
            file = pathlib.Path(folder, path.removeprefix(start))
            if not path.startswith(start) or not file.is_file():
                return self.send_error(404)
            self.answer(file.read_bytes(), "application/octet-stream")

        do_HEAD = do_GET

        def answer(self, content, kind):
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("ETag", f'"{hashlib.sha1(content).hexdigest()}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        def log_message(self, *arguments):
            pass

    return http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)


@pytest.mark.slow  # it imports TensorFlow in two more processes
def test_a_preset_comes_from_the_hub_and_then_from_the_cache(tmp_path):
    network = ki.networks.MLP([4])
    model = ki.VAE(2, encoder=network, decoder=network, seed=1)
    model.build((None, 3))
    server = server_of(model.save_to_preset(tmp_path / "small"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_address[1]}"

    def load(home):
        known = {"HF_ENDPOINT": endpoint, "HF_HOME": str(tmp_path / home)}
        known["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        command = [sys.executable, "-c", LOAD]
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ | known)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    expected = float(np.asarray(model.weights[0])[0][0])
    assert float(load("first")) == expected
    server.shutdown()
    server.server_close()
    assert float(load("first")) == expected
    assert "hf://user/small could not be had" in load("second")
