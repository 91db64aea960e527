"""On which devices to train."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from keras_infovae.training import cluster
from keras_infovae.typing import Path
from keras_infovae.utils import reductions
from keras_infovae.utils.checks import argument_error, check_choice

STRATEGIES = ("auto", "cpu", "gpu", "mirrored", "multi_worker", "tpu")


def get_strategy(name: str = "auto") -> Any:
    """Returns the `tf.distribute.Strategy` of that name, for the devices of this machine.

    Build the model in its scope; everything else stays as it is:

        with ki.training.get_strategy("mirrored").scope():
            model = ki.InfoVAE(16)
        model.fit(x, batch_size=256)

    `batch_size` is that of all devices together, and losses and weights come out as on one device:
    the divergence is taken over the codes of the whole batch.

    Call it before TensorFlow computes anything: GPUs are told to take memory as they need it, and
    "multi_worker" has to start its server first.

    Args:
        name: `"auto"` (default): "multi_worker" where TF_CONFIG names several workers, "mirrored"
            where there are several GPUs, else one device: the GPU if there is one.
            `"cpu"`, `"gpu"`: one device.
            `"mirrored"`: all GPUs of this machine; where there are none, its logical CPUs.
            `"multi_worker"`: all devices of all workers in TF_CONFIG.
            `"tpu"`: the TPU that the variable TPU_NAME names, or a local one.

    Raises:
        ValueError: for an unknown name, for devices that are not there, for a TF_CONFIG that is
            missing or malformed, or that gives this worker a port that is taken.

    Example:

    >>> import keras_infovae as ki
    >>> ki.training.get_strategy("cpu").num_replicas_in_sync
    1
    """
    check_choice("strategy", name, STRATEGIES)
    gpus = _prepare_gpus()
    if name == "auto":
        name = _best(len(gpus))
    if name == "gpu" and not gpus:
        raise argument_error("strategy", "'cpu' or 'auto' where TensorFlow finds no GPU", name)
    return _MAKERS[name]()


def _best(num_gpus):
    """Returns what "auto" stands for; "auto" itself for TensorFlow's default, where no GPU is.

    On one GPU it is not the default: a strategy copies batches to the device ahead of their step.
    """
    # A malformed TF_CONFIG is an error here too: to train alone in its stead would go unseen.
    if cluster.VARIABLE in os.environ and len(cluster.read_cluster()[0]) > 1:
        return "multi_worker"
    return ("auto", "gpu", "mirrored")[min(num_gpus, 2)]


def is_writer(strategy: Any) -> bool:
    """Returns whether this process is the one that writes: worker 0 of a cluster, or alone."""
    return not reductions.has_workers(strategy) or cluster.read_cluster()[1] == 0


@contextlib.contextmanager
def directory_to_write(path: Path, strategy: Any) -> Iterator[Path]:
    """Gives `path` to the process that writes, and a temporary directory to each other worker.

    All workers go through the same steps, those of saving too, which may wait for each other.
    """
    if is_writer(strategy):
        yield path
        return
    with tempfile.TemporaryDirectory() as directory:
        yield os.path.join(directory, "run")


def _one_device(kind):
    return lambda: tf.distribute.OneDeviceStrategy(f"/{kind}:0")


def _mirrored():
    if tf.config.list_physical_devices("GPU"):
        return tf.distribute.MirroredStrategy()
    devices = [d.name.replace("/device:", "") for d in tf.config.list_logical_devices("CPU")]
    # On logical CPUs the default, collective operations, aborts the process.
    return tf.distribute.MirroredStrategy(
        devices, cross_device_ops=tf.distribute.ReductionToOneDevice()
    )


def _multi_worker():
    workers, index = cluster.read_cluster()
    cluster.check_port(workers[index])
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except RuntimeError as error:  # the context is in use already
        raise RuntimeError(
            "get_strategy('multi_worker') must be called before TensorFlow computes anything. "
            f"{error}"
        ) from error


def _tpu():
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver.connect()
    except (ValueError, KeyError, tf.errors.OpError) as error:
        raise ValueError(
            "Argument `strategy` must be one whose devices are there. Received: strategy='tpu', "
            f"but no TPU was found (TPU_NAME={os.environ.get('TPU_NAME')!r}): {error}"
        ) from error
    return tf.distribute.TPUStrategy(resolver)


_MAKERS = {
    "auto": tf.distribute.get_strategy,  # the default one
    "cpu": _one_device("cpu"),
    "gpu": _one_device("gpu"),
    "mirrored": _mirrored,
    "multi_worker": _multi_worker,
    "tpu": _tpu,
}


def _prepare_gpus():
    """Returns the physical GPUs, told to take memory as it is needed instead of all at once."""
    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        try:
            tf.config.experimental.set_memory_growth(gpu, True)
        except RuntimeError:  # in use already: as it was
            break
    return gpus
