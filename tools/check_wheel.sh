#!/usr/bin/env bash
# Usage: tools/check_wheel.sh dist/keras_infovae-*.whl
#
# Holds the wheel's files against the repository's, installs it in a new environment, and uses it
# from a folder outside the checkout, as a user would.
set -euo pipefail

wheel=$(realpath "$1")
python=${PYTHON:-python3}
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
unset PYTHONPATH PYTHONHOME
export TF_CPP_MIN_LOG_LEVEL=${TF_CPP_MIN_LOG_LEVEL:-3} PIP_DISABLE_PIP_VERSION_CHECK=1

# A data file that package_data misses, or a deleted file out of an old build, shows here.
"$python" -m zipfile --list "$wheel" | awk '{ print $1 }' | grep '^keras_infovae/' |
    LC_ALL=C sort > "$scratch/wheel.txt"
git ls-files keras_infovae | LC_ALL=C sort > "$scratch/repository.txt"
if ! diff "$scratch/repository.txt" "$scratch/wheel.txt"; then
    echo "The wheel's files (>) are not the repository's (<)" >&2
    exit 1
fi
echo "The wheel holds the $(wc -l < "$scratch/wheel.txt") files of the package"

"$python" -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install --quiet "$wheel"
"$scratch/venv/bin/python" -m pip check

mkdir "$scratch/elsewhere"
cp examples/quickstart.py "$scratch/elsewhere/"
cd "$scratch/elsewhere"
"$scratch/venv/bin/python" - "$root" <<'PYTHON'
import pathlib
import sys

import keras_infovae

file = pathlib.Path(keras_infovae.__file__).resolve()
root = pathlib.Path(sys.argv[1]).resolve()
if root in file.parents:
    sys.exit(f"The wheel's test imported the checkout: {file}")
print(f"keras_infovae {keras_infovae.__version__} is imported from the installed wheel")
table = keras_infovae.presets()
if set(table.place) != {"package"}:
    sys.exit(f"The wheel's presets are those of the places {set(table.place)}")
keras_infovae.InfoVAE.from_preset("digits_info_vae").generate(2)
print(f"The wheel has {len(table)} presets, and digits_info_vae generates")
PYTHON
# absl exits with 1 after --help, so what it printed is the test.
"$scratch/venv/bin/keras-infovae" --help > help.txt || true
if ! grep -q "keras-infovae" help.txt; then
    cat help.txt
    echo "keras-infovae --help did not print its help" >&2
    exit 1
fi
"$scratch/venv/bin/python" quickstart.py --epochs=1 --output="$scratch/runs"
echo "The quickstart ran from the wheel"
