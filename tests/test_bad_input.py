"""What bad input gets: an error that names the argument, what is allowed and what was received.

No case may change a weight or leave a file behind. Bad files are tried in full in tests/datasets,
bad command lines in tests/cli.
"""

import gzip
import math
import os
import pathlib
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki

X = np.random.default_rng(0).random((16, 6, 6, 1)).astype("float32")


def with_value(value, at=(3, 2, 1, 0), x=X):
    x = x.copy()
    x[at] = value
    return x


@keras.saving.register_keras_serializable("tests")
def a_prior(latent_dim):
    """A prior that can only be sampled, as far as the models are told."""
    return ki.priors.StandardNormal().distribution(latent_dim)


# === Settings: what is called, the error, what it must say ===

MODEL = ki.InfoVAE
CONSTRUCTORS = {
    "alpha above 1": (lambda: MODEL(2, alpha=1.5), ValueError, "`alpha`.*at most 1.*alpha=1.5"),
    "alpha not a number": (lambda: MODEL(2, alpha="1"), TypeError, "`alpha`.*a number.*alpha='1'"),
    "alpha NaN": (lambda: MODEL(2, alpha=float("nan")), ValueError, "`alpha`.*finite.*nan"),
    "negative weight": (
        lambda: MODEL(2, alpha=0.2, lambda_=0.5),
        ValueError,
        "`alpha` and `lambda_`.*add up to at least 1.*alpha=0.2, lambda_=0.5, a weight of -0.3",
    ),
    "lambda_ 0": (lambda: MODEL(2, lambda_=0), ValueError, "`lambda_`.*greater than 0"),
    "lambda_ negative": (lambda: MODEL(2, lambda_=-3.0), ValueError, "greater than 0.*-3"),
    "auto lambda_ below a large KL": (
        lambda: MODEL(2, alpha=-400),
        ValueError,
        "lambda_=300, a weight of -101",
    ),
    "lambda_ a word": (lambda: MODEL(2, lambda_="big"), ValueError, "`lambda_`.*'auto'.*'big'"),
    "latent_dim 0": (lambda: MODEL(0), ValueError, "`latent_dim`.*at least 1.*latent_dim=0"),
    "latent_dim -1": (lambda: MODEL(-1), ValueError, "`latent_dim`.*at least 1.*latent_dim=-1"),
    "latent_dim 1.5": (lambda: MODEL(1.5), TypeError, "`latent_dim`.*integer.*latent_dim=1.5"),
    "latent_dim True": (lambda: MODEL(True), TypeError, "`latent_dim`.*integer.*True"),
    "beta 0": (lambda: ki.BetaVAE(2, beta=0), ValueError, "`beta`.*greater than 0.*beta=0"),
    "seed negative": (lambda: MODEL(2, seed=-1), ValueError, "`seed`.*at least 0.*seed=-1"),
    "fixed argument": (
        lambda: ki.VAE(2, alpha=0.5),
        TypeError,
        "`alpha` must be left out: VAE .*alpha=0.5",
    ),
    "fixed divergence": (
        lambda: ki.DIPVAE(2, divergence="mmd"),
        TypeError,
        "`divergence` must be left out: DIPVAE",
    ),
    "fixed posterior": (
        lambda: ki.WassersteinAutoencoder(2, posterior="diagonal_normal"),
        TypeError,
        "`posterior` must be left out",
    ),
    "one dimension to be independent": (
        lambda: ki.FactorVAE(1),
        ValueError,
        "`latent_dim`.*at least 2",
    ),
    "one dimension of a TCVAE": (lambda: ki.BetaTCVAE(1), ValueError, "`latent_dim`.*at least 2"),
    "one dimension of a DIP-VAE": (lambda: ki.DIPVAE(1), ValueError, "`latent_dim`.*at least 2"),
    "unknown divergence": (
        lambda: MODEL(2, divergence="mdm"),
        ValueError,
        "`divergence`.*one of.*'mmd'.*Did you mean 'mmd'",
    ),
    "unknown prior": (lambda: MODEL(2, prior="flat"), ValueError, "`prior`.*'standard_normal'"),
    "unknown posterior": (
        lambda: MODEL(2, posterior="normal"),
        ValueError,
        "`posterior`.*'diagonal_normal'",
    ),
    "unknown likelihood": (
        lambda: MODEL(2, likelihood="gauss"),
        ValueError,
        "`likelihood`.*'bernoulli'.*'normal'",
    ),
    "unknown network": (lambda: MODEL(2, encoder="cnn"), ValueError, "one of.*'conv'.*'mlp'"),
    "a network that is none": (lambda: MODEL(2, encoder=3), TypeError, "`encoder`.*keras.Model"),
    "unknown kernel": (
        lambda: ki.divergences.MaximumMeanDiscrepancy(kernel="laplace"),
        ValueError,
        "`kernel`.*'gaussian'",
    ),
    "bandwidth": (lambda: ki.kernels.Gaussian(-1.0), ValueError, "`bandwidth`.*greater than 0"),
    "scale": (lambda: ki.likelihoods.Normal(0), ValueError, "`scale`.*greater than 0"),
    "hidden units": (lambda: ki.networks.MLP([]), ValueError, "`hidden_units`.*at least one"),
    "one hidden unit": (lambda: ki.networks.MLP(512), TypeError, "`hidden_units`.*sequence"),
    "filters": (lambda: ki.networks.Conv([8, 0]), ValueError, r"`filters\[1\]`.*at least 1"),
    "point posterior with a KL": (
        lambda: MODEL(2, posterior="deterministic"),
        ValueError,
        "`alpha`.*1 for a posterior without a density",
    ),
    # Schedules
    "a schedule that ends before it begins": (
        lambda: ki.schedules.Linear(0, 1, -5),
        ValueError,
        "cannot end before it begins",
    ),
    "a schedule of no duration": (
        lambda: ki.schedules.Linear(0, 1, 0),
        ValueError,
        "`duration`.*greater than 0",
    ),
    "a schedule in unknown units": (
        lambda: ki.schedules.Linear(unit="epoch"),
        ValueError,
        "Did you mean 'epochs'",
    ),
    "no cycles": (lambda: ki.schedules.Cyclical(cycles=0), ValueError, "`cycles`.*at least 1"),
    "a cycle's ratio": (lambda: ki.schedules.Cyclical(ratio=1.5), ValueError, r"`ratio`.*\(0, 1\]"),
    "alpha that rises above 1": (
        lambda: MODEL(2, alpha=ki.schedules.Linear(0, 1.5)),
        ValueError,
        "`alpha`.*at most 1 at all times.*reaches 1.5",
    ),
    "a weight that falls below 0": (
        lambda: MODEL(2, lambda_=ki.schedules.Linear(1.0, 0.5)),
        ValueError,
        "add up to at least 1.*lambda_=0.5",
    ),
    "beta that falls to 0": (
        lambda: ki.BetaVAE(2, beta=ki.schedules.Cosine(1.0, 0.0)),
        ValueError,
        "`beta`.*greater than 0 at all times",
    ),
    "alpha a schedule's name": (
        lambda: MODEL(2, alpha="linear"),
        TypeError,
        "number or a schedule",
    ),
    # Parts that do not go together
    "posterior and prior on two spaces": (
        lambda: MODEL(2, posterior="von_mises_fisher"),
        ValueError,
        "`posterior` and `prior`.*VonMisesFisher .sphere.*StandardNormal .euclidean",
    ),
    "a Euclidean kernel on the sphere": (
        lambda: MODEL(3, posterior="von_mises_fisher", prior="uniform_sphere"),
        ValueError,
        "`divergence`.*UniformSphere.*MaximumMeanDiscrepancy",
    ),
    "a prior without density given to Stein": (
        lambda: MODEL(
            2,
            alpha=1.0,
            divergence="stein",
            lambda_=2.0,
            prior=ki.priors.UserDefinedPrior(a_prior, has_density=False),
        ),
        ValueError,
        "KernelizedSteinDiscrepancy needs a prior with a log density.*UserDefinedPrior",
    ),
    "a prior of points given to Stein": (
        lambda: MODEL(2, alpha=1.0, divergence="stein", prior="vamp", posterior="deterministic"),
        ValueError,
        "needs a prior with a log density.*VampPrior.*with the posterior Deterministic",
    ),
    "a prior without density with a KL": (
        lambda: MODEL(2, prior=ki.priors.UserDefinedPrior(a_prior, has_density=False)),
        ValueError,
        "`alpha`.*1 for a prior without a density",
    ),
    "total correlation of dimensions that are not apart": (
        lambda: ki.BetaTCVAE(2, posterior="full_covariance_normal"),
        ValueError,
        "`posterior` must be 'diagonal_normal'.*TotalCorrelation.*FullCovarianceNormal",
    ),
    "closed form where there is none": (
        lambda: ki.divergences.MaximumMeanDiscrepancy("imq", estimator="closed_form"),
        ValueError,
        "`estimator`.*with this kernel",
    ),
    # Priors, posteriors, likelihoods
    "no components": (lambda: ki.priors.GaussianMixture(0), ValueError, "`num_components`"),
    "a range that is none": (lambda: ki.priors.VampPrior(2, (1, 0)), ValueError, "low < high"),
    "concentration 0": (
        lambda: ki.priors.VonMisesFisherPrior(0),
        ValueError,
        "`concentration`.*greater",
    ),
    "a prior that cannot be saved": (
        lambda: ki.priors.UserDefinedPrior(lambda d: None),
        ValueError,
        "register_keras_serializable",
    ),
    "no reflections": (
        lambda: ki.posteriors.HouseholderFlow(0),
        ValueError,
        "`num_reflections`.*at least 1",
    ),
    "degrees of freedom without a mean": (
        lambda: ki.likelihoods.StudentT(degrees_of_freedom=1),
        ValueError,
        "`degrees_of_freedom`.*greater than 1",
    ),
    "library size": (
        lambda: ki.likelihoods.Poisson(library_size="known"),
        ValueError,
        "`library_size`.*None or 'observed'",
    ),
    "library sizes": (
        lambda: ki.likelihoods.Poisson(library_size=np.ones(3)),
        ValueError,
        "`library_size`.*None or 'observed'",
    ),
    "standardize as text": (
        lambda: ki.likelihoods.Normal(standardize="no"),
        TypeError,
        "`standardize`.*True or False",
    ),
    "an activation of a network that is none": (
        lambda: ki.networks.MLP([8], "relux"),
        ValueError,
        "`activation`.*the name of a Keras activation.*'relux'",
    ),
    "dispersion 0": (
        lambda: ki.likelihoods.NegativeBinomial(dispersion=0),
        ValueError,
        "`dispersion`.*greater than 0",
    ),
    "no columns": (lambda: ki.likelihoods.MixedColumns([]), ValueError, "`columns`.*at least one"),
    "two groups of any width": (
        lambda: ki.likelihoods.MixedColumns([("normal", None), ("bernoulli", None)]),
        ValueError,
        "only one",
    ),
    # Networks
    "an even kernel of a PixelCNN": (
        lambda: ki.networks.PixelCNN(kernel_size=4),
        ValueError,
        "`kernel_size`.*odd integer",
    ),
    "all words dropped": (
        lambda: ki.networks.Recurrent(word_dropout=1.0),
        ValueError,
        "`word_dropout`.*less than 1",
    ),
    # Members of the family
    "steps of a critic": (
        lambda: ki.divergences.Adversarial(steps=0),
        ValueError,
        "`steps`.*at least 1",
    ),
    "a penalty below 0": (
        lambda: ki.divergences.Adversarial(gradient_penalty=-1),
        ValueError,
        "`gradient_penalty`.*at least 0",
    ),
    "an activation that is none": (
        lambda: ki.divergences.Adversarial(activation="rel"),
        ValueError,
        "`activation`.*the name of a Keras activation.*'rel'",
    ),
    "one importance weight": (lambda: ki.IWAE(2, 1), ValueError, "`num_samples`.*at least 2"),
    "importance weights of points": (
        lambda: ki.IWAE(2, posterior="deterministic"),
        ValueError,
        "without a density",
    ),
    "capacity below 0": (lambda: ki.AnnealedVAE(2, -1.0), ValueError, "`capacity`.*at least 0"),
    "gamma 0": (lambda: ki.FactorVAE(2, gamma=0), ValueError, "`gamma`.*greater than 0"),
    "beta of a TCVAE below 1": (
        lambda: ki.BetaTCVAE(2, beta=0.5),
        ValueError,
        "`beta`.*at least 1",
    ),
    "kind of DIP-VAE": (lambda: ki.DIPVAE(2, "iii"), ValueError, "`kind`.*one of 'i', 'ii'"),
    "a condition that is none": (
        lambda: ki.InfoVAE(2, condition=3),
        TypeError,
        r"`condition` must be conditions.Classes\(n\).*condition=3",
    ),
    # Callbacks and migration
    "an estimator of one divergence for another": (
        lambda: ki.divergences.EnergyDistance(estimator="pairs"),
        ValueError,
        "`estimator`.*'closed_form'.*'pairs'",
    ),
    "a gradient that is none": (
        lambda: ki.divergences.KernelizedSteinDiscrepancy(gradient="svgd"),
        ValueError,
        "`gradient`.*one of.*'svgd'",
    ),
    "moments that are none": (
        lambda: ki.divergences.MomentMatching("complete"),
        ValueError,
        "one of.*'complete'",
    ),
    "no examples in a data set": (
        lambda: ki.divergences.TotalCorrelation(dataset_size=0),
        ValueError,
        "`dataset_size`.*at least 1",
    ),
    "no random features": (
        lambda: ki.divergences.MaximumMeanDiscrepancy(num_features=0),
        ValueError,
        "`num_features`.*at least 1",
    ),
    "an action that is none": (
        lambda: ki.callbacks.CollapseMonitor(X, action="halt"),
        ValueError,
        "`action`.*one of",
    ),
    "a null band of one draw": (
        lambda: ki.callbacks.DivergenceNullBand(X, draws=1),
        ValueError,
        "`draws`.*at least 2",
    ),
    "another library": (lambda: ki.migration.explain("pytae"), ValueError, "Did you mean 'pythae'"),
}


