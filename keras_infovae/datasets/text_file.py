"""Files of text, which may be compressed."""

import gzip
import math

from keras_infovae.datasets.memory import available_memory


def opened_text(path):
    """Returns the file at `path`, open for bytes and inflated where its name ends in `.gz`."""
    return _BoundedGzip(path) if path.lower().endswith(".gz") else open(path, "rb")


class _BoundedGzip(gzip.GzipFile):
    """A compressed file that ends in a MemoryError when it is larger than the memory."""

    def __init__(self, path):
        super().__init__(path, "rb")
        self._left = available_memory() or math.inf

    def read(self, size=-1):
        return self._counted(super().read(size))

    def read1(self, size=-1):
        return self._counted(super().read1(size))

    def _counted(self, data):
        self._left -= len(data)
        if self._left < 0:
            raise MemoryError("it inflates to more than the memory that is free")
        return data
