"""Models that take and give strings."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_infovae as ki
from keras_infovae.evaluation import texts
from keras_infovae.evaluation.reporting.page import render
from keras_infovae.text.splitting import Words
from tests import contracts

TEXTS = ["the cat sleeps.", "a dog runs", "the dog sleeps", "a cat, a dog"] * 8
NETWORKS = {"encoder": ki.networks.Recurrent(6, 4), "decoder": ki.networks.Recurrent(6, 4)}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("texts") / "sentences.txt"
    path.write_text("\n".join(TEXTS))
    keras.utils.set_random_seed(0)
    model = ki.VAE(2, **NETWORKS, seed=0)
    model.fit(path, epochs=1, verbose=0)
    return model


def test_the_texts_of_a_file_make_the_preprocessor_the_likelihood_and_the_networks(model):
    assert model.preprocessor == ki.text.Text.infer(TEXTS)
    assert model.likelihood.vocabulary_size == len(model.preprocessor.vocabulary) == 10
    assert model.event_shape == (6,)
    assert model.decoder.vocabulary_size == 10
    assert isinstance(
        ki.VAE(2, preprocessor=model.preprocessor).likelihood, ki.likelihoods.TokenSequence
    )


def test_methods_take_strings_and_give_strings(model):
    x = model.preprocessor.numbers(TEXTS)
    for method in (model.encode, model.elbo, model.score):
        np.testing.assert_array_equal(method(TEXTS), method(x))
    assert model.evaluate(TEXTS, verbose=0) == model.evaluate(x, verbose=0)
    words = set(model.preprocessor.vocabulary.tokens) | {"<unknown>"}
    for made in (
        model.generate(5, seed=0),
        model.reconstruct(TEXTS),
        model.predict(TEXTS, verbose=0),
        model.decode(np.zeros([3, 2])),
    ):
        assert isinstance(made, list)
        assert words.issuperset(token for text in made for token in Words.parts(text))
    assert model.reconstruct(x).shape == x.shape
    assert model.generate(5, prepared=True).dtype == np.float32


def test_what_tokens_add_to_a_score_is_that_of_the_tokens_that_count(model):
    x = model.preprocessor.numbers(TEXTS[:4])
    values, code = model.contributions(TEXTS[:4])
    counts = np.arange(x.shape[1]) < model.likelihood.lengths(x).numpy()[:, None]
    np.testing.assert_array_equal(values != 0, counts)
    np.testing.assert_allclose(values.sum(axis=1) + code, model.score(TEXTS[:4]), rtol=1e-4)


def test_rows_do_not_depend_on_the_size_of_batches(model):
    assert model.generate(5, seed=3) == model.generate(5, seed=3, batch_size=2)
    np.testing.assert_allclose(
        model.encode(TEXTS[:5], sample=True, seed=1),
        model.encode(TEXTS[:5], sample=True, seed=1, batch_size=2),
        atol=1e-5,
    )


def test_a_model_keeps_its_texts(model, tmp_path):
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    assert restored.generate(5, seed=1) == model.generate(5, seed=1)
    np.testing.assert_array_equal(restored.encode(TEXTS), model.encode(TEXTS))


def test_new_texts_with_unknown_words_are_encoded(model):
    assert np.all(np.isfinite(model.encode(["an elephant"])))
    with pytest.raises(TypeError, match=r"`texts\[1\]` must be a string"):
        model.encode(["a cat", None])


def test_a_condition_stands_beside_tokens():
    with contracts.eager_functions():
        model = ki.VAE(2, condition=ki.conditions.Classes(2), **NETWORKS, seed=0)
        model.fit(TEXTS, condition=[0, 1] * 16, epochs=1, verbose=0)
        first, second = (model.encode(TEXTS[:3], condition=[c] * 3) for c in (0, 1))
        assert np.abs(first - second).max() > 0
        assert len(model.generate(2, condition=[0, 1])) == 2


def test_large_vocabularies_survive_half_precision():
    size = 5000
    with_words = ki.text.Text(ki.text.Vocabulary([f"w{i}" for i in range(size)]), 3)
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = ki.VAE(2, preprocessor=with_words, **NETWORKS, seed=0)
        model.build((None, 3))
    finally:
        keras.config.set_dtype_policy(policy)
    near = ["w4000 w4001", "w4001 w4001", "w4002 w4001"]  # one number to bfloat16
    assert len(np.unique(model.encode(near), axis=0)) == 3
    z = tf.zeros([3, 2])
    x = with_words.numbers(near)
    assert len(np.unique(model.decoder([z, model.likelihood.features(x)])[:, 1], axis=0)) == 3


def test_a_chain_finds_codes_of_texts():
    model = ki.ShortRunModel(
        2, steps=3, decoder=ki.networks.Recurrent(6, 4, word_dropout=0.3), seed=0
    )
    model.fit(TEXTS, epochs=1, verbose=0)
    assert model.encode(TEXTS).shape == (32, 2)
    assert len(model.generate(3)) == 3 and len(model.reconstruct(TEXTS)) == 32


def test_the_perplexity_is_of_the_tokens_that_count(model):
    summary = ki.evaluation.summarize(model, TEXTS, num_samples=2)
    tokens = sum(len(Words.parts(text)) + 1 for text in TEXTS)
    expected = np.exp(-summary["elbo"] * len(TEXTS) / tokens)
    np.testing.assert_allclose(summary["perplexity"], expected, rtol=1e-5)
    assert "perplexity per token" in ki.evaluation.describe(summary)


def test_a_report_shows_texts(model):
    x = model.preprocessor.numbers(TEXTS)
    shown = [make(model, x) for make in (texts.reconstructions, texts.samples)]
    shown.append(texts.interpolations(model, x))
    assert [row[0] for row in shown[0].rows] == TEXTS[:12]
    assert [row[1] for row in shown[0].rows] == model.reconstruct(TEXTS[:12])
    line = shown[2].rows[:7]  # of the first and the fifth text
    assert [row[0] for row in line] == [
        *("example", "t = 0", "t = 0.25", "t = 0.5", "t = 0.75", "t = 1", "example")
    ]
    assert [line[1][1], line[5][1]] == model.reconstruct([TEXTS[0], TEXTS[4]])
    page = render("t", "l", [], {"Texts": [texts.Lines("<b>", ["c"], [["a < b"]])]}, {}, "f")
    assert "<td>a &lt; b</td>" in page and "&lt;b&gt;" in page
    with pytest.raises(ValueError, match="evaluation.report shows texts"):
        ki.evaluation.plots.plot_samples(model, "never.png", x)


def test_a_language_model_is_one_whose_codes_tell_nothing(tmp_path):
    keras.utils.set_random_seed(0)
    with contracts.eager_functions():
        model = ki.LatentVariableModel(
            1, inference="from_prior", decoder=ki.networks.Recurrent(6, 4), seed=0
        )
        history = model.fit(TEXTS, epochs=1, verbose=0).history
        assert history["kl_divergence"] == [0.0]
        assert history["loss"] == history["reconstruction_loss"]
        np.testing.assert_array_equal(model.encode(TEXTS), np.zeros([32, 1]))
        draws = model.encode(TEXTS, sample=True, seed=1)
        np.testing.assert_array_equal(model.encode(TEXTS[::-1], sample=True, seed=1), draws)
        estimate = ki.evaluation.marginal_log_likelihood(model, TEXTS[:4], num_samples=50)
        # Jensen's gap of one draw is small where the decoder hardly uses z.
        np.testing.assert_allclose(estimate.log_likelihood, model.elbo(TEXTS[:4]), atol=1.0)
        model.save(tmp_path / "model.keras")
        restored = keras.saving.load_model(tmp_path / "model.keras")
        np.testing.assert_allclose(restored.elbo(TEXTS[:4]), model.elbo(TEXTS[:4]), rtol=1e-5)


def test_what_tokens_do_not_have_is_refused(model):
    with pytest.raises(ValueError, match="`impute` is not defined for tokens"):
        model.impute(TEXTS)
    with pytest.raises(ValueError, match="`given` is not defined for tokens"):
        model.generate(2, given={"a": 1})
    with pytest.raises(ValueError, match="`prior` must not be VampPrior"):
        ki.VAE(2, prior="vamp").fit(TEXTS, verbose=0)


@pytest.fixture(scope="module")
def streamed(model):
    """A model like `model`, of the same texts in the same batches, from a dataset."""
    keras.utils.set_random_seed(0)
    streamed = ki.VAE(2, **NETWORKS, seed=0)
    batches = tf.data.Dataset.from_tensor_slices(TEXTS).batch(8)
    streamed.fit(batches, epochs=1, verbose=0, validation_data=tf.data.Dataset.from_tensors(TEXTS))
    return streamed


def test_a_stream_of_strings_makes_the_same_preprocessor(model, streamed):
    assert streamed.preprocessor == model.preprocessor
    assert streamed.history.history["val_loss"][0] > 0
    assert isinstance(streamed.generate(2)[0], str)


def test_methods_take_streams_of_strings(streamed, tmp_path):
    path = tmp_path / "sentences.txt"
    path.write_text("\n".join(TEXTS))
    lines = tf.data.TextLineDataset([str(path)])
    expected = streamed.encode(TEXTS), streamed.score(TEXTS)
    for stream in (lines, lines.batch(7), tf.data.Dataset.from_tensors((TEXTS,))):
        np.testing.assert_allclose(streamed.encode(stream), expected[0], atol=1e-6)
    np.testing.assert_allclose(streamed.encode(t for t in TEXTS), expected[0], atol=1e-6)
    np.testing.assert_allclose(streamed.score(t for t in TEXTS), expected[1], rtol=1e-5)
    told = lines.apply(tf.data.experimental.assert_cardinality(len(TEXTS)))  # or Keras warns
    loss = streamed.evaluate(told, verbose=0)["reconstruction_loss"]
    assert loss == pytest.approx(
        streamed.evaluate(TEXTS, verbose=0)["reconstruction_loss"], rel=0.2
    )
    by_eight = streamed.evaluate(told, batch_size=8, verbose=0)
    batches = tf.data.Dataset.from_tensor_slices(TEXTS).batch(8)
    assert by_eight == pytest.approx(streamed.evaluate(batches, verbose=0), rel=1e-5)
    assert by_eight["loss"] != pytest.approx(streamed.evaluate(told, verbose=0)["loss"], rel=1e-5)
    with pytest.raises(ValueError, match="`x` must not be empty. Received: a generator of nothing"):
        streamed.encode(t for t in [])
    with pytest.raises(ValueError, match="of raw data take tf.data.Dataset.from_generator"):
        streamed.fit((t for t in TEXTS), verbose=0)
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="`text.1.` must be a text of at least"
    ):
        streamed.fit(tf.data.Dataset.from_tensor_slices(["a", "a", "a", ""]).batch(2), verbose=0)


def test_streams_have_conditions_beside_texts():
    labels = np.arange(32) % 2
    model = ki.VAE(2, condition=ki.conditions.Classes(2), **NETWORKS, seed=0)
    single = tf.data.Dataset.from_tensor_slices((TEXTS, labels))
    with contracts.eager_functions():
        model.fit(single, batch_size=16, epochs=1, verbose=0)
        expected = model.encode(TEXTS, condition=labels)
        np.testing.assert_allclose(model.encode(single), expected, atol=1e-6)
        pairs = zip(TEXTS, labels)
        np.testing.assert_allclose(model.encode(pair for pair in pairs), expected, atol=1e-6)


def test_the_picture_of_unusual_texts_writes_their_words(model, tmp_path):
    given = ["a cat", "the dog sleeps", "a zebra runs", "the cat sleeps."]
    x = model.preprocessor.numbers(given)
    values, code = model.contributions(x)
    words, excess = texts.words_above_mean(model, x, values, code, np.array([2, 0]))
    assert words.index.tolist() == [2, 0]
    assert words.to_numpy().tolist() == [
        ["a", "?", "runs", "(end)", ""],
        ["a", "cat", "(end)", "", ""],
    ]
    assert excess.shape == words.shape and excess[1, 3] == 0.0  # behind the end
    counts = np.arange(x.shape[1]) < model.likelihood.lengths(x).numpy()[:, None]
    mean = values[counts].mean()
    np.testing.assert_allclose(excess[0, :4], values[2, :4] - mean, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(excess[:, -1], (code - code.mean())[[2, 0]], atol=1e-5)
    path = ki.evaluation.plot_contributions(model, tmp_path / "words.png", given, count=3)
    assert path == str(tmp_path / "words.png")


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_the_encoder_sees_a_condition_as_it_is_and_each_token(policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = ki.VAE(
            2,
            likelihood=ki.likelihoods.TokenSequence(1000),
            condition=ki.conditions.Features(1),
            encoder=ki.networks.Recurrent(6, 4),
            decoder=ki.networks.Recurrent(6, 4),
            seed=0,
        )
        model.build((None, 3))
        # bfloat16 has no 513: it is 512.
        x = np.array([[512, 1, 0], [513, 1, 0], [512, 1, 0]], "float32")
        codes = model.encode(x, condition=np.array([[0.0], [0.0], [0.5]]))
    finally:
        keras.config.set_dtype_policy(before)
    assert np.abs(codes[0] - codes[1]).max() > 1e-5
    assert np.abs(codes[0] - codes[2]).max() > 1e-5