@pytest.mark.parametrize("case", CONSTRUCTORS)
def test_constructors(case):
    call, error, message = CONSTRUCTORS[case]
    with pytest.raises(error, match=message):
        call()


# === Data and use: what is called on a model, the error, what it must say ===


def dataset(x, batch_size=4):
    return tf.data.Dataset.from_tensor_slices(x).batch(batch_size)


USES = {
    "NaN": (
        lambda m: m.fit(with_value(np.nan)),
        ValueError,
        r"`x`.*finite.*1 .*NaN.*first at index \(3, 2, 1, 0\)",
    ),
    "Inf": (
        lambda m: m.fit(with_value(np.inf, at=(slice(2, 4), 0, 0, 0))),
        ValueError,
        r"`x`.*2 .*first at index \(2, 0, 0, 0\)",
    ),
    "pixels to 255": (
        lambda m: m.fit(X * 255),
        ValueError,
        r"`x`.*\[0, 1\].*Divide 8-bit images by 255",
    ),
    "negative values": (lambda m: m.fit(X - 0.5), ValueError, r"`x`.*\[0, 1\].*from -0\.\d+"),
    "integer images": (
        lambda m: m.fit((X * 255).astype("uint8")),
        TypeError,
        r"`x`.*floating point.*uint8.*/ 255",
    ),
    "ragged": (lambda m: m.fit([[0.1], [0.1, 0.2]]), ValueError, "`x`.*same shape"),
    "empty": (lambda m: m.fit(X[:0]), ValueError, r"`x`.*not be empty.*\(0, 6, 6, 1\)"),
    "no features": (lambda m: m.fit(X[:, :0]), ValueError, "`x`.*not be empty"),
    "labels as data": (lambda m: m.fit(np.arange(16.0)), ValueError, r"`x`.*\[examples, .*abels"),
    "strings": (lambda m: m.fit(np.array([["a", "b"]])), TypeError, "`x`.*numeric.*<U1"),
    "objects": (lambda m: m.fit(np.array([[None, 1.0]])), ValueError, "`x`.*numeric"),
    "nothing": (lambda m: m.fit(), ValueError, "`x`.*array or a dataset"),
    "another shape": (
        lambda m: m.fit(X[:, :5]),
        ValueError,
        r"`x`.*\[examples, 6, 6, 1\].*\(16, 5, 6, 1\)",
    ),
    "a batch of one": (
        lambda m: m.fit(X, batch_size=1),
        ValueError,
        "`batch_size`.*at least 2.*batch_size=1",
    ),
    "one example": (lambda m: m.fit(X[:1]), ValueError, "`batch_size`.*at least 2.*examples=1"),
    "batches of one": (lambda m: m.fit(dataset(X, 1)), ValueError, "`batch_size`.*at least 2"),
    "batch_size 0": (lambda m: m.fit(X, batch_size=0), ValueError, "`batch_size`.*at least 1"),
    "batch_size 2.5": (lambda m: m.fit(X, batch_size=2.5), TypeError, "`batch_size`.*integer"),
    "targets": (lambda m: m.fit(X, X), ValueError, "`y`.*left out"),
    "targets by name": (lambda m: m.fit(X, y=X), ValueError, "`y`.*left out.*nothing but x"),
    "targets in a tuple": (lambda m: m.fit((X, X)), ValueError, "`x` must come alone"),
    "class weights": (
        lambda m: m.fit(X, class_weight={0: 1.0}),
        ValueError,
        "`class_weight`.*left out",
    ),
    "a dictionary": (lambda m: m.fit({"x": X}), TypeError, "`x`.*an array or a dataset.*dict"),
    "a ragged tensor": (
        lambda m: m.fit(tf.ragged.constant([[0.1], [0.1, 0.2]])),
        TypeError,
        "`x`.*an array or a dataset.*RaggedTensor",
    ),
    "too large for float32": (
        lambda m: m.fit(with_value(1e300, x=X.astype("float64"))),
        ValueError,
        "`x`.*finite",
    ),
    "one example after the split": (
        lambda m: m.fit(X[:2], validation_split=0.5),
        ValueError,
        "`batch_size`.*at least 2.*examples=1",
    ),
    "targets in a dataset": (lambda m: m.fit(dataset((X, X))), ValueError, "`x` must come alone"),
    "empty dataset": (lambda m: m.fit(dataset(X).take(0)), ValueError, "`x`.*without batches"),
    "integer dataset": (
        lambda m: m.fit(dataset((X * 255).astype("uint8"))),
        TypeError,
        "`x`.*floating point",
    ),
    "dataset to 255": (
        lambda m: m.fit(dataset(X * 255)),
        ValueError,
        "`x`.*Divide 8-bit images by 255",
    ),
    "unbatched dataset": (
        lambda m: m.fit(tf.data.Dataset.from_tensor_slices(X)),
        ValueError,
        r"`x` must be a dataset of batches.*single examples, of .*\(6, 6, 1\).*batch\(",
    ),
    "validation with targets": (
        lambda m: m.fit(X, validation_data=(X, X)),
        ValueError,
        "`validation_data` must come alone",
    ),
    "validation NaN": (
        lambda m: m.fit(X, validation_data=(with_value(np.nan),)),
        ValueError,
        "`validation_data`.*finite",
    ),
    "validation of another shape": (
        lambda m: m.fit(X, validation_data=X[:, 1:]),
        ValueError,
        r"`validation_data`.*\[examples, 6, 6, 1\]",
    ),
    "validation_split 1": (
        lambda m: m.fit(X, validation_split=1.0),
        ValueError,
        "`validation_split`.*leaves examples on both sides",
    ),
    "a loss": (lambda m: m.compile("adam", loss="mse"), ValueError, "`loss`.*left out"),
    "metrics": (lambda m: m.compile("adam", metrics=["mse"]), ValueError, "`metrics`.*left out"),
    "unknown optimizer": (lambda m: m.compile("adamm"), ValueError, "adamm"),
    "evaluate another shape": (lambda m: m.evaluate(X[:, 1:]), ValueError, "`x`.*6, 6, 1"),
    "predict integers": (
        lambda m: m.predict((X * 255).astype("uint8"), verbose=0),
        TypeError,
        "`x`.*floating point",
    ),
    "predict to 255": (lambda m: m.predict(X * 255, verbose=0), ValueError, "`x`.*Divide"),
    "predict another shape": (
        lambda m: m.predict(X[:, 1:], verbose=0),
        ValueError,
        r"`x`.*\[examples, 6, 6, 1\]",
    ),
    "encode another shape": (lambda m: m.encode(X[:, 1:]), ValueError, r"`x`.*6, 6, 1\]"),
    "encode one image": (lambda m: m.encode(X[0]), ValueError, r"`x`.*6, 6, 1\]"),
    "encode NaN": (lambda m: m.encode(with_value(np.nan)), ValueError, "`x`.*finite"),
    "decode another size": (
        lambda m: m.decode(np.zeros((3, 5), "float32")),
        ValueError,
        r"`z`.*\[examples, 2\].*\(3, 5\)",
    ),
    "decode one z": (lambda m: m.decode(np.zeros(2, "float32")), ValueError, "`z`.*shape"),
    "decode NaN": (lambda m: m.decode(np.full((3, 2), np.nan)), ValueError, "`z`.*finite"),
    "generate none": (lambda m: m.generate(0), ValueError, "`n`.*at least 1.*n=0"),
    "generate 2.5": (lambda m: m.generate(2.5), TypeError, "`n`.*integer"),
    "generate seed": (lambda m: m.generate(2, seed=0.5), TypeError, "`seed`.*integer"),
    "elbo of labels": (lambda m: m.elbo(np.arange(4.0)), ValueError, "`x`.*shape"),
}


