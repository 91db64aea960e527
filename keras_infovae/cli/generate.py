"""`keras-infovae generate`."""

import csv
import math

import numpy as np

from keras_infovae.cli import conditions
from keras_infovae.cli import data as run_data
from keras_infovae.cli.command import Command
from keras_infovae.cli.errors import CommandLineError, reported
from keras_infovae.cli.output_file import check_output_file
from keras_infovae.datasets.csv_values import guarded
from keras_infovae.evaluation.plots import views
from keras_infovae.training import RunDirectory
from keras_infovae.utils.files import whole_file


class Generate(Command):
    """Writes new examples, made by the model of a run."""

    name = "generate"
    summary = "writes new examples that the model of a run makes, as a picture or as numbers"
    description = """
What is written follows from the name of --output:

  .png   one picture with all examples in rows; for images
  .npy   a NumPy array, float32 [n, ...], in the units of the data that the run was trained on
  .csv   a table in these units, with the names of its columns; for tables. A name that
         spreadsheets would compute (=..., @...) has a ' before it, and is read without it
"""
    examples = (
        "keras-infovae generate --run=runs/first --n=64 --output=samples.png",
        "keras-infovae generate --run=runs/by_digit --condition=3 --output=threes.png",
        "keras-infovae generate --run=runs/patients --n=1000 --seed=1 --output=made_up.csv",
    )

    def define_flags(self, flag_set):
        flag_set.text("run", "DIRECTORY", "A directory that train wrote.", required=True)
        flag_set.text("output", "FILE", "A .png, .npy or .csv file to write.", required=True)
        flag_set.integer("n", "EXAMPLES", "How many.", default=16)
        flag_set.text(
            "condition",
            "CLASS",
            "The label that the examples are to have, for a run with --condition=labels. The same "
            "seed gives the same z under each.",
            shown="none; it must be given for such a run",
        )
        flag_set.integer("seed", "INTEGER", "Same seed, same examples.", minimum=0, default=0)
        flag_set.boolean(
            "noise",
            "Draw x from p(x|z), with the noise that the likelihood models, instead of taking its "
            "mean.",
            default=None,
            shown="on for tables of unbounded values, whose spread the mean lacks",
        )
        flag_set.boolean("overwrite", "Write --output although it is there already.")

    def run(self, flags):
        check_output_file(flags.output, tuple(_WRITERS), flags.overwrite)
        suffix = flags.output[-4:].lower()
        with reported({name: name for name in self.flag_set().names()}):
            run = RunDirectory(flags.run)
            config = run_data.config_of(run)
            model = run.load_model()
            model.capabilities.require("generate", "A new example")
            _check_form(flags.output, suffix, model.event_shape)
            asked = conditions.class_of(flags.condition, config)
        is_table = len(model.event_shape) == 1
        noise = flags.noise
        if noise is None:
            noise = is_table and model.example_spec.values.minimum is None
        x = model.generate(flags.n, seed=flags.seed, sample=noise, condition=asked)
        with whole_file(flags.output) as temporary:
            _WRITERS[suffix](temporary, x, model, config["feature_names"])
        what = "drawn with the likelihood's noise" if noise else "the means of p(x|z)"
        of_class = "" if asked is None else f" of class {flags.condition}"
        print(f"Wrote {flags.n} new examples{of_class} to {flags.output} ({what}).")


def _check_form(path, suffix, event_shape):
    """Raises CommandLineError unless examples of `event_shape` can be written as `suffix` says."""
    fitting = [".npy"]
    if views.view(event_shape) == views.IMAGES:
        fitting.append(".png")
    if len(event_shape) == 1:
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


def _raw(x, model):
    """Returns `x` in the units of the data that the model was trained on."""
    return np.asarray(x if model.scaling is None else model.scaling.invert(x), "float32")


_WRITERS = {".png": _write_png, ".npy": _write_npy, ".csv": _write_csv}
