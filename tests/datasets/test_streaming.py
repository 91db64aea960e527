"""Data that stays on disk: what is read, in which order, and what is refused."""

import json

import keras
import numpy as np
import pytest

import keras_infovae as ki
from keras_infovae.datasets import memory
from keras_infovae.utils.splits import SPLITS

IMAGES = np.random.default_rng(0).integers(0, 256, (101, 4, 4, 1), dtype=np.uint8)
TABLE = np.random.default_rng(1).normal([5e6, 0.0, -2.0], [1.0, 1e-3, 9.0], (101, 3))


@pytest.fixture
def path(tmp_path):
    np.save(tmp_path / "x.npy", IMAGES)
    return tmp_path / "x.npy"


def save(path, array):
    np.save(path, array)
    return path


def read(dataset):
    return list(dataset.as_numpy_iterator())


def in_order(examples):
    """Returns the examples [n, ...] sorted, so that two sets can be compared."""
    flat = examples.reshape(len(examples), -1)
    return flat[np.lexsort(flat.T)]


def tiny_model():
    keras.utils.set_random_seed(0)
    networks = {name: ki.networks.MLP([4]) for name in ("encoder", "decoder")}
    model = ki.VAE(2, seed=0, **networks)
    model.compile("adam", run_eagerly=True)  # compiling takes longer than these few steps
    return model


@pytest.mark.parametrize(
    ("array", "settings"),
    [
        (IMAGES, {}),
        (IMAGES > 127, {}),
        ((IMAGES > 127).astype(np.uint8), {}),
        (TABLE, {}),
        (TABLE, {"standardize": True}),
        (TABLE.astype(">f4"), {"seed": 7, "validation_fraction": 0.3, "test_fraction": 0.2}),
    ],
    ids=str,
)
def test_the_splits_and_their_scaling_are_those_of_load(array, settings, tmp_path):
    path = save(tmp_path / "x.npy", array)
    data = ki.datasets.load(path, **settings)
    stream = ki.datasets.stream(path, 16, **settings)
    assert stream.event_shape == data.event_shape
    np.testing.assert_allclose(stream.scaling.offset, data.scaling.offset, rtol=1e-13)
    np.testing.assert_allclose(stream.scaling.scale, data.scaling.scale, rtol=1e-9)
    for split in SPLITS:
        if split == "train" and len(data.train) % 16 == 1:
            continue
        got = np.concatenate(read(getattr(stream, split)))
        expected = getattr(data, split)
        assert got.dtype == np.float32 and stream.sizes[split] == len(expected)
        np.testing.assert_allclose(in_order(got), in_order(expected), rtol=1e-6, atol=1e-6)


def images_folder(path, array):
    image = pytest.importorskip("PIL.Image")
    for number, pixels in enumerate(array):
        folder = path / f"label{number % 2}"
        folder.mkdir(parents=True, exist_ok=True)
        image.fromarray(pixels[..., 0]).save(folder / f"{number:03d}.png")
    return path


def test_a_folder_of_images_is_that_of_load(tmp_path):
    path = images_folder(tmp_path / "images", IMAGES)
    data, stream = ki.datasets.load(path), ki.datasets.stream(path, 20)
    assert stream.scaling == data.scaling
    for split in SPLITS:
        got = np.concatenate(read(getattr(stream, split)))
        expected = getattr(data, split)
        assert split == "train" or len(got) == len(expected)
        assert {x.tobytes() for x in got} <= {x.tobytes() for x in expected}


def test_images_that_change_while_they_are_read(tmp_path):
    path = images_folder(tmp_path / "images", IMAGES[:9])
    stream = ki.datasets.stream(path, 8)
    for file in path.glob("*/*.png"):
        file.write_bytes(b"no image")
    with pytest.raises(Exception, match=r"be an image that is whole and readable.*\d\.png"):
        read(stream.train)
    images_folder(path, IMAGES[:9, :3])
    with pytest.raises(Exception, match=r"stay as it is.*its size was \(4, 4\) and is \(4, 3\)"):
        read(stream.train)


