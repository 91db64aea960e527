"""Schedules: laws of all of them, the formula of each, and weights that are a number or one."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_infovae import schedules
from keras_infovae.schedules import Constant, Cosine, Cyclical, Linear, Sigmoid

RAMPS = [Linear, Cosine, Sigmoid, Cyclical]


# === Laws ===


@pytest.mark.parametrize("arguments", [(0.0, 1.0), (0.3, -1.7), (1e6, 0.1), (0.7, 0.7)])
@pytest.mark.parametrize("ramp", RAMPS)
def test_stays_within_its_bounds_and_is_exact_outside_the_ramp(ramp, arguments):
    start, end = arguments
    schedule = ramp(start, end, duration=7, begin=3)
    values = schedule(np.linspace(0, 20, 2001)).numpy()
    assert values.dtype == np.float32
    assert values.min() == np.float32(schedule.minimum) == np.float32(min(start, end))
    assert values.max() == np.float32(schedule.maximum) == np.float32(max(start, end))
    assert np.all(schedule([0, 1, 3]) == np.float32(start))
    assert np.all(schedule([10, 10.5, 1e9]) == np.float32(end))
    assert schedule.final == end


@pytest.mark.parametrize("ramp", [Linear, Cosine, Sigmoid])
def test_rises_all_the_way_and_is_halfway_in_the_middle(ramp):
    schedule = ramp(1.0, 3.0, duration=100, begin=50)
    values = schedule(np.arange(50, 151)).numpy()
    assert np.all(np.diff(values) > 0)
    np.testing.assert_allclose(values[50], 2.0, rtol=1e-6)
    np.testing.assert_allclose(values + values[::-1], 4.0, rtol=1e-6)  # symmetric about it


@pytest.mark.parametrize("schedule", [Constant(0.4), *(ramp(0, 2, 9, 2) for ramp in RAMPS)])
def test_every_kind_of_position_gives_the_same_in_eager_mode_in_a_graph_and_under_xla(schedule):
    expected = schedule(tf.constant([5.0])).numpy()[0]
    iterations = keras.Variable(5, dtype="int64", trainable=False)
    for position in (5, 5.0, np.int64(5), tf.constant(5, tf.int64), tf.Variable(5), iterations):
        value = schedule(position)
        assert value.shape == () and value.dtype == tf.float32 and value == expected
    for compiled in (False, True):
        graph = tf.function(schedule.__call__, jit_compile=compiled)
        np.testing.assert_allclose(graph(tf.constant(5, tf.int64)), expected, rtol=1e-6)
    keras.config.set_dtype_policy("mixed_float16")
    try:
        assert schedule(5).dtype == tf.float32 and schedule(5) == expected
    finally:
        keras.config.set_dtype_policy("float32")


def test_equal_settings_are_equal_and_survive_json():
    one = Sigmoid(0.0, 2.0, 5, unit="epochs", steepness=3.0)
    restored = schedules.deserialize(json.loads(json.dumps(schedules.serialize(one))))
    assert restored == one != Sigmoid(0.0, 2.0, 5, unit="epochs", steepness=4.0)
    assert restored(1.3) == one(1.3)


# === Formulas ===


def cycles_of_the_paper(step, total, cycles, ratio):
    """Returns beta_t of arXiv:1903.10145, with steps counted from 0."""
    place = (step % (total // cycles)) / (total / cycles)
    return min(place / ratio, 1.0)


@pytest.mark.parametrize(("total", "cycles", "ratio"), [(80, 4, 0.5), (60, 3, 1.0), (30, 1, 0.2)])
def test_cyclical_is_the_reference(total, cycles, ratio):
    schedule = Cyclical(0.0, 1.0, total, cycles=cycles, ratio=ratio)
    expected = [cycles_of_the_paper(step, total, cycles, ratio) for step in range(total)]
    np.testing.assert_allclose(schedule(np.arange(total)), expected, atol=1e-6)


def test_a_cycle_begins_at_its_step_where_its_length_is_no_whole_number():
    values = Cyclical(duration=1000, cycles=6)(np.arange(1000)).numpy()
    falls = np.flatnonzero(np.diff(values) < 0) + 1
    np.testing.assert_array_equal(falls, [167, 334, 500, 667, 834])  # ceil(i * 1000 / 6)
    assert values[500] == 0


def test_one_cycle_that_is_all_ramp_is_the_linear_ramp():
    steps = np.arange(50)
    one = Cyclical(0.5, 2.0, 30, 5, cycles=1, ratio=1.0)(steps)
    np.testing.assert_allclose(one, Linear(0.5, 2.0, 30, 5)(steps), rtol=1e-6)


def test_sigmoid_is_the_stretched_logistic_curve():
    def s(t):
        return 1 / (1 + np.exp(-6.0 * (t - 0.5)))

    t = np.linspace(0, 1, 11)
    value = Sigmoid(duration=1, steepness=6.0)(t)
    np.testing.assert_allclose(value, (s(t) - s(0)) / (s(1) - s(0)), atol=1e-6)


@pytest.mark.parametrize("steepness", [1e-4, 1e4])
def test_sigmoid_of_extreme_steepness_is_a_line_or_a_jump(steepness):
    t = np.array([0.0, 0.25, 0.75, 1.0])
    expected = t if steepness < 1 else [0.0, 0.0, 1.0, 1.0]
    np.testing.assert_allclose(Sigmoid(duration=1, steepness=steepness)(t), expected, atol=1e-4)


# === Numbers or schedules ===


def test_value_at_takes_the_unit_into_account():
    per_step, per_epoch = Linear(duration=100), Linear(duration=4, unit="epochs")
    for step in (0, 10, 50, 200, tf.constant(50, tf.int64)):
        value = schedules.value_at(per_step, step, steps_per_epoch=25)
        assert value == schedules.value_at(per_epoch, step, steps_per_epoch=25)
        assert value == schedules.value_at(per_epoch, step, tf.constant(25, tf.int64))
        assert value == schedules.value_at(per_step, step)
    number = schedules.value_at(2, tf.constant(7))
    assert number == 2.0 and type(number) is float
    with pytest.raises(ValueError, match="`steps_per_epoch` must be given"):
        schedules.value_at(per_epoch, 3)


def test_limits_hold_for_the_whole_course_of_a_schedule():
    falling = Linear(1.0, -2.0)
    assert schedules.check_weight("alpha", falling, maximum=1) is falling
    assert schedules.check_weight("alpha", falling, minimum=-2, maximum=1) is falling
    assert schedules.check_weight("alpha", 1, maximum=1) == 1.0
    assert schedules.bounds(falling) == (-2.0, 1.0)
    assert schedules.bounds(3) == (3.0, 3.0)
    for limits, message in (
        ({"maximum": 0.5}, r"at most 0.5 at all times.*Linear.*which reaches 1$"),
        ({"minimum": -1}, r"at least -1 at all times.*which reaches -2$"),
        ({"exclusive_minimum": -2}, r"greater than -2 at all times.*which reaches -2$"),
    ):
        with pytest.raises(ValueError, match=f"`lambda_` must be {message}"):
            schedules.check_weight("lambda_", falling, **limits)
        with pytest.raises(ValueError, match="`lambda_` must be"):
            schedules.check_weight(
                "lambda_", falling.start if "maximum" in limits else -2, **limits
            )
    for value in ("linear", None, True, [1.0]):
        with pytest.raises(TypeError, match="`alpha` must be a number or a schedule"):
            schedules.check_weight("alpha", value)


# === Errors ===


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Linear(0, 1, 0), ValueError, "`duration` must be greater than 0"),
        (lambda: Linear(0, 1, -5), ValueError, "cannot end before it begins"),
        (lambda: Cosine(begin=-1), ValueError, "`begin` must be at least 0"),
        (lambda: Linear(unit="minutes"), ValueError, "`unit` must be one of 'epochs', 'steps'"),
        (lambda: Linear(unit="epoch"), ValueError, "Did you mean 'epochs'"),
        (lambda: Linear(float("nan")), ValueError, "`start` must be finite"),
        (lambda: Sigmoid(0, float("inf")), ValueError, "`end` must be finite"),
        (lambda: Linear(duration=float("inf")), ValueError, "`duration` must be finite"),
        (lambda: Constant("1"), TypeError, "`value` must be a number"),
        (lambda: Sigmoid(steepness=0), ValueError, "`steepness` must be greater than 0"),
        (lambda: Cyclical(cycles=0), ValueError, "`cycles` must be an integer of at least 1"),
        (lambda: Cyclical(cycles=2.0), TypeError, "`cycles` must be an integer"),
        (lambda: Cyclical(ratio=0.0), ValueError, r"`ratio` must be in \(0, 1\]"),
        (lambda: Cyclical(ratio=1.5), ValueError, r"`ratio` must be in \(0, 1\]"),
    ],
)
def test_bad_arguments_are_named(make, error, message):
    with pytest.raises(error, match=message):
        make()
