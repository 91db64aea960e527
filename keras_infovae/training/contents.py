"""Which files of a directory a run wrote, so that no others are ever removed."""

import json
import os
import re

MODEL, CONFIG, HISTORY, METRICS = "model.keras", "config.json", "history.csv", "metrics.json"
PREVIOUS, LOCK = "previous.keras", "lock.json"
LOCK_FILE = ".keras_infovae.lock"  # which holds the lock of the directory, and nothing else
LOGS, PLOTS = "logs", "plots"
FORMAT_KEY = "keras_infovae_run"

_FILES = (MODEL, PREVIOUS, CONFIG, HISTORY, METRICS, LOCK)
# A trace of the profiler, and what TensorBoard puts beside it when it shows it.
_TRACE = re.compile(r"plugins/profile/[^/]+/([^/]+\.(pb|json\.gz)|cache_version\.txt)$")
_LEFTOVER = re.compile(r"\.[0-9a-f]{12}\.(?=.)")  # before a name, while `atomic_path` writes it


def read_json_object(path):
    """Returns the JSON object in the file at `path`, or None when it does not hold one."""
    try:
        with open(path, encoding="utf-8") as file:
            value = json.load(file)
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def is_run(path):
    """Returns whether the directory at `path` has the config.json that a run begins with."""
    return FORMAT_KEY in (read_json_object(os.path.join(path, CONFIG)) or {})


def is_finished(path):
    """Returns whether the run at `path` came to its end: metrics.json is written last."""
    return is_run(path) and os.path.isfile(os.path.join(path, METRICS))


def split_contents(path):
    """Returns what is in the directory at `path`, as two lists of paths relative to it.

    Returns:
        (what a run wrote: its files and then its folders, innermost first; everything else).
    """
    files, folders, others = [], [], []
    listed = (read_json_object(os.path.join(path, METRICS)) or {}).get(PLOTS)
    listed = listed if isinstance(listed, list) else None
    for root, names, file_names in os.walk(path, onerror=_raise):
        base = os.path.relpath(root, path)

        def relative(name, base=base):
            return os.path.normpath(os.path.join(base, name))

        for name in file_names:
            if relative(name) == LOCK_FILE:
                continue  # whoever holds it removes it
            full = os.path.join(root, name)
            plain = os.path.isfile(full) and not os.path.islink(full)
            ours = plain and _is_file_of_a_run(relative(name), listed)
            (files if ours else others).append(relative(name))
        for name in list(names):
            linked = os.path.islink(os.path.join(root, name))
            if linked or relative(name).split(os.sep)[0] not in (LOGS, PLOTS):
                others.append(relative(name))
                names.remove(name)  # what is in it is nobody's business here
            else:
                folders.append(relative(name))
    # Names alone prove nothing: without a run's config.json, model.keras may be anyone's.
    if not is_run(path) and any(not is_leftover(file) for file in files):
        others, files = others + files, []
    # metrics.json goes first and config.json last, so that a removal cut short leaves a run,
    # unfinished, and not a directory of files that belong to nobody.
    files.sort(key=lambda file: (file != METRICS, file == CONFIG))
    return files + folders[::-1], others


def leftovers(path):
    """Returns the files that a killed process was writing in the run at `path`, relative to it."""
    return [file for file in split_contents(path)[0] if is_leftover(file)]


def check_replaceable(path, overwrite):
    """Returns what a run wrote at `path`, in the order in which to remove it.

    Raises:
        FileExistsError: for a finished run without `overwrite`; for a directory with any file that
            no run wrote.
        NotADirectoryError: for something that is not a directory.
    """
    if not os.path.isdir(path):
        raise NotADirectoryError(f"Argument `output` must be a directory. Received: {path}")
    ours, others = split_contents(path)
    if others:
        raise FileExistsError(
            "Argument `output` must be a new directory or one that a run wrote. Received: "
            f"{path}, which has other files, such as {others[0]}; they are not touched"
        )
    if is_finished(path) and not overwrite:
        raise FileExistsError(
            "Argument `output` must be a new directory, or `overwrite` be set. Received: "
            f"{path}, which holds a finished run"
        )
    return ours


def _is_file_of_a_run(relative, listed_plots):
    folder, name = os.path.split(relative)
    name = _LEFTOVER.sub("", name, count=1)
    top = relative.split(os.sep)[0]
    if folder == PLOTS:
        known = listed_plots is None or f"{PLOTS}/{name}" in listed_plots
        return name.endswith(".png") and known
    if top == LOGS and folder:
        trace = _TRACE.search(f"{folder}/{name}".replace(os.sep, "/"))
        return trace is not None or name.startswith("events.out.tfevents.")
    return not folder and name in _FILES


def is_leftover(relative):
    """Returns whether the name is that of a file which `atomic_path` is writing, or was."""
    return _LEFTOVER.match(os.path.basename(relative)) is not None


def _raise(error):
    raise error
