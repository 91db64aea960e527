"""What bad input gets: an error that names the argument, what is allowed and what was received.

No case may change a weight or leave a file behind. Bad files are tried in full in tests/datasets,
bad command lines in tests/cli.
"""

import math
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
        "rel",
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


def pickled_npz(folder):
    path = folder / "objects.npz"
    np.savez(path, x=np.array([{"a": 1}, None], dtype=object))
    return path


def written(name, content):
    def write(folder):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return path.parent if path.parent != folder else path

    return write


FILES = {
    "missing": (lambda folder: folder / "no.npz", FileNotFoundError, "a path that exists.*no.npz"),
    "truncated": (truncated_npz, ValueError, "cut.npz"),
    "not what its name says": (written("x.npy", b"hello"), ValueError, "x.npy"),
    "pickled objects": (pickled_npz, ValueError, "pickled objects are refused"),
    "text columns": (written("t.csv", b"a,b\n1,red\n2,blue\n"), ValueError, "'b'"),
    "empty table": (written("e.csv", b""), ValueError, "e.csv"),
    "unreadable image": (written("images/a.png", b"not a picture"), ValueError, "a.png"),
    "unknown suffix": (written("x.docx", b"?"), ValueError, "name ends in one of .npy"),
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
