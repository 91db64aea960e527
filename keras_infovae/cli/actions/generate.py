"""What `keras-infovae generate` does."""

import csv
import math
import os

import numpy as np

from keras_infovae.cli.actions import conditions, rows, trained
from keras_infovae.cli.errors import CommandLineError, reported
from keras_infovae.cli.generate import SUFFIXES
from keras_infovae.datasets.csv_values import guarded, parsed
from keras_infovae.evaluation.plots import views
from keras_infovae.tables.schema import schema_of
from keras_infovae.text import Text
from keras_infovae.utils.files import whole_file


def run(command, flags):
    """Writes new examples."""
    suffix = os.path.splitext(flags.output)[1].lower()
    with reported({name: name for name in command.flag_set().names()}):
        found = trained.load(flags.run)
        model, config = found.model, found.config
        model.capabilities.require("generate", "A new example")
        _check_form(flags.output, suffix, model)
        asked = conditions.class_of(flags.condition, config)
        schema = schema_of(model)
        given = _given(flags.given, schema)
        _check_given(given, model)
    is_table = len(model.event_shape) == 1
    is_text = isinstance(model.preprocessor, Text)
    noise = flags.noise
    if noise is None:
        noise = is_text or (is_table and model.example_spec.values.minimum is None)
    x = model.generate(flags.n, seed=flags.seed, sample=noise, condition=asked, given=given)
    means = "the likeliest words of each" if is_text else "the means of p(x|z)"
    what = "drawn with the likelihood's noise" if noise else means
    with whole_file(flags.output) as temporary:
        if schema is None:
            _WRITERS[suffix](temporary, x, model, config["feature_names"])
        else:
            rows.write_frame(temporary, x)
            what = "rows of the table"
    of_class = "" if asked is None else f" of class {flags.condition}"
    print(f"Wrote {flags.n} new examples{of_class} to {flags.output} ({what}).")


def _given(text, schema):
    """Returns {column: value} of what --given says, or None without it.

    Raises:
        CommandLineError: for text that is no such list, or a run without a table.
    """
    if text is None:
        return None
    if schema is None:
        raise CommandLineError(
            "Argument `--given` must be left out for a run of which the model knows no columns. "
            f"Received: --given={text}"
        )
    pairs = [pair.partition("=") for pair in text.split(",")]
    if not all(name and equals for name, equals, _ in pairs):
        raise CommandLineError(
            f"Argument `--given` must be COLUMN=VALUE,COLUMN=VALUE,... Received: --given={text}"
        )
    told = [] if schema.condition is None else schema.condition.columns
    columns = {str(column.name): column for column in [*schema.columns, *told]}
    given = {}
    for name, _, value in pairs:
        known = getattr(columns.get(name), "categories", [])
        category = next((one for one in known if str(one) == value), None)
        given[getattr(columns.get(name), "name", name)] = (
            parsed(value) if category is None else category
        )
    return given


def _check_given(given, model):
    """Raises CommandLineError or ValueError for values that rows of the model cannot have."""
    names = model.condition.names
    absent = [name for name in names if name not in (given or {})]
    if absent:
        raise CommandLineError(
            f"Argument `--given` must have the columns that the model is told, {', '.join(names)}. "
            f"Received: no {', '.join(absent)}"
        )
    condition, rest = model.example_spec.divided(given, None)
    if names:
        model.example_spec.condition_array(condition, 1, repeat=True)
    if rest is not None:
        model.preprocessor.partial_numbers(rest, 1)


def _check_form(path, suffix, model):
    """Raises CommandLineError unless examples of the model can be written as `suffix` says."""
    event_shape = model.event_shape
    fitting = [".npy"]
    if schema_of(model) is not None:
        fitting = [".csv", ".parquet"]
    elif isinstance(model.preprocessor, Text):
        fitting = [".txt"]
    elif views.view(event_shape) == views.IMAGES:
        fitting.append(".png")
    if len(event_shape) == 1 and model.preprocessor is None:
        fitting.append(".csv")
    if suffix not in fitting:
        raise CommandLineError(
            f"Argument `--output` must end in {' or '.join(fitting)} for examples of shape "
            f"{event_shape}. Received: --output={path}"
        )


def _write_png(path, x, model, feature_names):
    from matplotlib import image

    mosaic = views.ImageView(model, x).mosaic(x, columns=math.ceil(math.sqrt(len(x))))
    image.imsave(path, mosaic, format="png")


def _write_npy(path, x, model, feature_names):
    np.save(path, _raw(x, model))


def _write_csv(path, x, model, feature_names):
    raw = _raw(x, model)
    names = feature_names or [f"column_{i}" for i in range(raw.shape[1])]
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(map(guarded, names))
        writer.writerows([str(value) for value in row] for row in raw)


def _write_txt(path, x, model, feature_names):
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(" ".join(text.split("\n")) + "\n" for text in x)


def _raw(x, model):
    """Returns `x` in the units of the data that the model was trained on."""
    return np.asarray(x if model.scaling is None else model.scaling.invert(x), "float32")


_WRITERS = dict(zip(SUFFIXES, (_write_png, _write_npy, _write_csv, _write_txt)))