@pytest.fixture(scope="module")
def model():
    model = MODEL(2, encoder=ki.networks.MLP([4]), decoder=ki.networks.MLP([4]), lambda_=10.0)
    model.compile("adam", jit_compile=False)
    model.build((None, *X.shape[1:]))
    return model


@pytest.mark.parametrize("case", USES)
def test_use(case, model):
    call, error, message = USES[case]
    before = model.get_weights()
    with pytest.raises(error, match=re.compile(message, re.DOTALL)):
        call(model)
    for a, b in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)
    assert int(model.optimizer.iterations) == 0


@pytest.mark.parametrize(
    "use",
    [
        lambda m: m.encode(X),
        lambda m: m.generate(2),
        lambda m: m.decode(np.zeros((1, 2))),
        lambda m: m.predict(X),
    ],
)
def test_before_the_shape_is_known(use):
    with pytest.raises(ValueError, match=r"does not know the shape of x yet.*fit\(x\)"):
        use(MODEL(2))


def test_a_generator_cannot_tell_the_shape():
    with pytest.raises(ValueError, match=r"`x` must be an array or a dataset .*build\(.*generator"):
        MODEL(2).fit((x,) for x in [X])


def test_bad_first_data_leaves_the_model_free_to_be_built():
    model = MODEL(2, encoder=ki.networks.MLP([4]), decoder=ki.networks.MLP([4]))
    with pytest.raises(ValueError):
        model.fit(X * 255, verbose=0)
    assert not model.built and model.weights == []


