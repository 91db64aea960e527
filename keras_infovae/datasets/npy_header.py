"""What a `.npy` file says of its array, held against the size of the file before it is read."""

import dataclasses
import math

import numpy as np

_READERS = {  # by version; later ones are for the names of columns, which arrays of numbers lack
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


@dataclasses.dataclass(frozen=True)
class NpyHeader:
    """The header of a `.npy` file.

    Args:
        shape: of the array.
        fortran_order: whether the first axis goes fastest in the file.
        dtype: of the values.
        offset: where in the file the values begin.
    """

    shape: tuple
    fortran_order: bool
    dtype: np.dtype
    offset: int


def read_header(file, size):
    """Returns the `NpyHeader` of an open file; its position is then that of the values.

    NumPy makes room for the array before it finds the file too short.

    Args:
        file: at its beginning, opened for bytes.
        size: of the file, in bytes.

    Raises:
        ValueError: for other files, and for one that is shorter than its header says.
    """
    version = np.lib.format.read_magic(file)
    if version not in _READERS:
        raise ValueError(f"version {version[0]}.{version[1]} is none of arrays of numbers")
    shape, fortran_order, dtype = _READERS[version](file)
    offset = file.tell()
    if any(length < 0 for length in shape):
        raise ValueError(f"shape {shape}")
    expected = math.prod(shape) * dtype.itemsize
    if not dtype.hasobject and offset + expected > size:
        raise ValueError(
            f"its header says shape {shape} of {dtype}, {expected:,} bytes, and "
            f"{max(0, size - offset):,} follow"
        )
    return NpyHeader(shape, fortran_order, dtype, offset)
