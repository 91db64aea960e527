"""Files of texts whose lines are read in any order."""

import array

from keras_infovae.datasets.reading import reading, source_error
from keras_infovae.datasets.texts import left_out

SUFFIX = ".txt"
_MARK = b"\xef\xbb\xbf"  # with which some programs begin a file in UTF-8


class TextRows:
    """The texts of a file in UTF-8, one in each line; lines without a text are left out.

    Where the texts begin is found once, in a pass over the file: 8 bytes of memory each.

    Args:
        path: of a `.txt` file. A compressed one cannot be read from the middle.

    Raises:
        ValueError: for other files, those without a text, and what is not UTF-8.
    """

    def __init__(self, path):
        self.path = path
        if not path.lower().endswith(SUFFIX):
            raise source_error(path, f"be a file whose name ends in {SUFFIX}, not compressed")
        self._starts, place, lines = array.array("q"), 0, 0
        with reading(path, "a file of texts"), open(path, "rb") as file:
            for line in file:
                start = len(_MARK) if not place and line.startswith(_MARK) else 0
                if line[start:].decode("utf-8").strip():
                    self._starts.append(place + start)
                place, lines = place + len(line), lines + 1
        self.count = len(self._starts)
        self.passed_over = left_out(path, self.count, lines - self.count)

    def read(self, rows):
        """Returns the texts of `rows`, integers [k], a list of strings.

        Raises:
            ValueError: for a file that is not what it was.
        """
        with open(self.path, "rb") as file:
            return [self._text(file, int(row)) for row in rows]

    def _text(self, file, row):
        file.seek(self._starts[row])
        text = file.readline().decode("utf-8", errors="replace").strip()
        if not text:
            found = f"text {row} is gone"
            raise source_error(self.path, "stay as it is while it is read", found)
        return text