# === Networks of the wrong size ===


def network(inputs, outputs):
    x = keras.Input(inputs)
    hidden = keras.layers.Dense(math.prod(outputs))(keras.layers.Flatten()(x))
    return keras.Model(x, keras.layers.Reshape(outputs)(hidden))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"encoder": network((6, 6, 1), (2,))},
            r"`encoder` must map \[n, 6, 6, 1\] to \[n, 4\].*output shape \(None, 2\)",
        ),
        (
            {"encoder": network((6, 5, 1), (4,))},
            r"`encoder` must map \[n, 6, 6, 1\] to \[n, 4\].*failed on such an input",
        ),
        (
            {"decoder": network((2,), (6, 6, 2))},
            r"`decoder` must map \[n, 2\] to \[n, 6, 6, 1\].*\(None, 6, 6, 2\)",
        ),
        (
            {
                "decoder": network((2,), (6, 6, 1)),
                "likelihood": ki.likelihoods.Normal("per_value"),
            },
            r"`decoder` must map \[n, 2\] to \[n, 6, 6, 1, 2\].*\(None, 6, 6, 1\)",
        ),
    ],
)
def test_networks_of_the_wrong_size(arguments, message):
    with pytest.raises(ValueError, match=message):
        MODEL(2, **arguments).fit(X, verbose=0)


