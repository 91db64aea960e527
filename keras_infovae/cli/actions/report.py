"""What `keras-infovae report` does."""

from keras_infovae import evaluation
from keras_infovae.cli.actions import conditions, other_data, trained
from keras_infovae.cli.actions import data as run_data
from keras_infovae.cli.errors import CommandLineError, reported


def run(command, flags):
    """Writes the page on a run's model."""
    names = {name: name for name in command.flag_set().names()}
    with reported(names | {"directory": "output", "source": "data"}):
        found = trained.load(flags.run)
        data = _data(flags, found)
        given = {"seed": flags.seed, "condition": conditions.of_splits(data, found.config)}
        history = found.run and (found.run.history() or None)
        given["anomaly_label"] = flags.anomaly_label
        given |= {"history": history, "weights_epoch": history and found.run.weights_epoch}
        path = evaluation.report(found.model, data, flags.output, **given)
    print(f"Written to {path}")


def _data(flags, found):
    """Returns the `Dataset` of a run, which names it, or of a preset, for which --data does."""
    if flags.data is None:
        return run_data.load_of_run(found.config)
    if found.run is not None:
        raise CommandLineError(
            "Argument `--data` must be left out for a run, which is judged on its own. "
            f"Received: --data={flags.data}"
        )
    data = other_data.load_other(flags.data, found.config, found.model)
    found.model.example_spec.check_shape((None, *data.event_shape), "data")
    return data
