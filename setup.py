"""The package's metadata and dependencies; nothing else states them."""

import itertools
import pathlib
import re

import setuptools

ROOT = pathlib.Path(__file__).resolve().parent
# Read, not imported: importing the package needs TensorFlow, which is not there at build time.
VERSION = re.search(
    r'^__version__ = "([^"]+)"$',
    (ROOT / "keras_infovae" / "version.py").read_text(encoding="utf-8"),
    flags=re.MULTILINE,
).group(1)
# Lower bounds are the versions that `make test-oldest` runs on (tests/oldest_requirements.txt).
# Upper bounds are on libraries whose private names are used (tests/test_private_names.py).
SERVING = {
    "litert": ["ai-edge-litert>=1.0.1"],
    # onnx 1.19.0 needs an ml_dtypes that TensorFlow 2.18 does not allow, and does not say so.
    "onnx": ["onnx!=1.19.0", "onnxruntime>=1.19", "tf2onnx>=1.17"],
    "serving": [
        "grpcio>=1.66",
        "prometheus-client>=0.20",
        "protobuf>=5.26.1",
        "requests>=2.32.2",
        "starlette>=0.40",
        "tensorflow-serving-api>=2.18",
        "uvicorn>=0.30",
    ],
}

setuptools.setup(
    name="keras-infovae",
    version=VERSION,
    description="InfoVAE and its family for Keras 3 and TensorFlow",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author="The keras-infovae authors",
    license="Apache-2.0",
    license_files=["LICENSE"],
    keywords=[
        "autoencoder",
        "InfoVAE",
        "Keras",
        "maximum mean discrepancy",
        "MMD-VAE",
        "representation learning",
        "TensorFlow",
        "variational autoencoder",
    ],
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Intended Audience :: Developers",
        "Intended Audience :: Science/Research",
        "Operating System :: POSIX :: Linux",  # where it is tested
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3 :: Only",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
    packages=setuptools.find_packages(include=["keras_infovae*"]),
    # Bundled data. tools/check_wheel.sh holds the wheel's files against the repository's.
    package_data={
        "keras_infovae": ["py.typed", "**/*.csv", "**/*.gz", "**/*.json", "**/*.npz", "**/*.txt"],
        "keras_infovae.zoo": ["presets/*/*"],
    },
    python_requires=">=3.10,<3.14",
    install_requires=[
        "absl-py>=2.1",
        "filelock>=3.25",  # before, a lock could be had on a file that was just removed
        # Before 3.12 not all presets can be read, and before 3.10 the losses that several devices
        # report count early batches twice and more.
        "keras>=3.12,<3.16",
        # KerasTuner imports tensorboard without declaring it; without it every trial fails.
        "keras-tuner>=1.4.8,<1.5",
        "matplotlib>=3.10",
        "numpy>=1.26.4",
        "pandas>=2.2.2",
        "scikit-learn>=1.6",
        "scipy>=1.13",
        "tensorboard>=2.18",
        "tensorflow>=2.18,<2.22",
        "tensorflow-probability>=0.25",
        # tensorflow-probability imports it; its own requirement keeps it at TensorFlow's minor.
        "tf-keras>=2.18",
    ],
    extras_require={
        # `make docs`. mkdocs 2 is another program, without plugins.
        "docs": [
            "ipykernel",
            "jupytext",
            "mkdocs<2",
            "mkdocs-material>=9.6,<10",
            "mkdocstrings[python]>=1",
            "nbclient",
            "selenium>=4.11",
        ],
        "gpu": ["tensorflow[and-cuda]>=2.18,<2.22"],
        "huggingface": ["huggingface-hub"],  # presets of hf://
        "kaggle": ["kagglehub"],  # presets of kaggle://
        "parquet": ["pyarrow>=16.1"],
        **SERVING,
        "tfds": ["tensorflow-datasets"],
        "topology": ["gudhi>=3.10.1"],  # Betti numbers in `evaluation.manifold_report`
        # Between minor versions ruff formats otherwise, and mypy finds other errors.
        "test": [
            "build>=1.2.1",
            "hypothesis>=6.108",
            "mypy==2.4.*",
            "pytest>=8",
            "pytest-xdist>=3.5",
            "pyarrow>=16.1",
            "pyyaml>=6.0.1",
            "ruff==0.17.*",
            *itertools.chain(*SERVING.values()),
        ],
    },
    entry_points={"console_scripts": ["keras-infovae = keras_infovae.cli.program:run"]},
    # Where names ignore case, setuptools' usual `build` would be the file BUILD.
    options={"build": {"build_base": ".build"}},
    zip_safe=False,
)
