"""`ki.text.stream`: texts that stay on disk."""

import contextlib

import numpy as np
import pytest

import keras_infovae as ki

WORDS = [f"w{i}" for i in range(30)]
RNG = np.random.default_rng(0)
TEXTS = [" ".join(RNG.choice(WORDS, RNG.integers(1, 9))) for _ in range(200)]


def write(path, texts):
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


def rows_of(x):
    return sorted(map(tuple, np.asarray(x).tolist()))


@pytest.mark.parametrize("settings", [{}, {"max_length": 5, "vocabulary_size": 20, "seed": 3}])
def test_splits_and_vocabulary_are_those_of_load(settings, tmp_path):
    path = write(tmp_path / "texts.txt", TEXTS)
    data = ki.text.load(path, **settings)
    told = pytest.warns(ki.datasets.DataWarning, match="more than 5 words")
    with told if "max_length" in settings else contextlib.nullcontext():
        stream = ki.text.stream(path, 16, **settings)
    assert stream.preprocessor.get_config() == data.preprocessor.get_config()
    for split in ("train", "validation", "test"):
        batches = [x.numpy() for x in getattr(stream, split)]
        assert rows_of(np.concatenate(batches)) == rows_of(getattr(data, split))
    assert rows_of(stream.sample("test", 1000)) == rows_of(data.test)


def test_each_epoch_has_an_order_of_its_own_that_can_be_repeated(tmp_path):
    path = write(tmp_path / "texts.txt", TEXTS)
    stream, again = (ki.text.stream(path, 16) for _ in range(2))
    first, second = (np.concatenate(list(stream.train)) for _ in range(2))
    assert not np.array_equal(first, second) and rows_of(first) == rows_of(second)
    again.epoch = 1
    np.testing.assert_array_equal(np.concatenate(list(again.train)), second)
    still = ki.text.stream(path, 16, shuffle=False)
    first, second = (np.concatenate(list(still.train)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_several_files_are_read_as_one(tmp_path):
    whole = ki.text.stream(write(tmp_path / "whole.txt", TEXTS), 16)
    (tmp_path / "parts").mkdir()
    for name, part in (("b", slice(70, None)), ("a", slice(70))):
        write(tmp_path / "parts" / f"{name}.txt", TEXTS[part])
    (tmp_path / "parts" / "notes.md").write_text("no part")
    with pytest.warns(ki.datasets.DataWarning, match="passed over beside its parts: 'notes.md'"):
        of_folder = ki.text.stream(tmp_path / "parts", 16)
    of_list = ki.text.stream([tmp_path / "parts" / "a.txt", tmp_path / "parts" / "b.txt"], 16)
    expected = np.concatenate(list(whole.train))
    for stream in (of_folder, of_list):
        np.testing.assert_array_equal(np.concatenate(list(stream.train)), expected)


def test_lines_are_those_that_read_texts_gives(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_bytes("\ufeffOne é.\r\n \u2003 \n\n  two two  \nthree three three".encode())
    with pytest.warns(ki.datasets.DataWarning, match="2 lines without a text are left out"):
        stream = ki.text.stream(path, 2, validation_fraction=0.0, test_fraction=0.0)
    with pytest.warns(ki.datasets.DataWarning, match="2 lines"):
        texts = ki.datasets.read_texts(path)
    assert stream.notes == ("texts.txt: 2 lines without a text are left out",)
    found = stream.preprocessor.raw(stream.sample("train", 3))
    assert found == [text.lower() for text in texts] == ["one é.", "two two", "three three three"]


def test_a_model_trains_on_a_stream_and_gives_strings(tmp_path):
    stream = ki.text.stream(write(tmp_path / "texts.txt", TEXTS[:60]), 16)
    network = ki.networks.Recurrent(6, 4)
    model = ki.VAE(2, encoder=network, decoder=network, preprocessor=stream.preprocessor, seed=0)
    model.compile("adam")
    history = model.fit(stream.train, validation_data=stream.validation, verbose=0)
    assert np.isfinite(history.history["val_loss"]).all()
    assert all(isinstance(text, str) for text in model.generate(2, seed=0))
    other = ki.text.stream(write(tmp_path / "b.txt", ["w1 new"] * 10), 2, text=model.preprocessor)
    assert other.event_shape == stream.event_shape
    assert other.preprocessor.raw(other.sample("train", 1)) == ["w1 <unknown>"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("texts.txt.gz", b"", "name ends in .txt, not compressed"),
        ("texts.npy", b"", "name ends in .txt"),
        ("texts.txt", b"\n \n", "at least one line with a text"),
        ("texts.txt", b"\xff\xfe\n", "text must be in UTF-8"),
        ("texts.txt", b"one\n", "enough examples"),
    ],
)
def test_files_that_are_refused(name, content, message, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        ki.text.stream(tmp_path / name, 2)


def test_arguments_that_are_refused(tmp_path):
    path = write(tmp_path / "texts.txt", TEXTS)
    text = ki.text.Text.infer(TEXTS)
    with pytest.raises(ValueError, match="`max_length` must be left out where `text` is given"):
        ki.text.stream(path, 2, text=text, max_length=5)
    for arguments in ({"text": "words"}, {"shuffle": 1}):
        with pytest.raises(TypeError, match=f"`{next(iter(arguments))}` must be"):
            ki.text.stream(path, 2, **arguments)
    with pytest.raises(FileNotFoundError, match="must be a path that exists"):
        ki.text.stream(tmp_path / "none.txt", 2)
    with pytest.raises(ValueError, match="ki.text.stream reads texts"):
        ki.datasets.stream(path, 2)


def test_a_file_that_shrinks_while_it_is_read_is_told(tmp_path):
    path = write(tmp_path / "texts.txt", TEXTS)
    stream = ki.text.stream(path, 16)
    write(path, TEXTS[:20])
    with pytest.raises(ValueError, match="stay as it is while it is read"):
        stream.sample("train", 160)
