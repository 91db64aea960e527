"""Which files of a folder are images, what their labels are, and what was passed over."""

import collections
import dataclasses
import os

import numpy as np

from keras_infovae.datasets.array_names import split_named
from keras_infovae.datasets.reading import check_regular, some, source_error
from keras_infovae.utils.splits import SPLITS

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".avif", ".jp2")
SUFFIXES += (".ppm", ".pgm", ".pbm", ".tga", ".qoi", ".pcx", ".dib", ".jfif", ".jpe", ".j2k")


@dataclasses.dataclass
class ImageFiles:
    """The images of a folder.

    Args:
        paths: of the files, sorted.
        labels: for each, the folder that it is in, or None where there are no such folders.
        splits: for each, the place of its split in `SPLITS`, int8, or None without ready splits.
        passed_over: sentences on files that are no images.
        found: sentences on what the folders were taken for.
    """

    paths: list
    labels: list
    splits: np.ndarray | None
    passed_over: list
    found: list


def find_images(folder):
    """Returns the `ImageFiles` under `folder`; links are followed.

    Folders called `train` and `test` or `valid` are splits, in which there are images or a folder
    per label. A folder that holds nothing but one folder of folders stands for that one.

    Raises:
        ValueError: when there are no images, images lie beside folders of images, a link leads
            nowhere or to a folder that is read already, or an image is no regular file.
    """
    paths, others = _walk(folder)
    if not paths:
        kinds = _kinds(others)
        found = f"it has {kinds}" if kinds else "it has no files"
        raise source_error(folder, f"hold images, files that end in {', '.join(SUFFIXES)}", found)
    name = os.path.basename(os.path.abspath(folder))
    passed_over, found = [], []
    if others:
        passed_over.append(
            f"{name}: passed over {len(others)} of {len(others) + len(paths)} files that are no "
            f"images by their names: {_kinds(others)}"
        )
    places = [os.path.relpath(path, folder).split(os.sep) for path in paths]
    splits = _splits(folder, places)
    while splits is None and len({place[0] for place in places}) == 1 < min(map(len, places)) - 1:
        found.append(f"{name}: all is in its folder {places[0][0]!r}, which was taken for it")
        places = [place[1:] for place in places]
        splits = _splits(folder, places)
    if splits is not None:
        counts = np.bincount(splits, minlength=len(SPLITS))
        shown = ", ".join(f"{split} {count}" for split, count in zip(SPLITS, counts) if count)
        found.append(f"{name}: its folders are splits: {shown}")
        places = [place[1:] for place in places]
    labels = _labels(folder, places, splits)
    if labels is not None and max(map(len, places)) > 2:
        deep = next(place for place in places if len(place) > 2)
        found.append(f"{name}: images in {os.sep.join(deep[:-1])!r} have the label {deep[0]!r}")
    return ImageFiles(paths, labels, splits, passed_over, found)


def _walk(folder):
    """Returns the paths of the images under `folder`, sorted, and of the other files."""
    paths, others, seen, todo = [], [], {}, [folder]
    while todo:
        directory = todo.pop()
        status = os.stat(directory)
        before = seen.setdefault((status.st_dev, status.st_ino), directory)
        if before != directory:
            raise source_error(
                directory, "hold each folder once", f"it leads to {before!r}, which is read already"
            )
        for name in sorted(os.listdir(directory)):
            path = os.path.join(directory, name)
            if name.startswith("."):
                continue
            if os.path.isdir(path):
                todo.append(path)
            elif name.lower().endswith(SUFFIXES):
                if os.path.islink(path) and not os.path.exists(path):
                    found = f"it is a link to {os.readlink(path)!r}"
                    raise source_error(path, "be a file, or a link to one", found)
                check_regular(path)
                paths.append(path)
            else:
                others.append(path)
    return sorted(paths), others


def _kinds(paths):
    """Returns how many files there are of each ending, with an example, as text."""
    by_ending = collections.defaultdict(list)
    for path in paths:
        by_ending[os.path.splitext(path)[1].lower()].append(os.path.basename(path))
    kinds = sorted(by_ending.items(), key=lambda kind: -len(kind[1]))
    shown = [f"{len(names)} {ending or 'without ending'} ({min(names)})" for ending, names in kinds]
    return some(shown, str, most=5)


def _splits(folder, places):
    """Returns the number of each file's split, where the first folders are splits, else None."""
    tops = {place[0] for place in places if len(place) > 1}
    meant = {top: split_named(top) for top in tops}
    if "train" not in meant.values() or not {"validation", "test"} & set(meant.values()):
        return None
    beside = sorted({place[0] for place in places if meant.get(place[0]) is None})
    if beside:
        ready = sorted(top for top, split in meant.items() if split)
        found = f"{some(ready)} look like splits, and {some(beside)} are beside them"
        raise source_error(folder, "hold folders of splits or folders of labels", found)
    if len(set(meant.values())) < len(meant):
        raise source_error(folder, "hold one folder of each split", f"it has {some(sorted(meant))}")
    return np.array([SPLITS.index(meant[place[0]]) for place in places], np.int8)


def _labels(folder, places, splits):
    """Returns the first folder on the way to each file, or None without folders."""
    loose = [len(place) == 1 for place in places]
    if all(loose):
        return None
    if any(loose):
        where = "" if splits is None else " of its splits"
        found = f"{sum(loose)} images outside of the folders and {len(loose) - sum(loose)} inside"
        raise source_error(
            folder, f"hold either images or one folder of images per label{where}", found
        )
    return [place[0] for place in places]
