"""What is done in a trial."""

import contextlib
import io
import math
import os
import shutil
import time

import keras
import keras_tuner
import tensorflow as tf

from keras_infovae.callbacks import CollapseMonitor
from keras_infovae.training import HistoryFile
from keras_infovae.training.contents import HISTORY, MODEL
from keras_infovae.tuning import objectives
from keras_infovae.tuning.oracles import save_state
from keras_infovae.tuning.search_result import new_model
from keras_infovae.utils.files import whole_file

_PAUSE = 1.0  # seconds until a worker asks again, where there is no trial yet
_Failed = keras_tuner.errors.FailedTrialError


class TrialTuner(keras_tuner.engine.base_tuner.BaseTuner):
    """Trains and measures a model per trial, and keeps it in the trial's directory.

    A trial fails, which makes it no candidate and leaves the others alone, where a loss is not
    finite, where memory runs out, and where the latents have collapsed: no active unit at the end,
    or in more than a quarter of the epochs in a row. Any other error ends the search.

    Args:
        oracle: a KerasTuner oracle.
        hypermodel: makes compiled models.
        data: a `TrialData`.
        strategy: a `tf.distribute.Strategy`.
        epochs: the most that a model is trained for.
        patience: epochs without a better validation loss after which a training ends; the best
            epoch's weights are kept. Not of models with critics or weights on schedules, whose
            losses cannot be compared: they are trained to the end.
        seed: every trial starts from it.
        directory: where the search is kept.
        report: called with a line of text after each trial.
    """

    def __init__(
        self, oracle, hypermodel, data, strategy, epochs, patience, seed, directory, report
    ):
        self._data, self._strategy, self._report = data, strategy, report
        self._epochs, self._patience, self._seed = epochs, patience, seed
        self._waiting = False
        oracle.verbose = 0
        with contextlib.redirect_stdout(io.StringIO()):  # what it says of itself helps nobody
            super().__init__(oracle, hypermodel, *os.path.split(directory))

    def trial_file(self, trial_id, name):
        """Returns the path of a trial's file: `MODEL`, or `HISTORY` with its losses."""
        return os.path.join(self.get_trial_dir(trial_id), name)

    def pre_create_trial(self):
        if self._waiting:
            time.sleep(_PAUSE)
        self._waiting = True

    def save(self):
        if not self._is_worker():
            self.oracle.save()
        save_state(self, self._get_tuner_fname())

    def on_trial_begin(self, trial):
        self._waiting = False
        super().on_trial_begin(trial)

    def run_trial(self, trial):
        start = time.monotonic()
        model, epochs = self._train(trial)
        data = self._data
        numbers = objectives.measure(
            model, data.x_validation, self._seed, data.condition_validation
        )
        if numbers.get("active_units") == 0:
            raise _Failed("The latents have collapsed: no dimension of z is active.")
        objective = self.oracle.objective.name
        if not math.isfinite(numbers[objective]):
            raise _Failed(f"The {objective} is not finite: {numbers[objective]}.")
        with whole_file(self.trial_file(trial.trial_id, MODEL)) as temporary:
            model.save(temporary)
        return numbers | {"epochs": float(epochs), "seconds": time.monotonic() - start}

    def _try_run_and_update_trial(self, trial):
        # KerasTuner's own takes any error for a trial that went wrong, a wrong argument too.
        try:
            with _retracing_unmentioned():
                self._run_and_update_trial(trial)
            trial.status = "COMPLETED"
        except (_Failed, FloatingPointError) as error:
            trial.status, trial.message = "FAILED", str(error)
        except tf.errors.ResourceExhaustedError as error:
            trial.status, trial.message = "FAILED", f"Out of memory: {error.message}"

    def _train(self, trial):
        """Returns (the trained model, the number of epochs whose weights it has)."""
        hp = trial.hyperparameters
        data = self._data
        keras.backend.clear_session()
        begun = hp.values.get("tuner/trial_id")  # Hyperband goes on with its better trials
        with self._strategy.scope():
            if begun is None:
                template = self.hypermodel.build(hp)
                if data.scaling is not None:
                    template.scaling = data.scaling
                template.build(data.x.shape)
                # By its config, so that `SearchResult.new_model` makes the very same one.
                model = new_model(keras.saving.serialize_keras_object(template), self._seed)
            else:
                model = keras.saving.load_model(self.trial_file(begun, MODEL))
        first = hp.values.get("tuner/initial_epoch", 0)
        callbacks = [HistoryFile(self._history_file(trial, begun, first), epochs=first)]
        stopping = keras.callbacks.EarlyStopping(
            patience=self._patience, restore_best_weights=True
        )  # by the trial's own loss
        if model.losses_compare:
            callbacks.append(stopping)
        if "active_units" in objectives.known(model):
            # Latents may wake late, with a small learning rate; not as late as that.
            late = {"patience": max(self._patience, self._epochs // 4), "action": _give_up}
            monitor = CollapseMonitor(
                data.x_validation, condition=data.condition_validation, **late
            )
            callbacks.insert(0, monitor)
        history = self.hypermodel.fit(
            hp,
            model,
            data.x,
            condition=data.condition,
            validation_data=data.validation,
            epochs=hp.values.get("tuner/epochs", self._epochs),
            initial_epoch=first,
            callbacks=callbacks,
            verbose=0,
        )
        if not history.epoch or not model.losses_compare:
            return model, first + len(history.epoch)
        return model, stopping.best_epoch + 1

    def _history_file(self, trial, begun, first):
        """Returns its path; there are the epochs of the trial that it goes on after, if any."""
        path = self.trial_file(trial.trial_id, HISTORY)
        if begun is not None:
            before = self.trial_file(begun, HISTORY)
            if len(HistoryFile(before).read()) == first:  # and was not stopped early
                shutil.copyfile(before, path)
            elif os.path.exists(path):
                os.remove(path)  # of this trial, done again
        return path

    def on_trial_end(self, trial):
        super().on_trial_end(trial)
        self._report(trial)


def _give_up(sentence, logs):
    raise _Failed(sentence)


@contextlib.contextmanager
def _retracing_unmentioned():
    """Keeps TensorFlow from warning that functions are traced anew: each trial has its own."""

    def wanted(record):
        return "tf.function retracing" not in record.getMessage()

    logger = tf.get_logger()
    logger.addFilter(wanted)
    try:
        yield
    finally:
        logger.removeFilter(wanted)
