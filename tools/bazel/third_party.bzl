"""Third-party modules by their names, as packages of the repository @pypi."""

# Packages that are not called what their module is.
_PACKAGES = {
    "PIL": "pillow",
    "absl": "absl_py",
    "google": "protobuf",
    "griffe": "griffelib",
    "grpc": "grpcio",
    "sklearn": "scikit_learn",
    "tensorflow_serving": "tensorflow_serving_api",
    "umap": "umap_learn",
    "yaml": "pyyaml",
}

# What a package imports without requiring it (setup.py).
_UNDECLARED = {
    "keras_tuner": ["tensorboard"],
    "tensorflow_probability": ["tf_keras"],
}

def packages(module):
    """Returns the names of the packages that a module needs."""
    return [_PACKAGES.get(module, module)] + _UNDECLARED.get(module, [])

def third_party(*modules):
    """Returns the labels of modules of PyPI, given by the names that code imports them by."""
    return ["@pypi//" + name for module in modules for name in packages(module)]