def test_a_folder_of_files_is_read_as_one(tmp_path):
    for start in range(0, 100, 25):
        save(tmp_path / f"{start:03d}.npy", IMAGES[start : start + 25])
    stream = ki.datasets.stream(tmp_path, 50, shuffle=False, validation_fraction=0, test_fraction=0)
    np.testing.assert_array_equal(
        np.concatenate(read(stream.train)), IMAGES[:100].astype("float32") / 255
    )
    stream = ki.datasets.stream(tmp_path, 50, validation_fraction=0, test_fraction=0)
    first = {x.tobytes() for x in read(stream.train)[0]}
    for start in range(0, 100, 25):  # rows of all files are mixed
        file = IMAGES[start : start + 25].astype("float32") / 255
        assert first & {x.tobytes() for x in file}
    (tmp_path / "x.tfrecord").write_bytes(b"")
    with pytest.raises(ValueError, match="one kind at a time"):
        ki.datasets.stream(tmp_path, 50)


def test_datasets_know_their_lengths_and_shapes(path):
    stream = ki.datasets.stream(path, 8, validation_fraction=0.2, test_fraction=0)
    assert stream.test is None
    assert stream.sizes == {"train": 81, "validation": 20, "test": 0}
    assert repr(stream) == (
        "Stream(event_shape=(4, 4, 1), train=81, validation=20, test=0, batch_size=8)"
    )
    for dataset, sizes in ((stream.train, [8] * 10), (stream.validation, [8, 8, 4])):
        assert [len(batch) for batch in read(dataset)] == sizes
        assert int(dataset.cardinality()) == len(sizes)
        assert dataset.element_spec.shape.as_list() == [None, 4, 4, 1]


def test_the_example_left_over_is_another_one_each_epoch(path):
    stream = ki.datasets.stream(path, 10, test_fraction=0)
    seen = [in_order(np.concatenate(read(stream.train))).tolist() for _ in range(2)]
    assert len(seen[0]) == len(seen[1]) == 90 and seen[0] != seen[1]
    assert [len(b) for b in read(ki.datasets.stream(path, 200, test_fraction=0).train)] == [91]


def test_each_pass_is_the_epoch_that_the_stream_says(path):
    stream = ki.datasets.stream(path, 16)
    passes = [np.concatenate(read(stream.train)) for _ in range(3)]
    assert stream.epoch == 3
    assert not np.array_equal(passes[0], passes[1])
    again = ki.datasets.stream(path, 16)
    again.epoch = 2
    np.testing.assert_array_equal(np.concatenate(read(again.train)), passes[2])
    for split in ("validation", "test"):  # in one order always
        np.testing.assert_array_equal(
            read(getattr(stream, split))[0], read(getattr(again, split))[0]
        )


def test_without_shuffle_the_order_is_that_of_the_file(path):
    stream = ki.datasets.stream(path, 50, shuffle=False, validation_fraction=0, test_fraction=0)
    for _ in range(2):
        np.testing.assert_array_equal(
            np.concatenate(read(stream.train)), IMAGES[:100].astype(np.float32) / 255
        )


