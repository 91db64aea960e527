"""What other libraries train: their formulas, written again in NumPy, against what is said of them.

Each source's loss is computed here from its own formula on given numbers, and ours from the
explanation's factor, weights, likelihood and divergence. The two may differ by a constant, so that
differences between two sets of numbers are compared: of the decoder's output (which changes the
reconstruction alone), of the posterior's parameters (the KL alone) and of z (the divergence alone).
"""

import json

import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae import migration
from keras_infovae.divergences import maximum_mean_discrepancy

BATCH, PIXELS = 6, 12


def numbers(latent_dim, seed):
    """Returns what a loss is computed of: x, decoder output, q(z|x), z and prior samples."""
    rng = np.random.default_rng(seed)
    return {
        "x": rng.integers(0, 2, size=(BATCH, PIXELS)).astype(float),
        "decoded": rng.normal(size=(BATCH, PIXELS, 2)),
        "moments": (rng.normal(size=(BATCH, latent_dim)), rng.normal(size=(BATCH, latent_dim))),
        "z": (1 + seed) * rng.normal(size=(BATCH, latent_dim)),
        "prior_z": rng.normal(size=(BATCH, latent_dim)),
    }


def kl_divergence(moments):
    mean, log_variance = moments
    return 0.5 * (np.exp(log_variance) + mean**2 - 1 - log_variance).sum(axis=1).mean()


def squared_distances(a, b):
    return ((a[:, None] - b[None]) ** 2).sum(axis=-1)


def likelihood_of(explanation, decoded):
    if explanation.likelihood.parameters_per_value == 1:
        decoded = decoded[..., 0]
    return explanation.likelihood.distribution(tf.constant(decoded, tf.float32))


def ours(explanation, values):
    """Returns the loss of this package with the weights of `explanation`, up to a constant."""
    likelihood = likelihood_of(explanation, values["decoded"])
    z, prior_z = (tf.constant(values[name], tf.float32) for name in ("z", "prior_z"))
    divergence = explanation.divergence
    mmd = maximum_mean_discrepancy(z, prior_z, divergence.kernel, unbiased=divergence.unbiased)
    return (
        -np.mean(likelihood.log_prob(tf.constant(values["x"], tf.float32)), dtype="float64")
        + explanation.kl_weight * kl_divergence(values["moments"])
        + explanation.divergence_weight * float(mmd)
    )


def check(explanation, theirs):
    """Holds the explanation against `theirs`, a function from `numbers` to a loss."""
    base, other = numbers(explanation.latent_dim, 0), numbers(explanation.latent_dim, 1)
    for name, weight in (
        ("decoded", 1.0),
        ("moments", explanation.kl_weight),
        ("z", explanation.divergence_weight),
    ):
        changed = {**base, name: other[name]}
        difference = explanation.factor * (theirs(changed) - theirs(base))
        expected = ours(explanation, changed) - ours(explanation, base)
        # In float32 a kernel mean is good to about 1e-6, which the weight multiplies.
        tolerance = 1e-5 + 2e-6 * abs(weight)
        np.testing.assert_allclose(difference, expected, rtol=2e-5, atol=tolerance, err_msg=name)
        assert abs(expected) > 100 * tolerance or weight == 0  # a wrong weight would show


# === pythae ===


def pythae_loss(values, config, decode):
    """INFOVAE_MMD.loss_function: sums over pixels, U-statistics, a kernel summed over scales."""
    latent_dim = config["latent_dim"]
    base = 2.0 * latent_dim * config.get("kernel_bandwidth", 1.0) ** 2

    def kernel(a, b):
        distances = squared_distances(a, b)
        if config["kernel_choice"] == "rbf":
            return np.exp(-distances / base)
        scales = config["scales"] or [1.0]
        return sum(base * scale / (base * scale + distances) for scale in scales)

    def off_diagonal(matrix):
        return (matrix.sum() - np.trace(matrix)) / (BATCH * (BATCH - 1))

    z, prior_z = values["z"], values["prior_z"]
    mmd = off_diagonal(kernel(z, z)) + off_diagonal(kernel(prior_z, prior_z))
    mmd -= 2 * kernel(z, prior_z).sum() / BATCH**2
    mean, x = decode(values["decoded"][..., 0]), values["x"]
    if config["reconstruction_loss"] == "bce":
        reconstruction = -(x * np.log(mean) + (1 - x) * np.log(1 - mean))
    else:
        half = 0.5 if config.get("version", "0.1.2") == "0.1.2" else 1.0
        reconstruction = half * (x - mean) ** 2
    alpha, lbd = config["alpha"], config["lbd"]
    return (
        reconstruction.sum(axis=1).mean()
        + (1 - alpha) * kl_divergence(values["moments"])
        + (alpha + lbd - 1) * mmd
    )


