"""What a training step costs on 1, 8 and 64 GPUs: an estimate, computed and not measured.

    python benchmarks/cost_estimate.py

prints the tables of docs/distributed.md. All of it follows from the constants below; change them to
those of your model and machines. Nothing is trained, and nothing but Python is needed.
"""

import collections

# The model: convolutions of stride 2 on RGB images of 128 x 128, mirrored in the decoder.
SIDE, CHANNELS, KERNEL = 128, 3, 4
FILTERS = (64, 128, 256, 512)
LATENT_DIM = 256
POSTERIOR_PARAMETERS = 2 * LATENT_DIM  # of a diagonal normal
RANDOM_FEATURES = 336  # ki.divergences.MaximumMeanDiscrepancy's default

EXAMPLES_PER_GPU = 256
BYTES = 4  # of a float32

# The machines. Round figures of no one product, to be replaced by one's own.
GPU_FLOPS = 20e12  # per second, that these networks reach in float32; a peak is several times that
WITHIN = 200e9  # bytes per second between two GPUs of a machine
NETWORK = 12.5e9  # bytes per second between two machines: 100 Gb/s
LATENCY = 10e-6  # seconds per message
GPUS_PER_MACHINE = 8

Step = collections.namedtuple("Step", ["compute", "gradients", "gather", "divergence", "features"])


def layers():
    """Returns (weights, multiplications per example) of each layer of encoder and decoder."""
    result, side, inputs = [], SIDE, CHANNELS
    for filters in FILTERS:
        side //= 2
        weights = KERNEL**2 * inputs * filters
        result += [(weights, weights * side**2)] * 2  # and its transpose in the decoder
        inputs = filters
    dense = side**2 * inputs
    return [
        *result,
        (dense * POSTERIOR_PARAMETERS, dense * POSTERIOR_PARAMETERS),
        (dense * LATENT_DIM, dense * LATENT_DIM),
    ]


WEIGHTS = sum(weights for weights, _ in layers())
# A multiplication and an addition each; the backward pass takes twice the forward one.
FLOPS_PER_EXAMPLE = 3 * 2 * sum(multiplications for _, multiplications in layers())


def gradient_bytes(gpus):
    """Returns what each GPU sends for a ring all-reduce of the gradients: 2 (n-1)/n of them."""
    return 2 * (gpus - 1) / gpus * BYTES * WEIGHTS


def gather_bytes(gpus):
    """Returns what each GPU receives of the others' q(z|x); gradients go back the same way."""
    return (gpus - 1) * EXAMPLES_PER_GPU * POSTERIOR_PARAMETERS * BYTES


def feature_bytes(gpus):
    """Returns what each GPU sends for an all-reduce of the sums of random features."""
    return 2 * (gpus - 1) / gpus * 3 * RANDOM_FEATURES * BYTES


def seconds(sent, gpus):
    """Returns the time of a ring that passes `sent` bytes over each link: that of the slowest."""
    bandwidth = WITHIN if gpus <= GPUS_PER_MACHINE else NETWORK
    return 0.0 if gpus == 1 else sent / bandwidth + 2 * (gpus - 1) * LATENCY


def step(gpus):
    """Returns the seconds of the parts of a step on `gpus`, the batch growing with them."""
    batch = gpus * EXAMPLES_PER_GPU
    # Features of every row: two projections, forward and twice backward. Every GPU computes those
    # of all rows ("auto"), or each its part (estimator="random_features").
    features = 3 * 2 * 2 * batch * LATENT_DIM * RANDOM_FEATURES / GPU_FLOPS
    return Step(
        compute=EXAMPLES_PER_GPU * FLOPS_PER_EXAMPLE / GPU_FLOPS,
        gradients=seconds(gradient_bytes(gpus), gpus),
        gather=seconds(2 * gather_bytes(gpus), gpus),
        divergence=features,
        features=features / gpus + seconds(2 * feature_bytes(gpus), gpus),
    )


def tables():
    """Returns the tables as lines of Markdown."""
    steps = {gpus: step(gpus) for gpus in (1, 8, 64)}
    lines = [
        f"{WEIGHTS / 1e6:.1f} million weights, {FLOPS_PER_EXAMPLE / 1e9:.2f} GFLOP per example.",
        "",
        "| GPUs | batch | computing, ms | gradients, MB | ms | q(z\\|x), MB | ms | D, ms |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for gpus, s in steps.items():
        lines.append(
            f"| {gpus} | {gpus * EXAMPLES_PER_GPU:,} | {s.compute * 1e3:.1f} "
            f"| {gradient_bytes(gpus) / 1e6:.0f} | {s.gradients * 1e3:.1f} "
            f"| {2 * gather_bytes(gpus) / 1e6:.0f} | {s.gather * 1e3:.1f} "
            f"| {s.divergence * 1e3:.2f} |"
        )
    lines += [
        "",
        "| GPUs | step, ms | examples/s | of n times one | D by parts, ms | step apart, ms |",
        "|---|---|---|---|---|---|",
    ]
    one = sum(steps[1][:4])
    for gpus, s in steps.items():
        total = sum(s[:4])
        apart = s.compute + s.gradients + steps[1].divergence
        lines.append(
            f"| {gpus} | {total * 1e3:.1f} | {gpus * EXAMPLES_PER_GPU / total:,.0f} "
            f"| {one / total:.0%} | {s.features * 1e3:.2f} | {apart * 1e3:.1f} |"
        )
    return lines


if __name__ == "__main__":
    print("\n".join(tables()))
