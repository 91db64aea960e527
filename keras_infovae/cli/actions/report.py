"""What `keras-infovae report` does."""

from keras_infovae import evaluation
from keras_infovae.cli.actions import conditions
from keras_infovae.cli.actions import data as run_data
from keras_infovae.cli.errors import reported
from keras_infovae.training import RunDirectory


def run(command, flags):
    """Writes the page on a run's model."""
    with reported({name: name for name in command.flag_set().names()} | {"directory": "output"}):
        run = RunDirectory(flags.run)
        config = run_data.config_of(run)
        model = run.load_model()
        data = run_data.load_of_run(config)
        given = {"seed": flags.seed, "condition": conditions.of_splits(data, config)}
        history = run.history() or None
        given["anomaly_label"] = flags.anomaly_label
        given |= {"history": history, "weights_epoch": history and run.weights_epoch}
        path = evaluation.report(model, data, flags.output, **given)
    print(f"Written to {path}")