SCALES = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0]


@pytest.mark.parametrize(
    "changes",
    [
        {"lbd": 1000},
        {"kernel_bandwidth": 2.5, "alpha": 0.5, "lbd": 0.03},
        {"kernel_choice": "rbf", "lbd": 40.0, "kernel_bandwidth": 0.7},
        {"reconstruction_loss": "bce", "scales": None, "lbd": 10.0},
        {"version": "0.1.1", "scales": [0.5, 3.0], "lbd": 10.0},
    ],
)
def test_pythae(changes):
    config = {
        "latent_dim": 4,
        "kernel_choice": "imq",
        "scales": SCALES,
        "alpha": 0.0,
        "reconstruction_loss": "mse",
        **changes,
    }
    explanation = migration.explain("pythae", config)

    def decode(raw):
        return 1 / (1 + np.exp(-raw)) if config["reconstruction_loss"] == "bce" else raw

    check(explanation, lambda values: pythae_loss(values, config, decode))
    assert explanation.factor == 1.0


def test_pythae_of_its_own_example_and_of_its_defaults():
    mnist = migration.explain("pythae", {"latent_dim": 16, "alpha": 0, "lbd": 1000})
    assert mnist.lambda_ == 7 * 999 + 1 and mnist.refused is None
    assert mnist.divergence.kernel == ki.kernels.InverseMultiquadratic()
    defaults = migration.explain("pythae")
    np.testing.assert_allclose(defaults.divergence_weight, -0.999 * 7)
    assert "rewards codes that do not match the prior" in defaults.refused
    saved = {"name": "INFOVAE_MMD_Config", "input_dim": [1, 28, 28], "latent_dim": 10}
    assert migration.explain("pythae", json.loads(json.dumps(saved))).call == defaults.call


# === PyTorch-VAE ===


def pytorch_vae_loss(values, settings, kernel_type):
    """InfoVAE.loss_function: a mean over pixels, and `compute_mmd` over `bias_corr`."""
    latent_dim = settings["latent_dim"]

    def kernel(a, b):
        if kernel_type == "rbf":
            sigma = 2.0 * latent_dim * settings["latent_var"]
            return np.exp(-squared_distances(a, b) / latent_dim / sigma).mean()
        constant = 2 * latent_dim * settings["latent_var"]
        matrix = constant / (1e-7 + constant + squared_distances(a, b))
        return matrix.sum() - np.trace(matrix)

    def loss(prior_z):
        z = values["z"]
        mmd = kernel(prior_z, prior_z) + kernel(z, z) - 2 * kernel(prior_z, z)
        return (
            settings["beta"] * np.mean((values["decoded"][..., 0] - values["x"]) ** 2)
            + (1 - settings["alpha"]) * settings["kld_weight"] * kl_divergence(values["moments"])
            + (settings["alpha"] + settings["reg_weight"] - 1) / (BATCH * (BATCH - 1)) * mmd
        )

    # Their imq leaves out the pairs (z_i, prior_i). Over all ways to shift the prior samples
    # against z, which are as good as the samples themselves, each pair is left out once.
    shifts = [np.roll(values["prior_z"], shift, axis=0) for shift in range(BATCH)]
    return np.mean([loss(prior_z) for prior_z in shifts])


