"""The state of callbacks comes back as it was, and of the same callbacks only."""

import zipfile

import keras
import numpy as np
import pytest

from keras_infovae.training.callback_states import check_callbacks, get_states, set_states
from keras_infovae.training.training_state import TrainingState, read_model

WEIGHTS = [np.eye(2, dtype="float32"), np.array(3, "int64"), np.zeros(0, "float32")]


class Own(keras.callbacks.Callback):
    def __init__(self, **values):
        super().__init__()
        self.values = values

    def get_state(self):
        return self.values

    def set_state(self, state):
        self.values = state


def through_a_file(states, path):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.save(path)
    TrainingState(7, True, states).write(path)
    restored, state = read_model(path)
    assert (state.epoch, state.stopped) == (7, True)
    np.testing.assert_array_equal(restored.get_weights()[0], model.get_weights()[0])
    return state.callbacks


def test_states_come_back_from_a_file(tmp_path):
    early, own = keras.callbacks.EarlyStopping(), Own(word="loss", count=2, row=np.arange(3.0))
    early.best, early.wait, early.best_epoch, early.best_weights = 0.1, 2, 4, WEIGHTS
    checkpoint = keras.callbacks.ModelCheckpoint("best.keras", save_best_only=True)
    checkpoint.best = -1.5
    given = check_callbacks([early, own, checkpoint])
    states = through_a_file(get_states(given), tmp_path / "model.keras")
    new = [keras.callbacks.EarlyStopping(), Own(), keras.callbacks.ModelCheckpoint("b.keras")]
    set_states(new, states)
    assert (new[0].best, new[0].wait, new[0].best_epoch) == (0.1, 2, 4)
    for a, b in zip(new[0].best_weights, WEIGHTS, strict=True):
        np.testing.assert_array_equal(a, b)
        assert a.dtype == b.dtype
    assert (new[1].values["word"], new[1].values["count"]) == ("loss", 2)
    np.testing.assert_array_equal(new[1].values["row"], np.arange(3.0))
    assert new[2].best == -1.5


def test_what_is_none_is_none_again():
    early, other = keras.callbacks.EarlyStopping(), keras.callbacks.EarlyStopping()
    early.on_train_begin()
    other.best, other.best_weights = 1.0, WEIGHTS
    set_states([other], get_states([early]))
    assert other.best is None and other.best_weights is None


def test_half_precision_weights_are_kept_exactly():
    value = keras.ops.convert_to_numpy(keras.ops.ones((2,), "bfloat16")) * 3
    states = get_states([Own(weights=[value])])
    assert states["0/weights/0"].dtype == np.float32
    np.testing.assert_array_equal(states["0/weights/0"], [3, 3])


def test_what_cannot_be_kept_is_refused():
    with pytest.raises(TypeError, match="numbers, texts and arrays.*0/model of type dict"):
        get_states([Own(model={})])
    with pytest.raises(TypeError, match="`callbacks`.*EarlyStopping.*callbacks='TerminateOnNaN'"):
        check_callbacks([keras.callbacks.TerminateOnNaN()])
    with pytest.raises(ValueError, match="`callbacks` must be those of the training: .'Own'."):
        set_states([keras.callbacks.EarlyStopping()], get_states([Own()]))


@pytest.mark.parametrize("inner", [False, True])
def test_a_compressed_state_is_not_unpacked(inner, tmp_path, monkeypatch):
    """Neither by Keras, which unpacks all files of an archive, nor by NumPy."""
    path, state = tmp_path / "model.keras", tmp_path / "state.npz"
    keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]).save(path)
    save = np.savez_compressed if inner else np.savez
    save(state, epoch=1, stopped=False, **{"state/0/best": np.zeros(10**6)})
    compression = zipfile.ZIP_STORED if inner else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(path, "a", compression) as archive:
        archive.write(state, "training_state.npz")
    monkeypatch.setattr(keras.saving, "load_model", lambda path: pytest.fail("it was unpacked"))
    with pytest.raises(ValueError, match=r"model.keras.*must be stored as it is.* become \d"):
        read_model(path)
