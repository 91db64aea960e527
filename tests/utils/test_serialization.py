"""Settings: equality, hashing, config round trips; and the registries that look them up."""

import json

import keras
import pytest

from keras_infovae.utils.serialization import (
    Registry,
    Setting,
    constructor_config,
    deserialize_values,
    register,
)

# Another package's name than the real members have, so that none is replaced in Keras' registry.
register_in_tests = keras.saving.register_keras_serializable(package="keras_infovae_tests")


@register_in_tests
class Shape(Setting):
    """A base class with one argument."""

    def __init__(self, size=1.0):
        self.size = size


@register_in_tests
class Square(Shape):
    """Keyword-only and sequence arguments, and a parent's through `**settings`."""

    def __init__(self, corners=(1, 2), *, color="red", **settings):
        super().__init__(**settings)
        self.corners = corners
        self.color = color


@register_in_tests
class Group(Shape):
    """Settings within a setting: one of its own, and a list."""

    def __init__(self, main=None, others=()):
        super().__init__()
        self.main = main
        self.others = list(others)


@register_in_tests
class UnitSquare(Square):
    """Its parent's arguments but for one that it fixes."""

    fixed_arguments = ("size",)

    def __init__(self, **settings):
        super().__init__(size=1.0, **settings)


@register_in_tests
class Plain(Shape):
    """No constructor of its own."""


@register_in_tests
class Stranger(Setting):
    """A setting of another family."""


REGISTRY = Registry("shape", Shape, {"shape": Shape, "square": Square, "box": Square})
NESTED = Group(Square((3, 4), color="blue"), [Shape(2.0), Group(Plain(5.0))])


def through_json(config):
    return json.loads(json.dumps(config))


# === Configs ===


@pytest.mark.parametrize(
    ("setting", "config"),
    [
        (Shape(), {"size": 1.0}),
        (Plain(2.0), {"size": 2.0}),
        (Square(), {"corners": [1, 2], "color": "red", "size": 1.0}),
        (UnitSquare(color="blue"), {"corners": [1, 2], "color": "blue"}),
    ],
)
def test_config_holds_the_constructors_arguments(setting, config):
    assert setting.get_config() == config
    assert constructor_config(setting) == config


@pytest.mark.parametrize(
    "setting", [Shape(3.0), Plain(), Square((5,), size=2.0), UnitSquare(color="x"), Group(), NESTED]
)
def test_round_trips_give_an_equal_setting(setting):
    config = through_json(setting.get_config())
    assert type(setting).from_config(config) == setting
    serialized = through_json(keras.saving.serialize_keras_object(setting))
    assert keras.saving.deserialize_keras_object(serialized) == setting
    assert type(setting).from_config(config).get_config() == setting.get_config()


def test_settings_within_lists_come_back_as_settings():
    restored = Group.from_config(through_json(NESTED.get_config()))
    assert isinstance(restored.main, Square)
    assert [type(other) for other in restored.others] == [Shape, Group]
    assert isinstance(restored.others[1].main, Plain)


def test_values_that_are_no_settings_are_left_as_they_are():
    config = {"a": 1, "b": "x", "c": None, "d": [1, [2.0, "y"]], "e": {"units": 3}}
    assert deserialize_values(config) == config


# === Equality ===


def test_settings_are_equal_by_class_and_arguments():
    assert Shape() == Shape(1.0)
    assert Shape() != Shape(2.0)
    assert Plain() != Shape()  # another class with the same arguments
    assert Square((1, 2)) == Square([1, 2])
    assert Group(Shape()) == Group(Shape())
    assert Group(Shape()) != Group(Plain())
    assert Shape() != 1.0


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Shape(1), Shape(1.0)),
        (Square((1, 2)), Square([1, 2])),
        (Group(Shape(2)), Group(Shape(2.0))),
        (NESTED, Group.from_config(NESTED.get_config())),
    ],
)
def test_equal_settings_have_equal_hashes(first, second):
    assert first == second
    assert hash(first) == hash(second)
    assert len({first, second}) == 1


def test_repr_reads_as_the_call_that_made_it():
    assert repr(Square(color="blue")) == "Square(corners=(1, 2), color='blue', size=1.0)"
    assert repr(Group(Shape(2.0), [Plain()])) == (
        "Group(main=Shape(size=2.0), others=[Plain(size=1.0)])"
    )


# === Registries ===


def test_get_takes_an_alias_an_instance_and_a_config():
    assert REGISTRY.get("box") == REGISTRY.get("square") == Square()
    instance = Square(color="blue")
    assert REGISTRY.get(instance) is instance
    assert REGISTRY.get(through_json(REGISTRY.serialize(instance))) == instance
    assert REGISTRY.get(REGISTRY.serialize("square")) == Square()


def test_get_gives_a_new_instance_for_an_alias():
    assert REGISTRY.get("square") is not REGISTRY.get("square")


def test_unknown_alias_lists_the_known_ones_and_the_nearest():
    with pytest.raises(ValueError) as caught:
        REGISTRY.get("sqare")
    assert str(caught.value) == (
        "Argument `shape` must be one of 'box', 'shape', 'square'. Received: shape='sqare'. "
        "Did you mean 'square'?"
    )


@pytest.mark.parametrize("identifier", [None, 3, Square, Stranger(), ["square"]])
def test_what_names_no_member_is_refused(identifier):
    with pytest.raises(TypeError) as caught:
        REGISTRY.get(identifier)
    assert str(caught.value) == (
        "Argument `shape` must be a Shape or one of 'box', 'shape', 'square'. "
        f"Received: shape={identifier!r}"
    )


@pytest.mark.parametrize("config", [{}, keras.saving.serialize_keras_object(Stranger())])
def test_config_of_something_else_is_refused(config):
    with pytest.raises(TypeError, match="Argument `config` must describe a Shape"):
        REGISTRY.deserialize(config)


def test_registered_name_carries_the_package():
    @register
    class OnlyInThisTest(Setting):
        """A setting."""

    assert keras.saving.get_registered_name(OnlyInThisTest) == "keras_infovae>OnlyInThisTest"
