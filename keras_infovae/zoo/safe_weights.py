"""What a file of weights may be, looked at before a model is made for it."""

from keras_infovae.typing import Path
from keras_infovae.zoo.contents import preset_error, size_of


def check_weights(path: Path, values: int | None) -> None:
    """Raises ValueError unless a file of weights holds `values` numbers and nothing else.

    Links to other files, and arrays whose size the file says nothing of (compressed ones), are
    refused.

    Args:
        path: a .weights.h5 file.
        values: how many numbers there should be; None, where nothing says so, fits no file.
    """
    import h5py

    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise preset_error(path, f"is no file of weights ({error})") from error
    with file:
        count = sum(_sizes(path, file, h5py))
    if count != values:
        raise preset_error(
            path, f"must have {values!r} numbers, says preset.json; it has {count:,}"
        )


def _sizes(path, group, h5py):
    """Yields how many numbers each array has."""
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise preset_error(path, f"has a link, {group.name}/{name}")
        part = group[name]
        if isinstance(part, h5py.Group):
            yield from _sizes(path, part, h5py)
        elif part.external or part.is_virtual or part.chunks is not None:
            raise preset_error(path, f"has an array that is not kept as it is, {part.name}")
        elif part.nbytes > size_of(path):
            raise preset_error(path, f"has an array larger than the file, {part.name}")
        else:
            yield part.size


def count_weights(path: Path) -> int:
    """Returns how many numbers a file of weights has."""
    import h5py

    with h5py.File(path, "r") as file:
        return int(sum(_sizes(path, file, h5py)))
