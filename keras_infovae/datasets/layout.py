"""Images whose axes are in the order of other libraries."""

_CHANNELS = (1, 3, 4)


def layout_note(event_shape):
    """Returns a list of the sentence on examples that look like channels first, or an empty one.

    Args:
        event_shape: of one example.

    >>> layout_note((28, 28, 1))
    []
    """
    if len(event_shape) != 3 or event_shape[0] not in _CHANNELS or event_shape[2] in _CHANNELS:
        return []
    if min(event_shape[1:]) < 5:
        return []
    return [
        f"examples of shape {tuple(event_shape)} look like images with their channels first, and "
        f"are read as {event_shape[0]} rows of {event_shape[1]} pixels: np.moveaxis(x, 1, -1) "
        "brings the channels to the end"
    ]
