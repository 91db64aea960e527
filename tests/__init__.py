"""A package, so that `from tests import contracts` never finds another project's `tests`."""
