"""The flag --run of the commands that take a trained model."""


def define(flag_set, of="", preset_needs=""):
    """Adds --run, which `actions/trained.py` loads.

    Args:
        flag_set: a `FlagSet`.
        of: what the run must be of, as the text has it. Default: anything.
        preset_needs: a sentence on what a preset takes besides. Default: nothing.
    """
    flag_set.path(
        "run",
        "DIRECTORY|PRESET",
        f"A directory that train wrote{of}; or a preset: a name that `keras-infovae presets` "
        f"lists, the path of its folder, or its address on a hub.{preset_needs}",
        required=True,
    )
