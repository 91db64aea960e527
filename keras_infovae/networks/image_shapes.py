"""The check that networks for images share."""


def check_image(argument, alias, shape):
    """Raises ValueError unless `shape` is [height, width] or [height, width, channels].

    Args:
        argument: "encoder" or "decoder", whose network is the setting named `alias`.
        alias: the setting's name.
        shape: the shape of x per example.
    """
    if len(shape) not in (2, 3):
        raise ValueError(
            f"Argument `{argument}`={alias!r} needs images of shape [height, width] or [height, "
            f"width, channels]. Received: x of shape {tuple(shape)} per example. "
            "Use 'mlp' for vectors."
        )
