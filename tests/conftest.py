"""What every test runs under."""

import pytest

# Without this a failing assert in a shared suite would show no values.
pytest.register_assert_rewrite("tests.contracts")
