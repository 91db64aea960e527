"""What was measured: kept in results.json after each round, and summed up."""

import json
import os
import pathlib
import statistics


class Results:
    """The file results.json: settings, and for each network and way the figures of its rounds.

    Args:
        path: of the file; what is in it is gone on with.
        settings: a dictionary of what has to be the same for figures to be put together.

    Raises:
        ValueError: when the file was made with other settings.
    """

    def __init__(self, path, settings):
        self._path = pathlib.Path(path)
        self.content = {"settings": settings, "machine": {}, "networks": {}}
        if self._path.exists():
            found = json.loads(self._path.read_text(encoding="utf-8"))
            other = [k for k in settings if found["settings"].get(k) != settings[k]]
            if other:
                raise ValueError(
                    f"--output must be a folder without figures of other settings. {path} differs "
                    f"in: {', '.join(other)}"
                )
            self.content = found

    def of(self, network):
        """Returns {"epochs": {way: [...]}, "starts": {way: [...]}, ...} of a network."""
        return self.content["networks"].setdefault(
            network, {"epochs": {}, "starts": {}, "losses": {}, "limits": {}, "others": []}
        )

    def write(self):
        """Writes the file, whole or not at all."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_suffix(".part")
        temporary.write_text(json.dumps(self.content, indent=1) + "\n", encoding="utf-8")
        os.replace(temporary, self._path)


def ratios(figures, reference):
    """Returns what each round's figure of `figures` is of that of the same round in `reference`."""
    return [a / b for a, b in zip(figures, reference)]


def summary(found, settings):
    """Returns the rows of the table of one network, a list of dictionaries, fastest first.

    Args:
        found: what `Results.of` gives.
        settings: those of the results.
    """
    speeds = {
        way: [settings["count"] / epoch["seconds"] for epoch in epochs]
        for way, epochs in found["epochs"].items()
        if epochs
    }
    limit = limit_of(found, settings)
    rows = []
    for way, values in speeds.items():
        row = {"way": way, "rounds": len(values)}
        row |= {"images/s": round(statistics.median(values))}
        row |= {"least": round(min(values)), "most": round(max(values))}
        for reference in ("pythae", "torch_compiled", "bare"):
            if reference in speeds:
                of_rounds = ratios(values, speeds[reference])
                row[f"/ {reference}"] = round(statistics.median(of_rounds), 2)
        if limit:
            row["of the limit"] = round(statistics.median(values) / limit, 2)
        starts = found["starts"].get(way, [])
        if starts:
            row |= {"first epoch, s": round(statistics.median(starts), 1), "starts": len(starts)}
        for name, value in found["losses"].get(way, {}).items():
            row[name] = round(value, 4 if name == "mmd" else 1)
        rows.append(row)
    return sorted(rows, key=lambda row: -row["images/s"])


def limit_of(found, settings):
    """Returns the images per second that the machine could reach at most, or None.

    The machine's speeds are the best of what TensorFlow and PyTorch got, each in the median.
    """
    speeds = speeds_of(found)
    if not speeds or "count_of_step" not in found:
        return None
    step = found["count_of_step"]
    seconds = step["operations"] / speeds["operations"] + step["bytes"] / speeds["bytes"]
    return settings["batch"] / seconds


def speeds_of(found):
    """Returns {"operations", "bytes"}: of a second, by the better of the libraries; or {}."""
    limits = [turns for turns in found["limits"].values() if turns]
    if not limits:
        return {}
    return {
        name: max(statistics.median(turn[name] for turn in turns) for turns in limits)
        for name in ("operations", "bytes")
    }
