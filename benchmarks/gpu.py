"""Training speed on a GPU, in one JSON: `python benchmarks/gpu.py > gpu.json`, at most 6 minutes.

For an MLP (784-512-256), a convolutional network (32-64, dense 256) and a PixelCNN decoder, in
batches of 128 to 8,192, in float32 and mixed_bfloat16, with and without XLA: images/s of a training
step, its share of what the card does in a matrix product, and peak memory; beside a plain PyTorch
loop with `torch.compile` where torch is there and sees the card. Then `get_strategy("auto")`
against the default, a search of four trials under MirroredStrategy, and whether the losses of a few
steps on the card agree with those of the CPU to 1e-3. A part that fails says why and the others go
on; what no time was left for is named in `left_out`.

    python benchmarks/gpu.py --seconds=60 --batches=8 --networks=mlp --measured=0.1    # to try it

On a machine without a card everything runs on the CPU, and `card` is null.
"""

import json
import os
import statistics
import tempfile
import time

from absl import app, flags

FLAGS = flags.FLAGS
flags.DEFINE_float("seconds", 340.0, "No part is begun after as many.", lower_bound=0)
flags.DEFINE_float("measured", 1.5, "Seconds that one step is repeated for.", lower_bound=0)
flags.DEFINE_list("batches", ["128", "1024", "8192"], "Images in a batch.")
flags.DEFINE_list("networks", ["mlp", "conv", "pixel_cnn"], "Of mlp, conv, pixel_cnn.")
flags.DEFINE_integer("side", 4096, "Of the matrix product.", lower_bound=1)

SHAPE = (28, 28, 1)


def networks_of(name):
    """Returns (encoder, decoder) settings."""
    import keras_infovae as ki

    mlp, conv = ki.networks.MLP((512, 256)), ki.networks.Conv((32, 64), dense_units=256)
    pairs = {"mlp": (mlp, mlp), "conv": (conv, conv), "pixel_cnn": (conv, ki.networks.PixelCNN())}
    return pairs[name]


def model_of(name, **compiled):
    """Returns a built and compiled InfoVAE."""
    import keras

    import keras_infovae as ki

    keras.utils.set_random_seed(0)
    encoder, decoder = networks_of(name)
    model = ki.InfoVAE(16, lambda_=10.0, encoder=encoder, decoder=decoder, seed=0)
    model.build((None, *SHAPE))
    model.compile("adam", **compiled)
    model.optimizer.build(model.trainable_variables)
    return model


def images(count, seed=0):
    """Returns random images [count, 28, 28, 1]."""
    import numpy as np

    return np.random.default_rng(seed).random((count, *SHAPE), "float32")


def seconds_of(step):
    """Returns the median seconds of a call, after one that compiles."""
    step()
    taken, end = [], time.perf_counter() + FLAGS.measured
    while not taken or time.perf_counter() < end:
        start = time.perf_counter()
        step()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def products():
    """Returns {dtype: floating-point operations a second} of a matrix product."""
    import tensorflow as tf

    found = {}
    for dtype in ("float32", "bfloat16"):
        a = tf.cast(tf.random.normal([FLAGS.side, FLAGS.side]), dtype)
        product = tf.function(lambda a=a: tf.reduce_sum((a @ a)[0]))
        found[dtype] = 2 * FLAGS.side**3 / seconds_of(lambda product=product: float(product()))
    return found


def operations(name, batch):
    """Returns the operations of a training step as XLA counts them."""
    import tensorflow as tf

    model = model_of(name)
    x = tf.constant(images(batch))
    step = tf.function(model.train_step).get_concrete_function(x)
    profile = tf.compat.v1.profiler
    options = profile.ProfileOptionBuilder(profile.ProfileOptionBuilder.float_operation())
    counted = profile.profile(step.graph, options=options.with_empty_output().build())
    return counted.total_float_ops


def speed(name, batch, policy, xla):
    """Returns {"images/s", "peak_megabytes", "operations/s"} of a training step."""
    import keras
    import tensorflow as tf

    keras.mixed_precision.set_dtype_policy(policy)
    cards = tf.config.list_physical_devices("GPU")
    if cards:
        tf.config.experimental.reset_memory_stats("GPU:0")
    model = model_of(name)
    x = tf.constant(images(batch))
    step = tf.function(model.train_step, jit_compile=xla)
    seconds = seconds_of(lambda: float(step(x)["loss"]))
    keras.mixed_precision.set_dtype_policy("float32")
    found = {"images/s": batch / seconds, "operations/s": operations(name, batch) / seconds}
    if cards:
        memory = tf.config.experimental.get_memory_info("GPU:0")
        found["peak_megabytes"] = memory["peak"] / 2**20
    return found


