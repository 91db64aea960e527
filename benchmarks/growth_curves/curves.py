"""What is measured: what grows in each curve, how far, and how steep its line may be."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Curve:
    """One thing that grows, everything else being held.

    Attributes:
        grows: what x is, with its unit; the label of the picture's axis.
        timed: what the seconds are of.
        values: x of the points, growing.
        quick: the same for a try.
        exponent: of time in x, which should not be exceeded; memory likewise.
    """

    grows: str
    timed: str
    values: tuple
    quick: tuple
    exponent: float


CURVES = {
    "rows": Curve(
        "rows of a file (16 numbers each)",
        "epoch",
        (1_000, 10_000, 100_000, 1_000_000, 10_000_000),
        (64, 256),
        1.0,
    ),
    "latent": Curve("latent dimensions", "step", (2, 4, 8, 16, 32, 64, 128, 256, 512), (2, 4), 1.0),
    "side": Curve("side of an image (pixels)", "step", (8, 16, 32, 64, 128), (8, 16), 2.0),
    "batch": Curve("examples in a batch", "step", tuple(2**k for k in range(5, 15)), (32, 64), 1.0),
    "devices": Curve("logical devices (one batch)", "step", (1, 2, 4), (1, 2), 1.0),
    # The gradients that n of them send each other are 2 (n - 1) times the weights in all, for four
    # three times those for two: an exponent of log2(3).
    "processes": Curve("processes (one batch)", "step", (1, 2, 4), (1, 2), 1.6),
}


def points(names, quick):
    """Returns [(name of the curve, x)] of the curves `names`, in their order."""
    return [
        (name, x) for name in names for x in (CURVES[name].quick if quick else CURVES[name].values)
    ]
