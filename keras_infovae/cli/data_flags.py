"""The flags that say what to train on."""

from keras_infovae.cli import sources
from keras_infovae.cli.errors import CommandLineError

_TABLE = ("label_column", "header", "separator", "decimal")
TEXT = ("text_column", "tokens", "vocabulary_size", "max_length")
NOT_STREAMED = (*_TABLE, "text_column", "limit")
_CSV_FORMAT = "keras_infovae.datasets.csv_format"
LABELS = "labels"  # what --condition may be besides columns
# The defaults that `define_table` is to say of the examples that a run's model is given.
AS_IN_THE_RUN = ("that of the run, if it is there", "as its first rows look")
NAMES = {"source": "data", "table": "data"}  # what the errors of `datasets.load` call the flag


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
        "A name: digits, breast_cancer, wine (they come with scikit-learn), blobs, circle, "
        "sphere, torus, rotated_arrow, periodic_blob, turned_arrow (drawn), mnist, "
        "fashion_mnist, cifar10 (from this machine, else downloaded), tfds:NAME; grammar (drawn "
        "sentences). Or a path: .npy, .npz (array x, or x_train and x_test), .csv, .parquet, .txt "
        "(a text in each line), .tfrecord, an idx file, a folder of images or of such files "
        "(docs/data.md).",
        required=True,
    )
    if stream:
        flag_set.boolean(
            "stream",
            "Leave the data on disk and read it batch by batch, in another order each epoch: a "
            ".npy, .parquet, .tfrecord or .txt file, or a folder of such files or of images. "
            "Final numbers and pictures are those of a sample of each split.",
        )
    define_table(
        flag_set,
        "For .csv and .parquet: the column that is the label and not data. It colors pictures, "
        "and a model can be told it (train --condition=labels).",
    )
    flag_set.text(
        "kinds",
        "COLUMN=KIND,...",
        "Of a .csv, .tsv or .parquet file: what columns are, where the rules of docs/tables.md are "
        "to be overruled: numeric, log, standardized, identity, count, binary, categorical, "
        "ordinal, datetime, constant or left_out.",
        shown="by the rules",
    )
    _define_text(flag_set)
    flag_set.integer(
        "limit", "EXAMPLES", "Use at most this many, of all splits together.", shown="all"
    )
    flag_set.boolean(
        "standardize",
        "Bring each column of a table to mean 0 and standard deviation 1 of the training rows; "
        "what is generated comes in the table's own units again.",
        default=None,
        shown="off for a .csv or .parquet file, whose columns the model knows, unless --likelihood "
        "is given; on for other tables, unless --likelihood is one for bounded values",
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


def _define_text(flag_set):
    """Adds the flags that say what the tokens of texts are."""
    flag_set.text(
        "text_column",
        "COLUMN",
        "Of a .csv, .tsv or .parquet file: the column whose texts are the data (docs/text.md).",
        shown="none",
    )
    flag_set.choice(
        "tokens",
        sources.read("keras_infovae.text.splitting", "KINDS"),
        "Of texts: what they are sequences of.",
        shown="words",
    )
    flag_set.integer(
        "vocabulary_size",
        "TOKENS",
        "Of texts: how many tokens there are at most, the most frequent.",
        minimum=3,
        shown="10,000",
    )
    flag_set.integer(
        "max_length", "TOKENS", "Of texts: how many tokens one has room for at most.", shown="64"
    )


def define_table(flag_set, label_column, shown=("none", "as its first rows look")):
    """Adds the flags that say how a table is to be read to `flag_set`.

    Args:
        flag_set: a `FlagSet`.
        label_column: what the help page says of that flag.
        shown: the defaults of that flag and of the others, as the help page says them.
    """
    flag_set.text("label_column", "COLUMN", label_column, shown=shown[0])
    flag_set.choice(
        "header",
        sources.read(_CSV_FORMAT, "HEADERS"),
        "For .csv: whether the first row names the columns, or is data as the others.",
        shown=shown[1],
    )
    flag_set.text(
        "separator",
        "CHARACTER",
        "For .csv: what stands between values; tab and space are words, the latter for any run of "
        "blanks.",
        shown=shown[1],
    )
    flag_set.choice(
        "decimal",
        sources.read(_CSV_FORMAT, "DECIMALS"),
        "For .csv: the decimal mark.",
        shown=shown[1],
    )


def condition_columns(flags):
    """Returns the columns that the flag --condition names, [] for labels or without it."""
    text = getattr(flags, "condition", None)
    return [] if text in (None, LABELS) else text.split(",")


def kinds(flags):
    """Returns {column: kind} of the flag --kinds, None where it was not given.

    Raises:
        ValueError: for text that is no such list.
    """
    if flags.kinds is None:
        return None
    pairs = [pair.rpartition("=") for pair in flags.kinds.split(",")]
    if not all(name and kind for name, _, kind in pairs):
        raise ValueError(
            f"Argument `kinds` must be COLUMN=KIND,COLUMN=KIND,... Received: kinds={flags.kinds!r}"
        )
    return {name: kind for name, _, kind in pairs}


def table_settings(flags):
    """Returns the flags of `define_table` that were given, as arguments of `datasets.load`."""
    given = {name: getattr(flags, name) for name in _TABLE}
    return {name: value for name, value in given.items() if value is not None}


def text_settings(flags):
    """Returns the flags of texts that were given, as arguments of `text.load`."""
    given = {name: getattr(flags, name) for name in TEXT}
    return {name: value for name, value in given.items() if value is not None}


def check(flags):
    """Raises CommandLineError for a flag that does not go with --stream."""
    for name in NOT_STREAMED:
        value = getattr(flags, name)
        if flags.stream and value is not None:
            raise CommandLineError(
                f"Argument `--{name}` must be left out with --stream. Received: --{name}={value}"
            )