def test_a_training_that_goes_on_is_that_which_was_not_stopped(path, tmp_path):
    whole = tiny_model()
    stream = ki.datasets.stream(path, 16)
    expected = whole.fit(stream.train, validation_data=stream.validation, epochs=3, verbose=0)
    first = tiny_model()
    first.fit(ki.datasets.stream(path, 16).train, epochs=2, verbose=0)
    first.save(tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras")
    model.run_eagerly = True
    stream = ki.datasets.stream(path, 16)  # of a new process
    history = model.fit(
        stream.train, validation_data=stream.validation, initial_epoch=2, epochs=3, verbose=0
    )
    assert {k: v[2:] for k, v in expected.history.items()} == history.history
    for one, other in zip(whole.get_weights(), model.get_weights()):
        np.testing.assert_array_equal(one, other)


def test_a_map_over_the_batches_keeps_a_new_order_for_each_epoch(path):
    stream = ki.datasets.stream(path, 16)
    mapped = stream.train.map(lambda x: 1 - x)
    tiny_model().fit(mapped, epochs=2, verbose=0)
    assert stream.epoch == 3  # the batch that fit looks at, and two epochs


def test_a_sample_is_in_memory_and_repeatable(path):
    stream = ki.datasets.stream(path, 16)
    sample = stream.sample("test", 5, seed=1)
    assert sample.shape == (5, 4, 4, 1) and sample.dtype == np.float32
    np.testing.assert_array_equal(sample, stream.sample("test", 5, seed=1))
    assert not np.array_equal(sample, stream.sample("test", 5, seed=2))
    everything = np.concatenate(read(stream.test))
    np.testing.assert_array_equal(in_order(stream.sample("test", 999)), in_order(everything))
    assert ki.datasets.stream(path, 16, test_fraction=0).sample("test", 5).shape == (0, 4, 4, 1)


def test_files_of_one_kind_are_read_as_one(path, tmp_path):
    paths = [save(tmp_path / f"{i}.npy", IMAGES[i:j]) for i, j in ((0, 40), (40, 41), (41, 101))]
    one, many = ki.datasets.stream(path, 15), ki.datasets.stream(paths, 15)
    for split in SPLITS:
        np.testing.assert_array_equal(
            in_order(np.concatenate(read(getattr(many, split)))),
            in_order(np.concatenate(read(getattr(one, split)))),
        )


def test_nothing_is_read_before_it_is_needed(path):
    stream = ki.datasets.stream(path, 16)
    path.unlink()
    with pytest.raises(Exception, match=str(path.name)):
        read(stream.train)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"batch_size": 0}, ValueError, "`batch_size` must be an integer of at least 1"),
        ({"batch_size": 2.0}, TypeError, "`batch_size` must be an integer"),
        ({"seed": -1}, ValueError, "`seed` must be an integer of at least 0"),
        ({"shuffle": 1}, TypeError, "`shuffle` must be True or False"),
        ({"standardize": "yes"}, TypeError, "`standardize` must be True or False"),
        ({"standardize": True}, ValueError, "`standardize` must be False for data that is not a"),
        ({"test_fraction": 1.0}, ValueError, "`test_fraction` must be at least 0 and less than 1"),
        ({"source": 3}, TypeError, "`source` must be a path or a list of paths"),
        ({"source": []}, TypeError, "`source` must be a path or a list of paths"),
        ({"source": "none.npy"}, FileNotFoundError, "`source` must be a path that exists"),
    ],
)
def test_arguments(arguments, error, message, path):
    with pytest.raises(error, match=message):
        ki.datasets.stream(**{"source": path, "batch_size": 8} | arguments)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([[None, 1]]), "pickled objects are refused"),
        (np.zeros(5), "rank 2 or more.*shape \\(5,\\)"),
        (np.zeros((0, 2)), "NumPy file|at least one example"),
        (np.zeros((5, 2), "c8"), "real numbers.*complex64"),
        (np.zeros((5, 2), "U3"), "real numbers.*<U3"),
        (np.asfortranarray(np.zeros((5, 2))), "in C order"),
        (np.zeros((2, 2)), "enough examples for 3"),
    ],
)
def test_arrays_that_cannot_be_read_row_by_row(array, message, tmp_path):
    np.save(tmp_path / "bad.npy", array)
    with pytest.raises(ValueError, match=f"`source` must .*{message}.*bad.npy|{message}"):
        ki.datasets.stream(tmp_path / "bad.npy", 2)


def test_files_that_do_not_belong_together(path, tmp_path):
    wrong = {
        "shape": (IMAGES[:, :3], r"one event shape in all files.*\(4, 4, 1\).*\(3, 4, 1\)"),
        "dtype": (IMAGES.astype("f4"), "one dtype in all files.*uint8.*float32"),
    }
    for name, (array, message) in wrong.items():
        with pytest.raises(ValueError, match=message):
            ki.datasets.stream([path, save(tmp_path / f"{name}.npy", array)], 8)
    np.savez(tmp_path / "x.npz", x=IMAGES)
    with pytest.raises(ValueError, match=r"ends in one of .*x\.npz"):
        ki.datasets.stream(tmp_path / "x.npz", 8)