@pytest.mark.parametrize("kernel_type", ["imq", "rbf"])
def test_pytorch_vae(kernel_type):
    settings = {
        "latent_dim": 4,
        "alpha": -9.0,
        "beta": 10.5,
        "reg_weight": 110,
        "kernel_type": kernel_type,
        "latent_var": 2.0,
        "in_channels": 3,
        "patch_size": 2,  # 12 values, as the numbers here have
        "train_batch_size": BATCH,
        "kld_weight": 0.025,
    }
    explanation = migration.explain("pytorch_vae", settings)
    check(explanation, lambda values: pytorch_vae_loss(values, settings, kernel_type))


def test_pytorch_vae_of_its_config_file():
    sections = {
        "model_params": {
            "name": "InfoVAE",
            "in_channels": 3,
            "latent_dim": 128,
            "reg_weight": 110,
            "kernel_type": "imq",
            "alpha": -9.0,
            "beta": 10.5,
        },
        "data_params": {"train_batch_size": 64, "val_batch_size": 64, "patch_size": 64},
        "exp_params": {"LR": 0.005, "kld_weight": 0.00025},
        "trainer_params": {"gpus": [1], "max_epochs": 10},
    }
    explanation = migration.explain("pytorch_vae", sections)
    factor = 3 * 64 * 64 / (2 * 10.5)
    np.testing.assert_allclose(explanation.kl_weight, 10 * 0.00025 * factor)  # 1.46
    np.testing.assert_allclose(explanation.divergence_weight, 100 * factor)  # 58,514
    batch = {**sections, "data_params": {"train_batch_size": 128, "patch_size": 64}}
    assert migration.explain("pytorch_vae", batch).lambda_ == explanation.lambda_
    weights = []
    for batch in (64, 128):  # the weight of the other kernel falls with the square of the batch
        settings = {"kernel_type": "rbf", "train_batch_size": batch}
        weights.append(migration.explain("pytorch_vae", settings).divergence_weight)
    np.testing.assert_allclose(weights[0] / weights[1], 128 * 127 / (64 * 63))


# === The authors ===


def authors_mmd(z, prior_z):
    """compute_mmd: exp(-mean_d (z - z')^2 / D), means over all pairs."""

    def kernel(a, b):
        return np.exp(-((a[:, None] - b[None]) ** 2).mean(axis=2) / a.shape[1]).mean()

    return kernel(z, z) + kernel(prior_z, prior_z) - 2 * kernel(z, prior_z)


@pytest.mark.parametrize("script", ["tutorial", "evaluation", "research", "bernoulli"])
def test_authors(script):
    settings = {"script": script, "z_dim": 4, "pixels": PIXELS, "batch_size": BATCH}
    if script in ("research", "bernoulli"):
        settings |= {"mi": 0.5, "reg_size": 50.0}
    explanation = migration.explain("authors", settings)

    def theirs(values):
        x, mmd = values["x"], authors_mmd(values["z"], values["prior_z"])
        likelihood = likelihood_of(explanation, values["decoded"])
        mean = likelihood.mean().numpy().astype("float64")
        if script == "tutorial":
            return np.mean((x - mean) ** 2) + mmd
        if script == "bernoulli":
            nll = -(x * np.log(mean) + (1 - x) * np.log(1 - mean))
        else:
            scale = likelihood.stddev().numpy().astype("float64")
            nll = (x - mean) ** 2 / scale**2 / 2 + np.log(scale)
        if script == "evaluation":
            return nll.mean() + np.log(2 * np.pi) / 2 + 50 * mmd
        kl = kl_divergence(values["moments"])
        return nll.sum(axis=1).mean() + (50.0 + 0.5 - 1) * mmd + (1 - 0.5) * kl

    check(explanation, theirs)


def test_authors_weights_and_blind_kernel():
    tutorial = migration.explain("authors")
    assert (tutorial.alpha, tutorial.lambda_, tutorial.posterior) == (1.0, 392.0, "deterministic")
    assert migration.explain("authors", {"script": "evaluation"}).lambda_ == 50 * 784
    wide = migration.explain("authors", {"script": "research", "z_dim": 64, "reg_size": 500.0})
    assert (wide.alpha, wide.lambda_) == (1.0, 500.0)
    assert "cannot see a wrong variance of z at latent_dim=64" in wide.kernel_warning
    assert wide.kernel_warning[:60] in " ".join(str(wide).split())
    assert tutorial.kernel_warning is None
    assert migration.explain("pythae").kernel_warning is None  # its batch is not known


