"""One point of a curve, in a process of its own: `python -m growth_curves.point CURVE X SECONDS`.

The last line that it prints is a JSON of what it took; `benchmarks/growth.py` starts it.
"""

import json
import os
import statistics
import sys
import tempfile
import time

from growth_curves import cluster
from peers import idle

ROWS_BATCH, COLUMNS = 1_000, 16
BLOCK = 8_192  # rows that are written at once
PIXELS = 28
SHORTEST = 0.05  # seconds: what is timed at once has as many steps as take so long


def memory(name):
    """Returns VmHWM (the peak) or VmRSS (now) of this process in MB (Linux)."""
    with open("/proc/self/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) / 1e3 for line in file if line.startswith(name))


def measure(curve, x, seconds):
    """Returns the figures of one point, {name: number}.

    Args:
        curve: one of `curves.CURVES`.
        x: its integer.
        seconds: what is timed is repeated for as long, and at least three times.
    """
    if curve == "devices":  # which has to be said before TensorFlow first computes
        make_devices(x)
    # What is imported at its first use would else count as memory that the point took.
    import tensorflow_probability  # noqa: F401

    import keras_infovae  # noqa: F401

    others, before = idle.Others(), memory("VmRSS")
    with tempfile.TemporaryDirectory() as folder:
        run, per_call, *clock = MAKERS[curve](x, folder)
        wall, processor = repeat(run, seconds, *clock)
    return {
        "seconds": min(wall) / per_call,
        "median_seconds": statistics.median(wall) / per_call,
        "processor_seconds": min(processor) / per_call,
        "repeats": len(wall),
        "before_mb": before,
        "peak_mb": memory("VmHWM"),
        "others": others.cores() or 0.0,
        "process": os.getpid(),
    }


def repeat(run, seconds, clock=time.process_time):
    """Returns ([seconds], [processor seconds]) of the calls of `run`; the latter by `clock`."""
    wall, processor, end = [], [], time.perf_counter() + seconds
    while len(wall) < 3 or time.perf_counter() < end:
        start, start_processor = time.perf_counter(), clock()
        run()
        wall.append(time.perf_counter() - start)
        processor.append(clock() - start_processor)
    return wall, processor


def make_devices(count):
    """Splits the processors' one device into `count` logical ones."""
    import tensorflow as tf

    physical = tf.config.list_physical_devices("CPU")[0]
    parts = [tf.config.LogicalDeviceConfiguration()] * count
    tf.config.set_logical_device_configuration(physical, parts)


# === What is timed: each returns a function without arguments, and how many steps it is. ===


def rows(count, folder):
    """An epoch over `count` rows that stay in a file."""
    import tensorflow as tf

    import keras_infovae as ki

    path = os.path.join(folder, "x.npy")
    write_rows(path, count)
    size = min(ROWS_BATCH, count)
    stream = ki.datasets.stream(path, size, validation_fraction=0.0, test_fraction=0.0)
    model = model_of((COLUMNS,), 4, ki.networks.MLP([32]), likelihood="normal")
    batch = tf.data.Dataset.from_tensors(stream.sample("train", stream.batch_size))
    model.fit(batch, verbose=0)
    return lambda: model.fit(stream.train, verbose=0), 1


def write_rows(path, count):
    """Writes `count` rows of normal numbers, a block at a time."""
    import numpy as np

    header = {"descr": "<f4", "fortran_order": False, "shape": (count, COLUMNS)}
    random = np.random.default_rng(0)
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, count, BLOCK):
            shape = min(BLOCK, count - start), COLUMNS
            file.write(random.standard_normal(shape, np.float32).data)


def latent(size, folder):
    """A step of an MLP with `size` latent dimensions."""
    return mlp_steps(latent_dim=size, batch=128)


def side(size, folder):
    """A step of a convolutional network on images of `size` pixels a side."""
    import keras_infovae as ki

    network = ki.networks.Conv((16, 32), dense_units=64)
    return steps(model_of((size, size, 1), 16, network), images(32, size))


def batch(size, folder):
    """A step of an MLP on `size` examples."""
    return mlp_steps(latent_dim=16, batch=size)


def devices(count, folder):
    """A step of an MLP on one batch that `count` devices share."""
    return mlp_steps(latent_dim=16, batch=512, strategy="mirrored" if count > 1 else "cpu")


def processes(count, folder):
    """A step of an MLP on one batch that `count` processes share; the processor's time is of all.

    The others take steps for as long as this one does, since each step waits for them.
    """
    if count == 1:
        return mlp_steps(latent_dim=16, batch=512)
    another, others = cluster.is_another(), []
    if not another:
        others = cluster.start(count, "processes", count, 0)
    run, per_call = mlp_steps(latent_dim=16, batch=512, strategy="multi_worker")
    if another:
        cluster.run_forever(run)
    return run, per_call, cluster.processor_clock(others)


def mlp_steps(latent_dim, batch, strategy="cpu"):
    """Returns the steps of the MLP 784-512-256."""
    import keras_infovae as ki

    strategy = ki.training.get_strategy(strategy)
    with strategy.scope():
        model = model_of((PIXELS, PIXELS, 1), latent_dim, ki.networks.MLP((512, 256)))
    return steps(model, images(batch, PIXELS), strategy)


MAKERS = {make.__name__: make for make in (rows, latent, side, batch, devices, processes)}


def model_of(shape, latent_dim, network, **arguments):
    """Returns a built and compiled InfoVAE, without XLA."""
    import keras

    import keras_infovae as ki

    keras.utils.set_random_seed(0)
    networks = {"encoder": network, "decoder": network}
    model = ki.InfoVAE(latent_dim, lambda_=10.0, seed=0, **networks, **arguments)
    model.build((None, *shape))
    model.compile("adam", jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    return model


def images(count, size):
    """Returns random images [count, size, size, 1]."""
    import numpy as np

    return np.random.default_rng(0).random((count, size, size, 1), "float32")


def steps(model, x, strategy=None):
    """Returns a function that takes some training steps on the batch x, and their number."""
    import tensorflow as tf

    strategy = strategy or tf.distribute.get_strategy()
    replicas = strategy.num_replicas_in_sync
    parts = tf.split(tf.constant(x), replicas)
    share = strategy.experimental_distribute_values_from_function(
        lambda context: parts[context.replica_id_in_sync_group]
    )
    step = tf.function(lambda: strategy.run(model.train_step, args=(share,)))
    step(), step()  # the first makes the graph
    start = time.perf_counter()
    step()
    count = max(1, round(SHORTEST / (time.perf_counter() - start)))

    def run():
        for _ in range(count):
            step()

    return run, count


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))))
