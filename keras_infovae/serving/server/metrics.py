"""What the server counts, in the text form of Prometheus."""

import contextlib
import time

import prometheus_client

CONTENT_TYPE = prometheus_client.CONTENT_TYPE_LATEST
_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
_ROWS = tuple(2**power for power in range(13))


class Observed:
    """What is known of a request by its end: the signature, "" until it is one that exists."""

    signature = ""
    status = "OK"


class Metrics:
    """The metrics of one server, in a registry of their own.

    Attributes:
        batch_rows: a histogram of the rows that are run at once.
    """

    def __init__(self):
        self._registry = prometheus_client.CollectorRegistry()
        labels = ("protocol", "method", "signature")
        self._requests = prometheus_client.Counter(
            "keras_infovae_requests",
            "Requests answered, by gRPC's code of the answer.",
            (*labels, "status"),
            registry=self._registry,
        )
        self._seconds = prometheus_client.Histogram(
            "keras_infovae_request_seconds",
            "Seconds from a request's last byte to its answer.",
            labels,
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.batch_rows = prometheus_client.Histogram(
            "keras_infovae_batch_rows",
            "Rows that are run at once.",
            buckets=_ROWS,
            registry=self._registry,
        )
        self._queued = prometheus_client.Gauge(
            "keras_infovae_queued_requests", "Requests that wait.", registry=self._registry
        )
        self._loaded = prometheus_client.Gauge(
            "keras_infovae_loaded_version",
            "1 for each version that answers requests.",
            ("model", "version"),
            registry=self._registry,
        )

    def watch_queue(self, depth):
        """Reads the number of waiting requests by the function `depth`, at each scrape."""
        self._queued.set_function(depth)

    def set_loaded(self, model, versions):
        """States which versions answer requests."""
        self._loaded.clear()
        for version in versions:
            self._loaded.labels(model, str(version)).set(1)

    @contextlib.contextmanager
    def request(self, protocol, method):
        """Observes one request; gives its `Observed`, whose attributes the block sets."""
        observed, start = Observed(), time.perf_counter()
        try:
            yield observed
        except BaseException:  # the client has gone, or its deadline has passed
            observed.status = "CANCELLED"
            raise
        finally:
            labels = (protocol, method, observed.signature)
            self._requests.labels(*labels, observed.status).inc()
            self._seconds.labels(*labels).observe(time.perf_counter() - start)

    def text(self):
        """Returns all metrics as bytes, of the type `CONTENT_TYPE`."""
        return prometheus_client.generate_latest(self._registry)