# === What is offered instead ===

EXPLANATIONS = [
    ("pythae", {"lbd": 1000}),
    ("pythae", {"kernel_choice": "rbf", "alpha": 0.5, "lbd": 2.0, "kernel_bandwidth": 3.0}),
    ("pythae", {}),
    ("pythae", {"alpha": 1.5, "lbd": 3.0}),
    ("pythae", {"alpha": 1.0, "lbd": 0.0}),
    ("pytorch_vae", {}),
    ("pytorch_vae", {"kernel_type": "rbf", "reg_weight": 0}),
    ("authors", {}),
    ("authors", {"script": "bernoulli", "mi": 1.0}),
]


@pytest.mark.parametrize(("source", "settings"), EXPLANATIONS)
def test_the_call_is_one_that_info_vae_takes_with_the_same_weights(source, settings):
    explanation = migration.explain(source, settings)
    model = ki.InfoVAE(explanation.latent_dim, **explanation.arguments)
    written = eval(explanation.call, {"ki": ki})  # the code that is shown does what is said
    assert json.dumps(written.get_config()) == json.dumps(model.get_config())
    weights = explanation.kl_weight, explanation.divergence_weight
    if explanation.refused is None:
        expected = weights
    else:
        assert min(weights) < 0 or weights == (0, 0)
        expected = [max(weight, 0.0) for weight in weights]
        if min(weights) < 0:
            with pytest.raises(ValueError, match="alpha|lambda_"):
                ki.InfoVAE(2, alpha=explanation.alpha, lambda_=explanation.lambda_)
    np.testing.assert_allclose(
        [model.kl_weight, model.divergence_weight], expected, rtol=1e-12, atol=1e-5
    )


def test_it_reads_as_text():
    text = str(migration.explain("pythae"))
    for part in (
        "they minimize   1/2 sum (x - m)^2 + 1 * KL + -0.999 * MMD",
        "-6.993 * divergence",
        "alpha = 0, lambda_ = -5.993",
        "Refused here.",
        "ki.InfoVAE(\n",
    ):
        assert part in text
    assert "Refused" not in str(migration.explain("pythae", {"lbd": 2.0}))
    notes = [line for line in text.splitlines() if not line.startswith("        ")]
    assert max(len(line) for line in notes) <= 100


# === Errors ===


@pytest.mark.parametrize(
    ("source", "settings", "error", "message"),
    [
        ("pytae", None, ValueError, "`source` must be one of .* Did you mean 'pythae'"),
        ("pythae", [1], TypeError, "`settings` must be a dictionary or None"),
        ("pythae", {"alfa": 1}, ValueError, "`key of settings` must be .* Did you mean 'alpha'"),
        ("pythae", {"alpha": "0"}, TypeError, r"`settings\['alpha'\]` must be a number"),
        ("pythae", {"lbd": float("nan")}, ValueError, r"`settings\['lbd'\]` must be finite"),
        ("pythae", {"kernel_choice": "rq"}, ValueError, r"kernel_choice.* must be one of 'imq'"),
        ("pythae", {"scales": []}, ValueError, "scales.* at least one number"),
        ("pythae", {"version": "2"}, ValueError, r"`settings\['version'\]` must be one of"),
        ("pytorch_vae", {"alpha": 0.5}, ValueError, r"`settings\['alpha'\]` must be at most 0"),
        ("pytorch_vae", {"beta": 0}, ValueError, r"`settings\['beta'\]` must be greater than 0"),
        ("pytorch_vae", {"exp_params": {"lr": 1}}, ValueError, "Received: key of settings='lr'"),
        ("authors", {"script": "demo"}, ValueError, r"`settings\['script'\]` must be one of"),
        ("authors", {"mi": 0.5}, ValueError, "`key of settings` must be one of 'batch_size'"),
        ("authors", {"z_dim": 0}, ValueError, r"`settings\['z_dim'\]` must be an integer"),
    ],
)
def test_bad_settings_are_named(source, settings, error, message):
    with pytest.raises(error, match=message):
        migration.explain(source, settings)
