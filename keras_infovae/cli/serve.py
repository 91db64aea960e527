"""`keras-infovae serve`."""

import importlib.util
import json
import os
import re
import sys

from keras_infovae.cli import tensorflow_start
from keras_infovae.cli.command import Command
from keras_infovae.cli.errors import CommandLineError

LIBRARIES = ("grpc", "prometheus_client", "starlette", "tensorflow_serving", "uvicorn")
_MIB = 2**20


class Serve(Command):
    """Answers requests to exported models on this machine, as TensorFlow Serving would."""

    name = "serve"
    summary = "serves exported versions of a model on this machine, for development"
    description = """
Answers TensorFlow Serving's gRPC and REST APIs from the versions that export wrote, and its metrics
for Prometheus at /metrics. The newest version answers; one that appears in --directory replaces it
without a request being lost. Needs the extra keras-infovae[serving]. Stops on Ctrl-C or SIGTERM
when the requests in flight are answered.

This server is for development. In production, run TensorFlow Serving itself on the same files.
"""
    examples = (
        "keras-infovae serve --directory=serving/digits",
        "keras-infovae serve --directory=serving/digits --port=9500 --rest_port=9501 --nobatching",
    )

    needs_tensorflow = False  # another program takes this one's place

    def define_flags(self, flag_set):
        flag_set.path(
            "directory",
            "DIRECTORY",
            "A model's directory, whose folders with a number for a name are its versions.",
            required=True,
        )
        flag_set.text(
            "model_name", "NAME", "What clients call the model.", shown="the directory's last part"
        )
        flag_set.text("host", "ADDRESS", "Where to listen.", default="127.0.0.1")
        flag_set.integer("port", "PORT", "Of gRPC; 0 for any free one.", 0, default=8500)
        flag_set.integer("rest_port", "PORT", "Of REST; 0 for any free one.", 0, default=8501)
        flag_set.number(
            "grace_seconds",
            "SECONDS",
            "How long requests in flight may take once the server is told to stop.",
            default=10.0,
            minimum=0,
        )
        flag_set.group("Versions")
        flag_set.integer(
            "num_versions", "INTEGER", "How many to keep loaded, the newest ones.", default=1
        )
        flag_set.text(
            "labels",
            "LABEL:VERSION,...",
            "Names for versions, such as stable:1,canary:2, which are then kept loaded too.",
            shown="none",
        )
        flag_set.number(
            "poll_seconds",
            "SECONDS",
            "How long to wait before looking for new versions again.",
            default=1.0,
            exclusive_minimum=0,
        )
        flag_set.group("Batching")
        flag_set.boolean(
            "batching", "Join requests of the same signature into one batch.", default=True
        )
        flag_set.integer("max_batch_size", "ROWS", "Of a batch that is joined.", default=32)
        flag_set.number(
            "batch_timeout_ms",
            "MILLISECONDS",
            "How long a request waits for others to be joined with, while other batches run.",
            default=5.0,
            minimum=0,
        )
        flag_set.integer(
            "batch_threads", "INTEGER", "Batches that run at once.", shown="the number of cores"
        )
        flag_set.group("Limits, beyond which a request is refused")
        flag_set.integer(
            "max_queued_requests", "INTEGER", "That wait, of all clients.", default=1000
        )
        flag_set.integer("max_request_bytes", "BYTES", "Of a request.", default=32 * _MIB)
        flag_set.integer("max_rows", "ROWS", "Of a request.", default=4096)
        flag_set.integer(
            "max_image_pixels",
            "PIXELS",
            "Width times height by the files' headers, of all images of a request together.",
            default=16 * _MIB,
        )
        flag_set.integer(
            "max_response_bytes",
            "BYTES",
            "Of all outputs of a request as tensors; JSON takes several times as much.",
            default=256 * _MIB,
        )
        flag_set.integer(
            "max_json_values",
            "INTEGER",
            "Numbers, texts and lists of a request in JSON, and numbers of an answer; gRPC has no "
            "such limit.",
            default=2 * _MIB,
        )
        flag_set.integer(
            "max_bytes_at_once",
            "BYTES",
            "Of all large requests that are read and answered at a time, and of their answers. "
            "Others wait.",
            default=256 * _MIB,
        )
        flag_set.group("Connections")
        flag_set.integer(
            "max_connections",
            "INTEGER",
            "Of each of the two protocols. REST closes the one that has waited longest for a "
            "request.",
            default=512,
        )
        flag_set.number(
            "read_seconds",
            "SECONDS",
            "In which the head of a request must arrive, its body, and an answer be read.",
            default=30.0,
            exclusive_minimum=0,
        )
        flag_set.number(
            "idle_seconds",
            "SECONDS",
            "After which a connection without a request is closed.",
            default=60.0,
            exclusive_minimum=0,
        )
        flag_set.boolean(
            "cors",
            "Let web pages of any site ask, as TensorFlow Serving's "
            "--rest_api_enable_cors_support does.",
        )

    def run(self, flags):
        settings = json.dumps(self.settings(flags))
        self._check_libraries()
        from keras_infovae.serving import without_keras

        module = "keras_infovae.serving.server.process"
        sys.stdout.flush()
        tensorflow_start.settle_level(getattr(flags, tensorflow_start.FLAG))
        os.execv(sys.executable, [sys.executable, without_keras.FILE, module, settings])

    def settings(self, flags):
        """Returns the server's settings by name, from parsed flags."""
        if not os.path.isdir(flags.directory):
            raise CommandLineError(
                "Argument `--directory` must be a directory that export wrote. "
                f"Received: --directory={flags.directory!r}"
            )
        for name in ("port", "rest_port"):
            if flags[name].value > 65535:
                raise CommandLineError(
                    f"Argument `--{name}` must be at most 65535. "
                    f"Received: --{name}={flags[name].value}"
                )
        if flags.port == flags.rest_port != 0:
            raise CommandLineError(
                f"Argument `--rest_port` must be another than --port. "
                f"Received: --rest_port={flags.rest_port}"
            )
        names = set(self.flag_set().names()) - {tensorflow_start.FLAG}
        settings = {name: flags[name].value for name in names}
        settings["directory"] = os.path.abspath(flags.directory)
        settings["model_name"] = flags.model_name or os.path.basename(settings["directory"])
        settings["labels"] = _labels(flags.labels)
        settings["batch_threads"] = flags.batch_threads or os.cpu_count()
        return settings

    @staticmethod
    def _check_libraries():
        missing = [name for name in LIBRARIES if importlib.util.find_spec(name) is None]
        if missing:
            raise CommandLineError(
                "The server needs more libraries: pip install 'keras-infovae[serving]'. "
                f"Missing: {', '.join(missing)}"
            )


def _labels(given):
    """Returns {label: version} of the flag."""
    labels = {}
    for part in given.split(",") if given else []:
        label, _, version = part.partition(":")
        wrong = not re.fullmatch(r"[^/:]+", label) or not re.fullmatch(r"[0-9]{1,18}", version)
        if wrong or label in labels:
            raise CommandLineError(
                "Argument `--labels` must be different labels, each with a version, as in "
                f"stable:1,canary:2. Received: --labels={given!r}"
            )
        labels[label] = int(version)
    return labels
