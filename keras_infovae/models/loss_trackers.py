"""The running means of the loss and its terms that a training reports."""

import keras

from keras_infovae.utils import reductions


class LossTrackers:
    """Running means of what each batch comes to, exact with batches of unequal size.

    Args:
        names: of the terms, first "loss".
        optional: names of what is reported only where a batch has it.
    """

    def __init__(self, names=(), optional=()):
        self._trackers = {name: keras.metrics.Mean(name=name) for name in (*names, *optional)}
        self._unseen = set(optional)

    @property
    def metrics(self):
        """Those that have something to report."""
        return [t for name, t in self._trackers.items() if name not in self._unseen]

    def update(self, shares, local_size):
        """Returns {name: running mean} after one more batch.

        Args:
            shares: {name: this replica's share of the global batch's value, or None}.
            local_size: the number of examples of this replica.
        """
        # A share times the number of replicas, averaged over replicas and over examples, is the
        # value of the global batch: an epoch's mean is exact with unequal batches too.
        replicas = reductions.num_replicas()
        weight = reductions.global_batch_size(local_size) / replicas
        logs = {}
        for name, tracker in self._trackers.items():
            if shares.get(name) is not None:
                self._unseen.discard(name)
                tracker.update_state(shares[name] * replicas, sample_weight=weight)
                logs[name] = reductions.step_output(tracker.result())
        return logs
