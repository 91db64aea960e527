"""Whether a run, or a search, goes on with the settings that it began with."""

import json

from keras_infovae.training.versions import versions

_FREE = ("command", "versions")  # may differ
_FORMAT_PREFIX = "keras_infovae_"  # of what says that a file is one of ours


def check_same(begun, config):
    """Raises ValueError, naming the first setting that differs from those of the run.

    Args:
        begun, config: as for `first_difference`.
    """
    difference = first_difference(begun, config)
    if difference is not None:
        raise ValueError(
            "Argument `resume` needs the settings that the run began with. Received: "
            f"{difference[0]}, where the run has {difference[1]}"
        )


def first_difference(begun, config):
    """Returns ("name=value" as given now, the value it began with), as text; None for none.

    Args:
        begun: what was written when it began.
        config: the settings that are given now. One that is left out is one that is None.
    """
    was, given = _flat(begun), _flat(json.loads(json.dumps(config)))
    for name in dict.fromkeys([*given, *was]):
        if was.get(name) != given.get(name):
            received = f"{name}={given[name]!r}" if name in given else f"{name} left out"
            return received, repr(was.get(name))
    return None


def changed_versions(begun):
    """Returns a sentence on the packages that changed since the run began; "" where none did."""
    was, now = begun.get("versions") or {}, versions()
    changed = [f"{n} {was[n]} (now {now.get(n)})" for n in was if was[n] != now.get(n)]
    if not changed:
        return ""
    return f"The run began with {', '.join(changed)}: numbers may differ in rounding."


def _flat(config, prefix=""):
    flat = {}
    for name, value in config.items():
        if not prefix and (name in _FREE or name.startswith(_FORMAT_PREFIX)):
            continue
        inner = isinstance(value, dict) and value
        flat |= _flat(value, f"{prefix}{name}.") if inner else {f"{prefix}{name}": value}
    return flat
