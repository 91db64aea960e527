"""The condition of a run's model: the labels of its data, as classes, or columns of its table."""

import shlex

from keras_infovae.cli import help_page
from keras_infovae.cli.errors import CommandLineError
from keras_infovae.evaluation import label_classes
from keras_infovae.utils.checks import check_choice
from keras_infovae.utils.splits import SPLITS

CLASSES = "classes"  # in config.json: labels in their order; the condition is the place in it


def classes_of(flags, data):
    """Returns {CLASSES: the labels of `data` in their order}, for config.json; says them.

    {} where --condition is not given, or names columns of a table.

    Raises:
        ValueError: for data without labels, and for labels that are no classes.
    """
    if flags.condition is None or data.conditions is not None:
        return {}
    stream = getattr(data, "stream", None)  # whose samples may lack a class
    labels = label_classes.classes_of(data) if stream is None else stream.classes
    print(f"condition: one of {len(labels)} classes: {label_classes.shown(labels)}")
    return {CLASSES: labels}


def of_splits(data, config, splits=SPLITS):
    """Returns {split: the condition of each example}; None for what has no condition.

    It is the class, int64 [n], or the numbers of the columns that are told, float32 [n, size].

    Args:
        data: a `Dataset`.
        config: the run's config.
        splits: names of splits. Default: all.

    Raises:
        ValueError: where the run's model takes labels and `data` has none, or has others.
    """
    if getattr(data, "conditions", None) is not None:
        return {split: data.conditions[split] for split in splits}
    classes = config.get(CLASSES)
    if classes is None:
        return dict.fromkeys(splits)
    return {
        split: label_classes.class_indices(getattr(data, f"{split}_labels"), classes)
        if len(getattr(data, split))
        else None
        for split in splits
    }


def example_of_generate(path, config):
    """Returns a command line that generates by the run at `path`, as a line to print."""
    outputs = {"kinds": "new.csv", "tokens": "new.txt"}  # a table, texts
    output = next((outputs[key] for key in outputs if key in config["data"]), "samples.npy")
    words = [help_page.PROGRAM, "generate", f"--run={path}", f"--output={output}"]
    if CLASSES in config:
        words.insert(3, f"--condition={config[CLASSES][0]}")
    columns = config["data"].get("condition")
    if columns:
        words.insert(3, f"--given={','.join(f'{name}=VALUE' for name in columns)}")
    return f"  {shlex.join(words)}"


def class_of(name, config):
    """Returns the number of the class that --condition=`name` asks for, or None without one.

    Raises:
        CommandLineError: for a class of a run that has none, the lack of one, and unknown ones.
    """
    classes = config.get(CLASSES)
    if classes is None:
        if name is not None:
            raise CommandLineError(
                "Argument `--condition` must be left out: the model of the run takes none. "
                f"Received: --condition={name}"
            )
        return None
    names = list(map(str, classes))
    if name is None:
        raise CommandLineError(
            f"Argument `--condition` must be given: one of {label_classes.shown(classes)}. "
            "Received: none"
        )
    try:
        return names.index(check_choice("--condition", name, names))
    except ValueError as error:
        raise CommandLineError(str(error)) from error
