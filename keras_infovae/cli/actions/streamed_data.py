"""The data of a run that stays on disk, and a sample of it in memory for all but the training."""

import dataclasses
import math
import os

import numpy as np

from keras_infovae import datasets, text

_MOST_EXAMPLES, _MOST_VALUES = 10_000, 2**24  # in memory, of each split


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class StreamedData(datasets.Dataset):
    """A `Dataset` of samples of the splits of a `Stream`.

    Args:
        stream: the `Stream`, to train on.
    """

    stream: datasets.Stream | None = None

    def summary(self):
        """Returns a few lines of text: the splits, and what is in memory of them."""
        sizes = "\n".join(f"  {s:<11}{n:>8} examples" for s, n in self.stream.sizes.items())
        numbers = f"scaling: {self.scaling!r}"
        numbers = numbers if len(numbers) < 89 else "scaling: one per feature"
        return (
            f"{self.name}: examples of shape {self.event_shape}, read from disk\n{sizes}\n"
            f"  {self.preprocessor or numbers}\n"
            f"  numbers and pictures: of up to {len(self.train)} examples of each split"
            + "".join(f"\n  note: {note}" for note in self.notes)
        )


def load(source, *, batch_size, **settings):
    """Returns the `StreamedData` of a source.

    Args:
        source, batch_size, **settings: as for `text.stream`, where `tokens` are among them, and
            else as for `datasets.stream`.
    """
    make = text.stream if "tokens" in settings else datasets.stream
    stream = make(source, batch_size, **settings)
    count = max(2, min(_MOST_EXAMPLES, _MOST_VALUES // math.prod(stream.event_shape)))
    labels = {}
    if stream.classes is not None:
        names = np.array(stream.classes)
        labels = {f"{s}_labels": names[stream.sample_condition(s, count)] for s in stream.sizes}
    return StreamedData(
        name=os.path.basename(os.path.abspath(source)),
        **{split: stream.sample(split, count) for split in stream.sizes},
        **labels,
        scaling=stream.scaling,
        feature_names=stream.feature_names,
        notes=stream.notes,
        preprocessor=stream.preprocessor,
        stream=stream,
    )