def torch_speed(batch):
    """Returns {"images/s"} of a plain loop with torch.compile, of the MLP."""
    import torch
    from torch import nn
    from torch.nn import functional

    device = "cuda" if torch.cuda.is_available() else "cpu"
    layers = [nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 32)]
    encoder = nn.Sequential(*layers).to(device)
    layers = [nn.Linear(16, 256), nn.ReLU(), nn.Linear(256, 512), nn.ReLU(), nn.Linear(512, 784)]
    decoder = nn.Sequential(*layers).to(device)
    weights = [*encoder.parameters(), *decoder.parameters()]
    optimizer = torch.optim.Adam(weights, fused=True)
    x = torch.from_numpy(images(batch).reshape(batch, 784)).to(device)

    def kernel(a, b):
        squares = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
        return 32.0 / (32.0 + squares)

    @torch.compile
    def loss_of(x):
        mean, log_variance = encoder(x).chunk(2, 1)
        z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        errors = functional.binary_cross_entropy_with_logits(decoder(z), x, reduction="sum")
        kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum()
        prior = torch.randn_like(z)
        mmd = kernel(z, z).mean() + kernel(prior, prior).mean() - 2 * kernel(z, prior).mean()
        return (errors + kl) / len(x) + 9.0 * mmd

    def step():
        loss = loss_of(x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return float(loss)

    return {"images/s": batch / seconds_of(step), "device": device, "torch": torch.__version__}


def strategies(batch):
    """Returns {strategy: images/s of `fit`}."""
    import tensorflow as tf

    import keras_infovae as ki

    x, found = images(8 * batch), {}
    ways = {"default": tf.distribute.get_strategy(), "auto": ki.training.get_strategy("auto")}
    for name, strategy in ways.items():
        with strategy.scope():
            model = model_of("mlp")

        def fit(model=model):
            model.fit(x, batch_size=batch, epochs=1, verbose=0)

        found[name] = len(x) / seconds_of(fit)
    return found


def search():
    """Returns the number of good trials of four under MirroredStrategy, and their seconds."""
    import tensorflow as tf

    import keras_infovae as ki

    x, start = images(512), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        found = ki.tuning.tune(
            (x[:384], x[384:]),
            ki.tuning.HyperModel("mmd_vae", latent_dim=[4, 8]),
            directory=os.path.join(folder, "search"),
            tuner="random",
            max_trials=4,
            epochs=1,
            strategy=tf.distribute.MirroredStrategy(),
            plots=False,
            verbose=0,
        )
        good = sum(trial["status"] == "COMPLETED" for trial in found.trials)
    return {"completed": good, "seconds": time.perf_counter() - start}


def agreement():
    """Returns the losses of three steps on the CPU and on the card, and how far they are apart."""
    import tensorflow as tf

    found = {}
    for device in ("CPU:0", *(["GPU:0"] if tf.config.list_physical_devices("GPU") else [])):
        with tf.device(device):
            model, x = model_of("mlp"), tf.constant(images(64))
            step = tf.function(model.train_step)
            found[device] = [float(step(x)["loss"]) for _ in range(3)]
    losses = list(found.values())
    apart = max(abs(a / b - 1.0) for a, b in zip(losses[0], losses[-1], strict=True))
    return found | {"apart": apart, "agree": apart < 1e-3}


def card():
    """Returns the name of the card, or None."""
    import tensorflow as tf

    cards = tf.config.list_physical_devices("GPU")
    return tf.config.experimental.get_device_details(cards[0])["device_name"] if cards else None


def parts():
    """Returns [(name, function)] of all that is measured, the most telling first."""
    batches = [int(batch) for batch in FLAGS.batches]
    found = [("products", products), ("agreement", agreement)]
    found += [(f"torch mlp {batch}", lambda b=batch: torch_speed(b)) for batch in batches]
    ways = [(p, x) for p in ("float32", "mixed_bfloat16") for x in (True, False)]
    for network in FLAGS.networks:
        for policy, xla in ways:
            for batch in batches:
                name = f"{network} {batch} {policy} {'xla' if xla else 'plain'}"
                arguments = (network, batch, policy, xla)
                found.append((name, lambda a=arguments: speed(*a)))
    found.insert(2 + len(batches), ("strategies", lambda: strategies(batches[0])))
    found.insert(3 + len(batches), ("search", search))
    return found


def measure(all_parts, seconds):
    """Returns {name: figures, or {"failed": why}} and the names that no time was left for."""
    found, left_out, start = {}, [], time.perf_counter()
    for name, function in all_parts:
        if time.perf_counter() - start > seconds:
            left_out.append(name)
            continue
        try:
            found[name] = function()
        except Exception as error:  # of one part; a card is too dear to lose the others
            found[name] = {"failed": f"{type(error).__name__}: {error}"[:500]}
    return found, left_out


def shares(found):
    """Adds to each speed its share of the card's rate in products of that dtype."""
    for name, figures in found.items():
        dtype = "bfloat16" if "bfloat16" in name else "float32"
        rate = found.get("products", {}).get(dtype)
        if rate and "operations/s" in figures:
            figures["share_of_products"] = figures["operations/s"] / rate


def main(_):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras
    import tensorflow as tf

    import keras_infovae as ki

    start = time.perf_counter()
    ki.training.get_strategy("auto")  # lets a card's memory grow, which has to come first
    found, left_out = measure(parts(), FLAGS.seconds)
    shares(found)
    versions = {"tensorflow": tf.__version__, "keras": keras.__version__}
    figures = {"card": card(), "versions": versions, "parts": found, "left_out": left_out}
    print(json.dumps(figures | {"seconds": time.perf_counter() - start}, indent=1))


if __name__ == "__main__":
    app.run(main)
