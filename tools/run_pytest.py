"""The main program of every py_test in BUILD: runs pytest on the file that it is given.

Running a test file as a program would define its tests, run none of them and succeed.
"""

import sys

import pytest

if __name__ == "__main__":
    status = pytest.main(sys.argv[1:])
    # A file whose tests are all slow selects none of them by default; that is no failure.
    sys.exit(0 if status == pytest.ExitCode.NO_TESTS_COLLECTED else status)
