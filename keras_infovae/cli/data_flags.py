"""The flags that say what to train on."""

from keras_infovae.cli.errors import CommandLineError

NOT_STREAMED = ("label_column", "limit")
NAMES = {"source": "data"}  # what the errors of `datasets.load` call the flag


def define(flag_set, stream=False):
    """Adds the flags that say what to train on to `flag_set`.

    Args:
        flag_set: a `FlagSet`.
        stream: whether the data may be left on disk. Default False.
    """
    flag_set.group("Data")
    flag_set.path(
        "data",
        "NAME|PATH",
        "A name: digits, breast_cancer, wine (they come with scikit-learn), blobs (drawn), mnist, "
        "fashion_mnist, cifar10 (from this machine, else downloaded), tfds:NAME. Or a path: .npy, "
        ".npz (array x, or x_train and x_test), .csv, .parquet, an idx file, a folder of images.",
        required=True,
    )
    if stream:
        flag_set.boolean(
            "stream",
            "Leave the data on disk and read it batch by batch, in another order each epoch: a "
            ".npy, .parquet or .tfrecord file, or a folder of such files or of images. Final "
            "numbers and pictures are those of a sample of each split.",
        )
    flag_set.text(
        "label_column",
        "COLUMN",
        "For .csv and .parquet: the column that is the label and not data. It colors pictures, "
        "and a model can be told it (train --condition=labels).",
        shown="none",
    )
    flag_set.integer(
        "limit", "EXAMPLES", "Use at most this many, of all splits together.", shown="all"
    )
    flag_set.boolean(
        "standardize",
        "Bring each column of a table to mean 0 and standard deviation 1 of the training rows; "
        "what is generated comes in the table's own units again.",
        default=None,
        shown="on for tables, unless --likelihood is one for bounded values",
    )
    flag_set.number(
        "validation_fraction",
        "SHARE",
        "Of the examples, from 0 to 1: held out and watched while training.",
        default=0.1,
        minimum=0,
    )
    flag_set.number(
        "test_fraction",
        "SHARE",
        "Of the examples, from 0 to 1: held out for the final numbers and pictures. Data with a "
        "test split of its own keeps that.",
        default=0.1,
        minimum=0,
    )


def check(flags):
    """Raises CommandLineError for a flag that does not go with --stream."""
    for name in NOT_STREAMED:
        value = getattr(flags, name)
        if flags.stream and value is not None:
            raise CommandLineError(
                f"Argument `--{name}` must be left out with --stream. Received: --{name}={value}"
            )