def test_truncated_files(path):
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    with pytest.raises(ValueError, match=r"whole and readable.*x\.npy"):
        ki.datasets.stream(path, 8)
    path.write_bytes(content)
    stream = ki.datasets.stream(path, 8)
    path.write_bytes(content[: len(content) // 2])  # while it is read
    with pytest.raises(Exception, match="stay as it is while it is read"):
        read(stream.train)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_values_that_are_not_finite_name_file_and_row(value, tmp_path):
    array = TABLE.copy()
    array[42, 1] = value
    paths = [save(tmp_path / "a.npy", TABLE), save(tmp_path / "b.npy", array)]
    arguments = {"validation_fraction": 0, "test_fraction": 0}
    stream = ki.datasets.stream(paths, 8, **arguments)
    with pytest.raises(Exception, match=r"b\.npy' \(NaN or Inf in row 42\)"):
        read(stream.train)
    if value != 1e300:  # too large for float32, and a number all the same
        with pytest.raises(ValueError, match=r"b\.npy' \(NaN or Inf in row 42\)"):
            ki.datasets.stream(paths, 8, standardize=True, **arguments)


def test_fit_stops_before_the_step(tmp_path):
    array = (IMAGES / 255).astype(np.float32)
    array[-1] = np.nan
    path = save(tmp_path / "x.npy", array)
    stream = ki.datasets.stream(path, 8, shuffle=False, validation_fraction=0, test_fraction=0)
    model = tiny_model()
    message = r"^Argument `source` must be finite.*x\.npy' \(NaN or Inf in row 100\)$"
    with pytest.raises(ValueError, match=message):
        model.fit(stream.train, verbose=0)
    assert all(np.isfinite(weights).all() for weights in model.get_weights())
    with pytest.raises(ValueError, match=message):
        model.evaluate(stream.train, verbose=0)
    array[:] = np.nan
    save(path, array)
    model = tiny_model()
    with pytest.raises(ValueError, match="must be finite"):
        model.fit(stream.train, verbose=0)
    assert not model.built


@pytest.mark.slow
def test_two_devices_train_as_one(path):
    import tensorflow as tf

    def history(strategy):
        stream = ki.datasets.stream(path, 16)
        keras.utils.set_random_seed(0)
        with strategy.scope():
            networks = {name: ki.networks.MLP([4]) for name in ("encoder", "decoder")}
            model = ki.InfoVAE(2, divergence="moment_matching", seed=0, **networks)
            model.compile("adam", jit_compile=False)
        return model.fit(
            stream.train, validation_data=stream.validation, epochs=2, verbose=0
        ).history

    one = history(tf.distribute.get_strategy())
    devices = tf.distribute.MirroredStrategy(
        ["CPU:0", "CPU:1"], cross_device_ops=tf.distribute.ReductionToOneDevice()
    )
    for name, values in history(devices).items():
        np.testing.assert_allclose(values, one[name], rtol=1e-5, atol=1e-6)


def test_the_scaling_can_be_kept(path):
    scaling = ki.datasets.stream(path, 8).scaling
    assert scaling == ki.preprocessors.Scaling.from_config(
        json.loads(json.dumps(scaling.get_config()))
    )


def test_folders_of_splits_are_the_splits_of_a_stream(tmp_path):
    """With the examples that `load` has in each."""
    Image = pytest.importorskip("PIL.Image")
    for i, name in enumerate(("train", "test")):
        (tmp_path / name).mkdir()
        for j in range(10):
            Image.new("L", (3, 2), 20 * i + j).save(tmp_path / name / f"{j}.png")
    stream = ki.datasets.stream(tmp_path, 5, validation_fraction=0.2)
    assert stream.sizes == {"train": 8, "validation": 2, "test": 10}
    data = ki.datasets.load(tmp_path, validation_fraction=0.2)
    for split in stream.sizes:
        found = stream.sample(split, 10)[:, 0, 0, 0]
        np.testing.assert_array_equal(np.sort(found), np.sort(getattr(data, split)[:, 0, 0, 0]))
    assert stream.notes == data.notes != ()


def test_a_batch_has_to_fit_in_memory(path, monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 10_000)
    assert ki.datasets.stream(path, 8).batch_size == 8
    with pytest.raises(ValueError, match="fit in memory .take a smaller `batch_size`"):
        ki.datasets.stream(path, 64)


# === Conditions ===


def pairs(stream, split="train"):
    """Returns all (x, condition) of a pass over a split, joined."""
    batches = read(getattr(stream, split))
    return tuple(np.concatenate([batch[i] for batch in batches]) for i in range(2))


@pytest.mark.parametrize("rank", [1, 2])
def test_conditions_stay_with_their_examples(rank, tmp_path):
    # The condition is a function of x, so that a row of another example shows.
    numbers = np.arange(101)
    x = save(tmp_path / "x.npy", np.stack([numbers, numbers**2], axis=1).astype("float32"))
    told = numbers if rank == 1 else np.stack([numbers, -numbers], axis=1)
    stream = ki.datasets.stream(x, 8, condition=save(tmp_path / "c.npy", told))
    for split in SPLITS:
        values, condition = pairs(stream, split)
        assert condition.dtype == ("int64" if rank == 1 else "float32")
        np.testing.assert_array_equal(condition, told[values[:, 0].astype(int)])
    values = stream.sample("test", 5, seed=3)
    condition = stream.sample_condition("test", 5, seed=3)
    np.testing.assert_array_equal(condition, told[values[:, 0].astype(int)])
    plain = ki.datasets.stream(x, 8)
    np.testing.assert_array_equal(
        np.concatenate(read(plain.validation)), pairs(stream, "validation")[0]
    )
    with pytest.raises(ValueError, match="`condition` of `stream` must have been given"):
        plain.sample_condition("test", 5)


def test_columns_of_parquet_files_are_conditions(tmp_path):
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(
        {"a": np.arange(60.0), "b": np.arange(60.0) ** 2, "c": np.arange(60) % 3}
    )
    table.to_parquet(tmp_path / "x.parquet", row_group_size=20)
    classes = ki.datasets.stream(tmp_path / "x.parquet", 8, condition="c")
    assert classes.feature_names == ["a", "b"]
    values, condition = pairs(classes)
    np.testing.assert_array_equal(condition, values[:, 0] % 3)
    features = ki.datasets.stream(tmp_path / "x.parquet", 8, condition=["c", "b"], columns=["a"])
    values, condition = pairs(features)
    np.testing.assert_array_equal(
        condition, np.stack([values[:, 0] % 3, values[:, 0] ** 2], axis=1)
    )


def test_folders_of_images_tell_their_labels(tmp_path):
    image_module = pytest.importorskip("PIL.Image")
    for label, gray in (("cat", 40), ("dog", 200)):
        (tmp_path / label).mkdir()
        for i in range(10):
            image = np.full([4, 4], gray, "uint8")
            image_module.fromarray(image).save(tmp_path / label / f"{i}.png")
    stream = ki.datasets.stream(tmp_path, 4, condition="labels")
    assert stream.classes == ["cat", "dog"]
    images, condition = pairs(stream)
    np.testing.assert_array_equal(condition, images[:, 0, 0, 0] > 0.5)


def test_features_of_tfrecords_are_conditions(tmp_path):
    import tensorflow as tf

    with tf.io.TFRecordWriter(str(tmp_path / "x.tfrecord")) as writer:
        for i in range(30):
            floats = tf.train.Feature(float_list=tf.train.FloatList(value=[i, 2 * i]))
            told = tf.train.Feature(float_list=tf.train.FloatList(value=[-i]))
            features = tf.train.Features(feature={"x": floats, "told": told})
            writer.write(tf.train.Example(features=features).SerializeToString())
    feature = ki.datasets.TFRecordFeature("x", shape=(2,))
    told = ki.datasets.TFRecordFeature("told", shape=(1,))
    stream = ki.datasets.stream(tmp_path / "x.tfrecord", 8, feature=feature, condition=told)
    values, condition = pairs(stream)
    np.testing.assert_array_equal(condition, -values[:, :1])


def test_a_model_is_trained_on_what_is_told(path, tmp_path):
    labels = IMAGES[:, 0, 0, 0] > 127
    stream = ki.datasets.stream(path, 16, condition=save(tmp_path / "c.npy", labels))
    networks = {name: ki.networks.MLP([4]) for name in ("encoder", "decoder")}
    model = ki.VAE(2, condition=ki.conditions.Classes(2), seed=0, **networks)
    model.compile("adam", run_eagerly=True)
    history = model.fit(stream.train, validation_data=stream.validation, epochs=1, verbose=0)
    assert np.isfinite(history.history["val_loss"]).all()
    assert model.generate(3, condition=1).shape == (3, 4, 4, 1)
    with pytest.raises(ValueError, match="`x` must come alone"):
        tiny_model().fit(stream.train, verbose=0)


def test_what_cannot_be_told(path, tmp_path):
    short = save(tmp_path / "short.npy", np.zeros(7))
    for condition, error, expected in (
        (short, ValueError, "must have a row for each of the 101 examples.*7 rows"),
        (3, TypeError, "`condition` must be a path of a .npy file"),
        (tmp_path / "no.npy", FileNotFoundError, "no.npy"),
        (save(tmp_path / "nan.npy", np.full(101, np.nan)), ValueError, "be finite.*nan.npy"),
        (save(tmp_path / "half.npy", np.full(101, 0.5)), ValueError, "integers.*half.npy.*0.5"),
    ):
        with pytest.raises(error, match=expected):
            ki.datasets.stream(path, 8, condition=condition)