# === Files ===


def truncated_npz(folder):
    path = folder / "cut.npz"
    np.savez(path, x=X)
    path.write_bytes(path.read_bytes()[:-200])
    return path


def arrays(**arrays):
    def write(folder):
        np.savez(folder / "a.npz", **arrays)
        return folder / "a.npz"

    return write


def array(shape, dtype="|u1", size=100):
    """A `.npy` file whose header says so, with that many bytes behind it."""

    def write(folder):
        with open(folder / "a.npy", "wb") as file:
            header = {"descr": dtype, "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
            file.truncate(file.tell() + size)
        return folder / "a.npy"

    return write


def written(name, content):
    def write(folder):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return path.parent if path.parent != folder else path

    return write


def table(text, name="t.csv"):
    return written(name, text.encode())


def images(*names, link=None, pipe=None):
    """A folder of images of 3 x 2 pixels; of those whose names have a number, of so many."""

    def write(folder):
        Image = pytest.importorskip("PIL.Image")
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            side = int(re.search(r"\d+|$", name).group() or 3)
            Image.new("L", (side, 2)).save(folder / name)
        if link:
            (folder / link[0]).symlink_to(folder / link[1])
        if pipe:
            os.mkfifo(folder / pipe)
        return folder

    return write


def pipe(name):
    def write(folder):
        os.mkfifo(folder / name)
        return folder / name

    return write


def records(**features):
    """A TFRecord file of four equal examples, whose checksums are right."""
    kinds = {bytes: ("bytes_list", "BytesList"), int: ("int64_list", "Int64List")}

    def write(folder):
        example = {}
        for name, values in features.items():
            kind, form = kinds[type(values[0])]
            values = getattr(tf.train, form)(value=values)
            example[name.replace("__", "/")] = tf.train.Feature(**{kind: values})
        example = tf.train.Example(features=tf.train.Features(feature=example))
        with tf.io.TFRecordWriter(str(folder / "r.tfrecord")) as writer:
            for _ in range(4):
                writer.write(example.SerializeToString())
        return folder / "r.tfrecord"

    return write


def parts(**tables):
    def write(folder):
        for name, text in tables.items():
            (folder / f"{name}.csv").write_text(text)
        return folder

    return write


def parquet(folder):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    frame = pandas.DataFrame({"a": [1.0, 2.0], "site": ["x", "y"]})
    frame.set_index("site").to_parquet(folder / "p.parquet")
    return folder / "p.parquet"


TEN = np.arange(20.0).reshape(10, 2)
RAW = np.zeros(2, "float32").tobytes()
FILES = {
    "missing": (lambda folder: folder / "no.npz", FileNotFoundError, "a path that exists.*no.npz"),
    "truncated": (truncated_npz, ValueError, "cut.npz"),
    "not what its name says": (written("x.npy", b"hello"), ValueError, "x.npy"),
    "pickled objects": (
        arrays(x=np.array([{"a": 1}, None], dtype=object)),
        ValueError,
        "pickled objects are refused",
    ),
    "text columns": (table("a,b\n1,red\n2,blue\n"), ValueError, "'b' has 'red' in row 0"),
    "empty table": (table("", "e.csv"), ValueError, "e.csv"),
    "unreadable image": (written("images/a.png", b"not a picture"), ValueError, "a.png"),
    "unknown suffix": (written("x.docx", b"?"), ValueError, "name ends in one of .npy"),
    # Labels
    "two labels for each": (
        arrays(x=TEN, y=np.arange(20).reshape(10, 2)),
        ValueError,
        r"one label per example.*a\.npz.*\(10, 2\)",
    ),
    "shares of classes": (arrays(x=TEN, y=np.full((10, 2), 0.5)), ValueError, "not one-hot"),
    "too few labels": (arrays(x=TEN, y=[1]), ValueError, r"10 examples, labels of \(1,\)"),
    "one label for all": (arrays(x=TEN, y=1), ValueError, r"10 examples, labels of \(\)"),
    "dates as labels": (arrays(x=TEN, y=np.zeros(10, "M8[s]")), ValueError, "numbers or strings"),
    "labels without a number": (
        arrays(x=TEN, y=np.full(10, np.nan)),
        ValueError,
        r"`source\['y'\]` must be finite",
    ),
    "labels of train alone": (
        arrays(x_train=TEN, y_train=TEN[:, 0], x_valid=TEN),
        ValueError,
        "labels in both train and validation",
    ),
    "labels of two kinds": (
        arrays(x_train=TEN, y_train=TEN[:, 0], x_test=TEN, y_test=np.full(10, "a")),
        ValueError,
        "one kind of label in train and test",
    ),
    # Arrays
    "two arrays for x": (arrays(images=TEN, data=TEN), ValueError, "have one array of each kind"),
    "no array for x": (arrays(a=TEN, b=TEN), ValueError, "it has 'a', 'b'"),
    "a validation split of another shape": (
        arrays(x_train=TEN, x_valid=TEN[:, :1]),
        ValueError,
        r"one shape of example in train and validation.*\(2,\) and \(1,\)",
    ),
    "a header of 4 TB": (
        array((10**6, 4 * 10**6)),
        ValueError,
        r"a\.npy.*4,000,000,000,000 bytes, and 100 follow",
    ),
    "a header longer than the file": (array((10, 11)), ValueError, "110 bytes, and 100 follow"),
    "a header of a negative length": (array((-1, 4)), ValueError, r"a\.npy"),
    "an array of no numbers": (array((10, 2), "<U1", 80), ValueError, "real numbers.*<U1"),
    "one long array": (array((100,)), ValueError, r"rank 2 or more.*shape \(100,\)"),
    # Files that inflate, or never end
    "more in an idx file than its header says": (
        written("x.gz", gzip.compress(b"\0\0\x08\x01\0\0\0\x05" + bytes(10**6), mtime=0)),
        ValueError,
        r"with 5 bytes of values.*x\.gz.*it has more",
    ),
    "an idx file of 4 GB in 20 bytes": (
        written("x.gz", gzip.compress(b"\0\0\x08\x01\xff\xff\xff\xff", mtime=0)),
        ValueError,
        r"x\.gz.*it is truncated",
    ),
    "an idx file of rank 0": (written("x.idx", b"\0\0\x08\0\1"), ValueError, "rank 1 to 32"),
    "a pipe called x.npy": (pipe("x.npy"), ValueError, r"a regular file.*x\.npy.*named pipe"),
    "a pipe called x.csv": (pipe("x.csv"), ValueError, r"a regular file.*x\.csv.*named pipe"),
    "a pipe among images": (images("a.png", pipe="b.png"), ValueError, r"b\.png.*named pipe"),
    # Tables
    "a first row that may be either": (
        table("3,1\n0.5,0.7\n0.1,0.2\n"),
        ValueError,
        "plainly names or plainly values.*`header`.*'3', '1'",
    ),
    "one name for two columns": (
        table("a,b,a\n1,2,3\n"),
        ValueError,
        r"a different name for each column.*t\.csv.*'a'",
    ),
    "names that differ in padding": (table("a, a\n1,2\n"), ValueError, "different name.*'a'"),
    "a column without a name": (table("a,\n1,2\n"), ValueError, "a name for every column"),
    "rows longer than the header": (table("a,b\n1,2\n1,2,3\n"), ValueError, r"t\.csv.*line 3"),
    "text without a header": (
        table("1.5,red\n2.5,red\n0.5,blue\n"),
        ValueError,
        "`label_column`, or say how .* no header.*'column_1' has 'red' in row 0",
    ),
    "a question mark for a number": (table("a,b\n1,?\n2,3\n"), ValueError, r"missing.*b \(1\)"),
    "no value between semicolons": (table("a;b\n1,5;\n2,5;3\n"), ValueError, r"missing.*b \(1\)"),
    "another encoding": (
        written("t.csv", "größe,b\n1,2\n".encode("latin-1")),
        ValueError,
        r"t\.csv.*text must be in UTF-8",
    ),
    "a name of a separator alone": (table("sep=;\n"), ValueError, "at least one row"),
    "parts with other columns": (
        parts(a="u,v\n1,2\n3,4\n", b="u,w\n1,2\n3,4\n"),
        ValueError,
        r"the columns of .*a\.csv.*'u', 'v'.*b\.csv.*'u', 'w'",
    ),
    "an index of text": (parquet, ValueError, "not numbers: 'site'; 'site' has 'x' in row 0"),
    # Folders of images
    "no images": (
        written("f/a.heic", b"?"),
        ValueError,
        r"hold images.*it has 1 \.heic \(a\.heic\)",
    ),
    "images of two sizes": (images("3.png", "4.png"), ValueError, "3.png' is 3 x 2, .*is 4 x 2"),
    "images beside folders": (
        images("a.png", "b/c.png"),
        ValueError,
        "1 images outside of the folders and 1 inside",
    ),
    "splits beside classes": (
        images("train/a.png", "test/a.png", "cat/a.png"),
        ValueError,
        "'test', 'train' look like splits, and 'cat' are beside",
    ),
    "a split twice": (
        images("train/a.png", "val/a.png", "valid/a.png"),
        ValueError,
        "one folder of each split.*'train', 'val', 'valid'",
    ),
    "a test split of another size": (
        images("train/3.png", "test/4.png"),
        ValueError,
        "hold images of one size.*is 3 x 2|is 4 x 2",
    ),
    "a link to a parent": (
        images("cat/a.png", "dog/a.png", link=("cat/again", ".")),
        ValueError,
        "hold each folder once.*again",
    ),
    "a link to nothing": (
        images("a.png", link=("b.png", "gone.png")),
        ValueError,
        r"a file, or a link to one.*b\.png.*gone\.png",
    ),
    "a program for printers called x.png": (
        written("f/x.png", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 4 4\n"),
        ValueError,
        r"an image that is whole.*x\.png",
    ),
    # TFRecords
    "a record of no shape": (
        records(x=[RAW], x__shape=[-1], x__dtype=[b"float32"]),
        ValueError,
        r"r\.tfrecord.*record 0 has -1",
    ),
    "a record shorter than its shape": (
        records(x=[RAW], x__shape=[2**25], x__dtype=[b"float32"]),
        ValueError,
        r"shape \(33554432,\).*r\.tfrecord.*record 0 has 2 values",
    ),
    "a record of rank 100": (
        records(x=[RAW], x__shape=[1] * 100, x__dtype=[b"float32"]),
        ValueError,
        r"1 to 32 lengths.*r\.tfrecord",
    ),
    "a record of a type that is no text": (
        records(x=[RAW], x__shape=[2], x__dtype=[b"\xff"]),
        ValueError,
        r"a dtype of real numbers.*r\.tfrecord.*record 0",
    ),
    "a record of a type that is a number": (
        records(x=[RAW], x__shape=[2], x__dtype=[3]),
        ValueError,
        r"a bytes_list in 'x/dtype'.*record 0 has a int64_list",
    ),
    "a record without x": (
        records(y=[3]),
        ValueError,
        r"the feature 'x/shape'.*r\.tfrecord.*record 0 has 'y'",
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_files(case, tmp_path):
    make, error, message = FILES[case]
    path = make(tmp_path)
    before = sorted(pathlib.Path(tmp_path).rglob("*"))
    with pytest.raises(error, match=message):
        ki.datasets.load(str(path))
    assert sorted(pathlib.Path(tmp_path).rglob("*")) == before


# === Data that a likelihood cannot describe: the likelihood, x, the error, what it must say ===

ROWS = np.zeros((8, 6), "float32")
LIKELIHOODS = {
    "negative counts": ("poisson", ROWS - 1, ValueError, "`x` must be at least 0.*Poisson"),
    "fractional counts": ("poisson", ROWS + 2.5, ValueError, "`x` must hold counts.*2.5"),
    "negative binomial of shares": ("negative_binomial", ROWS + 0.5, ValueError, "`x`.*counts"),
    "categories not one-hot": ("categorical", ROWS + 0.5, ValueError, r"`x` must be one-hot"),
    "labels as categories": (
        "categorical",
        np.tile(np.arange(6), (8, 1)),
        ValueError,
        r"lie in \[0, 1\].*np\.eye",
    ),
    "one category": ("categorical", ROWS[:, :1], ValueError, "at least 2 categories"),
    "levels between levels": (
        "discretized_logistic_mixture",
        np.full((8, 6, 6, 1), 0.5, "float32"),
        ValueError,
        "`x` must hold levels divided by 255",
    ),
    "columns of another number": (
        ki.likelihoods.MixedColumns([("normal", 2), ("categorical", 3)]),
        ROWS,
        ValueError,
        "tables of 5 columns",
    ),
    "shares above 1": ("continuous_bernoulli", ROWS + 2, ValueError, r"`x`.*\[0, 1\]"),
}


@pytest.mark.parametrize("case", LIKELIHOODS)
def test_data_that_the_likelihood_cannot_describe(case):
    likelihood, x, error, message = LIKELIHOODS[case]
    model = MODEL(2, likelihood=likelihood)
    with pytest.raises(error, match=message):
        model.fit(x, verbose=0)


def test_a_schedule_in_epochs_needs_to_know_how_long_an_epoch_is():
    alpha = ki.schedules.Linear(unit="epochs", duration=3)
    model = MODEL(2, alpha=alpha, divergence="moment_matching")
    unknown = dataset(X).filter(lambda x: True)
    with pytest.raises(ValueError, match="`steps_per_epoch` must be given.*epochs"):
        model.fit(unknown, verbose=0)
    model.fit(unknown.repeat(), steps_per_epoch=2, epochs=1, verbose=0)
    assert 0.0 < model.alpha(2 / 2) < 1.0 and model.kl_weight == pytest.approx(1 - 1 / 3)
