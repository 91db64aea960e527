"""The environment of the peers, which nothing of the project depends on."""

import pathlib
import subprocess
import sys

TORCH = "torch==2.13.0"
PYTHAE = "pythae==0.1.2"
# What pythae needs, but for `dataclasses`, a copy of a module of Python 3.7.
NEEDED = ("numpy", "cloudpickle", "imageio", "pydantic", "scikit-learn", "scipy", "tqdm")
_MADE = "made-from"  # a file that is written last, so that a broken installation starts over


def python_of_peers(folder, index=None):
    """Returns the interpreter of the environment in `folder`, which is made where it is not there.

    Args:
        folder: the path.
        index: the address of a package index that has torch for CPUs alone. Default None: pip's.
    """
    folder = pathlib.Path(folder).absolute()
    python, made = folder / "bin" / "python", folder / _MADE
    what = " ".join((TORCH, PYTHAE, *NEEDED))
    if made.exists() and made.read_text() == what:
        return python
    print(f"Making the peers' environment in {folder} ...", flush=True)
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    chosen = [] if index is None else ["--index-url", index]
    subprocess.run([*pip, *chosen, TORCH], check=True)
    subprocess.run([*pip, "--no-deps", PYTHAE], check=True)
    subprocess.run([*pip, *NEEDED], check=True)
    made.write_text(what)
    return python
