"""Whether batches of a size can be trained on, before any weight changes."""


def first(examples):
    """Returns the array of `examples`, which with a condition are a pair."""
    return examples[0] if isinstance(examples, tuple) else examples


def check_batch(batch_size, examples):
    """Raises ValueError for batches of one example, which show no aggregated posterior."""
    received = None if examples is None else len(first(examples))
    if batch_size == 1 or received == 1:
        raise ValueError(
            "Argument `batch_size` must be at least 2, with as many examples: the divergence "
            "compares the aggregated posterior of a batch with the prior. Received: "
            f"batch_size={batch_size}, examples={'unknown' if received is None else received}"
        )


def check_replicas(rows, optimizer, strategy):
    """Raises ValueError where batches of `rows` cannot be shared by the replicas of `strategy`."""
    replicas = strategy.num_replicas_in_sync
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    accumulated = inner.gradient_accumulation_steps
    if replicas > 1 and accumulated and (inner.use_ema or inner is not optimizer):
        # Keras does both within each replica, under its own condition.
        raise ValueError(
            "Argument `gradient_accumulation_steps` of the optimizer must be left out on "
            f"{replicas} replicas with `use_ema`, and with the scaled losses of mixed_float16. "
            f"Received: gradient_accumulation_steps={accumulated}"
        )
    if rows is not None and rows < replicas:
        raise ValueError(
            f"Argument `batch_size` must give each of the {replicas} replicas an example of every "
            f"batch, which is that of all of them. Received: batches of {rows}"
        )
