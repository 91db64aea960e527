"""What may have been meant by a command or a flag that is not there."""

import difflib

# What things are called elsewhere: in other tools, and in the methods of models.
_COMMANDS = {
    "encode": "export",
    "eval": "evaluate",
    "fit": "train",
    "plot": "report",
    "sample": "generate",
    "save": "export",
    "search": "tune",
    "test": "evaluate",
}
_FLAGS = {
    "checkpoint": "run",
    "cpu": "strategy=cpu",
    "dataset": "data",
    "device": "strategy",
    "force": "overwrite",
    "gpu": "strategy=gpu",
    "gpus": "strategy=mirrored",
    "input": "data",
    "lr": "learning_rate",
    "multi_gpu": "strategy=mirrored",
    "out": "output",
    "precision": "dtype_policy",
    "save": "output",
    "tpu": "strategy=tpu",
    "verbose": "tensorflow_log",
    "z_dim": "latent_dim",
}


def command(name, commands):
    """Returns the command that `name` was meant to be, or None.

    Args:
        name: what was given.
        commands: the names that there are.

    Example:

    >>> command("trian", ["train", "evaluate"]), command("test", ["train", "evaluate"])
    ('train', 'evaluate')
    """
    return _nearest(name.casefold(), commands, _COMMANDS)


def flag(name, entries):
    """Returns the flag that `name` was meant to be, without dashes but with a value, or None.

    Args:
        name: what was given, without dashes.
        entries: the `FlagEntry` of each flag that there is.
    """
    name = name.replace("-", "_").casefold()
    names = [entry.name for entry in entries]
    switches = [f"no{entry.name}" for entry in entries if not entry.value]
    return _nearest(name, names + switches * name.startswith("no"), _FLAGS)


def _nearest(name, names, elsewhere):
    """Returns the nearest of `names`, of which `elsewhere` has other words, or None."""
    known = {word: word for word in names}
    known |= {word: it for word, it in elsewhere.items() if it.partition("=")[0] in names}
    near = difflib.get_close_matches(name, known, n=1)
    return known[near[0]] if near else None
