"""Requests of the same signature, joined along their first axis."""

import asyncio
import collections
import concurrent.futures
import contextlib
import dataclasses
import functools

import numpy as np

from keras_infovae.serving.server.errors import RequestError, from_tensorflow


@dataclasses.dataclass(eq=False)
class _Waiting:
    """One request in a queue; times are the event loop's, in seconds."""

    inputs: dict
    rows: int
    counted: int  # as how many rows of a batch
    future: asyncio.Future
    since: float
    due: float  # when it is to run even if nobody joins it


class _Queue(collections.deque):
    """The requests that may be joined with one another, oldest first, and what they count for."""

    counted = 0

    def append(self, waiting):
        super().append(waiting)
        self.counted += waiting.counted

    def remove(self, waiting):
        super().remove(waiting)
        self.counted -= waiting.counted


class Batcher:
    """Runs requests in threads, several of the same version and signature at once.

    A batch goes to a free thread when it is full, when no other runs, or when its first request has
    waited for `batch_timeout_ms`: a lone client does not wait, and many gather. A request that
    counts for more rows than `max_batch_size` runs by itself. Where a joined batch fails, each of
    its requests runs alone, so that one bad row is an error of its own request only. A request that
    is cancelled (its client has gone, or its deadline has passed) leaves its queue, and is not run.

    All methods are for the event loop's thread.

    Args:
        settings: the server's `Settings`.
        metrics: its `Metrics`.

    Attributes:
        depth: the number of requests that wait.
    """

    def __init__(self, settings, metrics):
        self.depth = 0
        self._settings = settings
        self._metrics = metrics
        self._queues = {}
        self._idle = settings.batch_threads
        self._threads = concurrent.futures.ThreadPoolExecutor(self._idle, "batch")
        self._timer = None

    async def run(self, version, name, inputs, rows, counted):
        """Returns {output: array} of one request.

        Args:
            version: a `LoadedVersion`, which the caller keeps from being closed.
            name: of the signature.
            inputs: {name: array}, checked.
            rows: their number.
            counted: as how many rows of a batch they count, at least `rows`.

        Raises:
            RequestError: for what TensorFlow refuses, and where too many requests wait.
        """
        if self.depth >= self._settings.max_queued_requests:
            raise RequestError(
                "RESOURCE_EXHAUSTED",
                f"{self.depth} requests wait already, the server's --max_queued_requests",
            )
        now = asyncio.get_running_loop().time()
        joins = self._settings.batching and version.signatures[name].batched
        due = now + self._settings.batch_timeout_ms / 1e3 if joins else now
        future = asyncio.get_running_loop().create_future()
        waiting = _Waiting(inputs, rows, counted, future, now, due)
        shapes = tuple((key, value.shape[1:]) for key, value in sorted(inputs.items()))
        key = (version, name, shapes if joins else waiting)  # alone, in a queue of its own
        self._queues.setdefault(key, _Queue()).append(waiting)
        self.depth += 1
        self._start_what_is_due()
        try:
            return await future
        except asyncio.CancelledError:
            if waiting in self._queues.get(key, ()):
                self._remove(key, waiting)
            raise

    @property
    def running(self):
        """The number of batches that run."""
        return self._settings.batch_threads - self._idle

    def close(self):
        """Ends the threads; nothing may wait any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _start_what_is_due(self):
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._idle and self._queues:
            due = {key: self._due(queue) for key, queue in self._queues.items()}
            key = min(due, key=due.get)
            if due[key] > loop.time():
                self._timer = loop.call_at(due[key], self._start_what_is_due)
                return
            batch = self._take(key)
            if batch:
                self._idle -= 1
                version, name, _ = key
                running = loop.run_in_executor(self._threads, self._compute, version, name, batch)
                running.add_done_callback(functools.partial(self._finish, batch))

    def _due(self, queue):
        """Returns the time from which on the queue's next batch may start."""
        full = queue.counted >= self._settings.max_batch_size
        nothing_runs = self._idle == self._settings.batch_threads
        return queue[0].since if full or nothing_runs else queue[0].due

    def _take(self, key):
        """Returns the next batch of a queue: the requests that still matter, as many as fit."""
        queue, batch, left = self._queues[key], [], self._settings.max_batch_size
        while queue and (not batch or queue[0].counted <= left):
            waiting = queue[0]
            self._remove(key, waiting)
            if not waiting.future.done():  # cancelled just now
                batch.append(waiting)
                left -= waiting.counted
        return batch

    def _remove(self, key, waiting):
        self._queues[key].remove(waiting)
        self.depth -= 1
        if not self._queues[key]:
            del self._queues[key]

    def _compute(self, version, name, batch):
        """Returns the outputs, or the `RequestError`, of each request; runs in a thread."""
        if len(batch) > 1:
            joined = {
                key: np.concatenate([waiting.inputs[key] for waiting in batch])
                for key in batch[0].inputs
            }
            with contextlib.suppress(RequestError):
                outputs = self._run(version, name, joined, sum(w.rows for w in batch))
                ends = np.cumsum([waiting.rows for waiting in batch])[:-1]
                parts = {key: np.split(value, ends) for key, value in outputs.items()}
                return [{key: parts[key][i] for key in parts} for i in range(len(batch))]
        results = []
        for waiting in batch:
            if waiting.future.done():
                results.append(None)
                continue
            try:
                results.append(self._run(version, name, waiting.inputs, waiting.rows))
            except RequestError as error:
                results.append(error)
        return results

    def _run(self, version, name, inputs, rows):
        self._metrics.batch_rows.observe(rows)
        try:
            return version.run(name, inputs)
        except Exception as error:  # TensorFlow's, of any kind: the answer to these requests
            raise from_tensorflow(error) from error

    def _finish(self, batch, running):
        self._idle += 1
        failure = running.exception()
        results = [failure] * len(batch) if failure else running.result()
        for waiting, result in zip(batch, results):
            if waiting.future.done():
                continue
            if isinstance(result, BaseException):
                waiting.future.set_exception(result)
            else:
                waiting.future.set_result(result)
        self._start_what_is_due()
