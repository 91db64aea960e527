"""The training of all models: the only `train_step` and `test_step` of the package."""

from typing import Any, NamedTuple

import keras
import tensorflow as tf

from keras_infovae import conditions, schedules
from keras_infovae.distributions import likelihoods
from keras_infovae.models import random_states
from keras_infovae.models.batches import source_errors
from keras_infovae.models.example_spec import ExampleSpec
from keras_infovae.models.fit_data import FitData, check_replicas, first, refuse_targets
from keras_infovae.models.loss_trackers import LossTrackers
from keras_infovae.models.nonfinite import NonFiniteRecorder, StopOnNonFinite
from keras_infovae.models.progress import EpochCounter, Progress
from keras_infovae.utils import reductions
from keras_infovae.utils.checks import argument_error
from keras_infovae.utils.gradients import apply_gradients
from keras_infovae.utils.player import Player
from keras_infovae.utils.randomness import stateless_seed
from keras_infovae.utils.serialization import constructor_config, deserialize_values

_STEPS_WORTH_XLA = 5000


class BatchLoss(NamedTuple):
    """What one batch comes to; all numbers are shares of the global batch's (`reductions`).

    Args:
        loss: what is minimized.
        terms: {name: value} of the terms that are reported, as `term_names` has them.
        codes: (z of the global batch, p(z)), for players; None where there are none.
        regularization: what own networks add to the loss; None where they add nothing.
        adversary_loss: the sum of the players' losses; None where there are none.
    """

    loss: Any
    terms: dict
    codes: Any = None
    regularization: Any = None
    adversary_loss: Any = None


class TrainableModel(keras.Model):
    """What all models train by: `compile`, `fit`, `evaluate`, `predict`, saving, exact resume.

    A model defines `build_parts` and `batch_loss`, and names its terms in `term_names`. One that
    does not train by gradients sets `trains_by_gradients = False` and overrides `update`; it is
    compiled without an optimizer. Parts that are `Player`s train themselves after each step.

    Args:
        values: a `Likelihood`, which says what x may be. Default None: any finite numbers.
        condition: a `conditions.Condition`, or None.
        seed: an integer for repeatable draws, or None. Weights follow
            `keras.utils.set_random_seed`.
        scaling: how raw data became x (a `datasets.Scaling`), kept with the model. Default None.
    """

    term_names = ()  # of what the loss is made of, beside "loss" itself
    trains_by_gradients = True
    least_batch = 1  # examples, fewer than which no step can be taken with

    def __init__(self, *, values=None, condition=None, seed=None, scaling=None):
        super().__init__()
        # Counts and levels lose digits in float16; networks cast for themselves.
        self.autocast = False
        self.condition = conditions.get(condition)
        self.example_spec = ExampleSpec(values or likelihoods.Likelihood(), self.condition)
        self.progress = Progress(seed)
        self.seed = self.progress.seed
        self.scaling = scaling
        self._synchronize_divergence = True
        self._trackers = LossTrackers()
        self._nonfinite = None  # made with the terms, in `build`

    # === What a model defines ===

    def build_parts(self, event_shape):
        """Makes what the model is made of, for x of `event_shape`, and checks that it fits."""

    def batch_loss(self, x, condition, seed, training=False):
        """Returns the `BatchLoss` of one batch.

        Args:
            x: [local_batch, *event_shape].
            condition: [local_batch, condition.size], or None.
            seed: int32 [2].
            training: whether layers such as dropout are in training mode. Default False.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `batch_loss`")

    def weights_at(self, step):
        """Returns {name: weight of a term} at `step`: numbers, or tensors on a schedule."""
        return {}

    def parts(self):
        """Returns the layers that the model is made of, in the order that its weights have."""
        return []

    def adapt(self, x, count):
        """Tells the parts what they need to know of the data, before any step.

        Args:
            x: examples that were looked at, NumPy, or None.
            count: the number of examples, or None.
        """

    def objective(self):
        """Returns the loss as one line of text."""
        return f"{self.name}: loss = {' + '.join(self.term_names) or 'its own'}"

    def preflight(self, rows):
        """Prints what is about to be minimized, for batches of `rows` (None: unknown)."""
        print(self.objective())

    def forget(self):
        """Drops what was derived from the weights, which are about to change."""

    # === Building ===

    @property
    def event_shape(self):
        """The shape of one x, a tuple; None before the model is built."""
        return self.example_spec.event_shape

    def build(self, input_shape):
        """Makes the parts for x of `input_shape` [n, ...] and checks that they fit together."""
        if self.event_shape is not None:
            return
        event_shape = tuple(int(side) for side in input_shape[1:])
        self.build_parts(event_shape)
        # The order in which layers are kept decides that of the weights, whoever made them when.
        for part in self.parts():
            self._tracker.untrack(part)
            self._tracker.track(part)
        names = ["loss", *self.term_names, *(["adversary_loss"] if self.players else [])]
        self._trackers = LossTrackers(names + self.scheduled_weights, optional=["regularization"])
        self._nonfinite = NonFiniteRecorder(self.term_names)
        self.example_spec.event_shape = event_shape
        self.built = True

    @property
    def players(self):
        """The parts that train themselves, by losses of their own."""
        return [part for part in self.parts() if isinstance(part, Player)]

    @property
    def trainable_variables(self):
        """The weights that the loss is minimized over: all trainable ones but the players'."""
        players = {id(v) for player in self.players for v in player.player_variables}
        layers = [part for part in self.parts() if isinstance(part, keras.layers.Layer)]
        found = {id(v): v for layer in layers for v in layer.trainable_variables}
        found |= {id(v): v for v in super().trainable_variables}
        return [v for key, v in found.items() if key not in players]

    @property
    def trainable_weights(self):
        """As `trainable_variables`: Keras pairs either with what the optimizer holds."""
        return self.trainable_variables

    # === Steps ===

    def train_step(self, data):
        """Takes one step on one batch and returns the running means of the terms."""
        x, condition = self.example_spec.unpack(data)
        result = self.update(x, condition, self.progress.step_seed())
        self._nonfinite.update(self.progress.step + 1, result.terms, result.loss)
        logs = self._track(x, result)
        self.progress.step.assign_add(1)
        return logs

    def update(self, x, condition, seed):
        """Changes the weights by one batch, and returns its `BatchLoss` from before the change.

        Here by a step of the optimizer along the gradient of the loss, then the players' steps.

        Args:
            x: [local_batch, *event_shape].
            condition: [local_batch, condition.size], or None.
            seed: int32 [2].
        """
        variables = self.trainable_variables
        with tf.GradientTape() as tape:
            result = self._with_regularization(self.batch_loss(x, condition, seed, training=True))
            scaled_loss = self.optimizer.scale_loss(_minimized(result))
        apply_gradients(self.optimizer, tape.gradient(scaled_loss, variables), variables)
        return self._with_players(Player.play, result, tf.shape(x)[0], seed)

    def test_step(self, data):
        """Evaluates one batch; the draws of z are the same each time an evaluation is repeated."""
        x, condition = self.example_spec.unpack(data)
        seed = self.progress.evaluation_seed()
        result = self._with_regularization(self.batch_loss(x, condition, seed))
        result = self._with_players(
            lambda player, *batch: player.player_loss(*batch), result, tf.shape(x)[0], seed
        )
        return self._track(x, result)

    def _with_regularization(self, result):
        """Returns `result` with the losses of own networks, summed and cast as Keras does."""
        if not self.losses:
            return result
        own = tf.add_n([tf.reduce_sum(tf.cast(loss, tf.float32)) for loss in self.losses])
        return result._replace(regularization=own / reductions.num_replicas())

    def _with_players(self, function, result, size, seed):
        """Returns `result` with the sum of `function(player, z, prior, seed)` over players."""
        if not self.players:
            return result
        with reductions.replicas_apart(not self._synchronize_divergence, size):
            seed = reductions.own_seed(seed)
            losses = [
                function(player, *result.codes, stateless_seed(seed, 2 + index))
                for index, player in enumerate(self.players)
            ]
            total = reductions.share_of_global_value(tf.add_n(losses))
        return result._replace(adversary_loss=total)

    def _track(self, x, result):
        weights = self.weights_at(self.progress.step)
        shares = {"loss": result.loss, **result.terms}
        shares |= {"adversary_loss": result.adversary_loss, "regularization": result.regularization}
        shares |= {n: weights[n] / reductions.num_replicas() for n in self.scheduled_weights}
        return self._trackers.update(shares, tf.shape(x)[0])

    @property
    def metrics(self):
        """The running means that `fit` and `evaluate` report and reset."""
        return self._trackers.metrics

    def reset_metrics(self):
        """Resets the running means, and the draws of z of an evaluation."""
        super().reset_metrics()
        self.progress.begin_evaluation()

    @property
    def scheduled_weights(self):
        """The names of the weights that follow a schedule."""
        return [name for name, weight in self.weights_at(0).items() if tf.is_tensor(weight)]

    @property
    def epochs_trained(self):
        """The whole epochs that this model was trained for, in all fits together, an int."""
        return int(self.progress.epochs.read_value())

    # === compile, fit, evaluate, predict ===

    def compile(self, optimizer="auto", *, synchronize_divergence=True, **options):
        """Configures training.

        Args:
            optimizer: a Keras optimizer or its name. Default "auto": "adam"; for a model that does
                not train by gradients, which takes no other, none.
            synchronize_divergence: whether several replicas take the divergence of the codes of the
                whole batch, as one device would (default). With False each takes that of its own
                examples, and the mean over replicas counts: nothing is gathered, but a divergence
                of fewer codes is noisier, and the numbers are not those of one device
                (docs/distributed.md). On one device both are the same.
            **options: `steps_per_execution`, `run_eagerly`, `auto_scale_loss`, as for
                `keras.Model.compile`; and `jit_compile`, where "auto" (default) compiles by XLA
                what is long enough to earn the compile time: a `fit` of 5,000 steps or more, on
                one device. (The same seed gives other draws under XLA than without it.)

        Raises:
            ValueError: for `loss` or `metrics`, since the model has its own objective; for an
                optimizer that the model has no use for, or None where it needs one.
            TypeError: for a `synchronize_divergence` that is no boolean.
        """
        if not isinstance(synchronize_divergence, bool):
            raise argument_error(
                "synchronize_divergence", "True or False", synchronize_divergence, TypeError
            )
        for name in ("loss", "loss_weights", "metrics", "weighted_metrics"):
            if options.get(name) is not None:
                raise argument_error(
                    name,
                    "left out: the objective is the model's own, set by its constructor",
                    options[name],
                )
        super().compile(optimizer=self._optimizer_of(optimizer), **options)
        self._synchronize_divergence = synchronize_divergence
        self._compile_options = {"synchronize_divergence": synchronize_divergence} | options
        self._chooses_jit = options.get("jit_compile", "auto") == "auto" and not self.run_eagerly

    def _optimizer_of(self, optimizer):
        automatic = isinstance(optimizer, str) and optimizer == "auto"
        if self.trains_by_gradients:
            if optimizer is None:
                raise argument_error("optimizer", "a Keras optimizer or its name", optimizer)
            return "adam" if automatic else optimizer
        if optimizer is not None and not automatic:
            expected = f"left out: {type(self).__name__} does not train by gradients"
            raise argument_error("optimizer", expected, optimizer)
        return None

    @source_errors()
    def fit(
        self,
        x=None,
        y=None,
        *,
        condition=None,
        batch_size=None,
        verbose="auto",
        callbacks=None,
        **options,
    ):
        """Trains on x alone; the arguments are those of `keras.Model.fit`, without targets.

        Args:
            x: array [examples, ...] in the range of the likelihood, or a `tf.data.Dataset` or
                `PyDataset` of batches x or (x,). Arrays are checked whole, datasets by
                their first batch. A generator of (x,) is not checked; the model has to be built.
            y: not taken; there are no targets.
            condition: one row per example, for a model that takes a condition; a dataset gives
                batches of (x, condition) instead, and so does `validation_data`. Default None.
            batch_size: examples per step, for arrays. Default 32. At least 2 where the divergence
                counts: the aggregated posterior cannot be seen in one example. There, an example
                that would be a last batch of its own sits the epoch out (another one each epoch).
            verbose: 0 for silence, else the objective with its weights, a warning where the
                divergence could not see a wrong variance in batches of this size, and a progress
                bar.
            callbacks: Keras callbacks.
            **options: `epochs`, `validation_data=(x_valid,)`, `validation_split`,
                `shuffle`, `steps_per_epoch`, and so on. `initial_epoch` goes on where a saved model
                stopped after as many epochs of the same `fit`: with the same draws, and with the
                order of the examples that it would have had.

        Returns:
            A Keras `History` of the loss and its terms; of `adversary_loss` where there is an
            adversary, `regularization` where own networks add to the loss, and of weights on a
            schedule.

        Raises:
            ValueError, TypeError: for data that cannot be trained on, before any weight changes.
            FloatingPointError: when a term stops being finite during training.
        """
        if not self.compiled:
            self.compile()
        strategy = self.distribute_strategy
        data = FitData(self.example_spec, strategy, self.build, self.least_batch)
        data.read(x, condition, batch_size, options | {"y": y})
        for name in ("sample_weight", "class_weight"):
            options.pop(name, None)
        batch_size = data.make_batches(batch_size, options, self.progress.order_seed)
        steps = data.steps(options)
        if isinstance(data.x, tf.data.Dataset):
            self._choose_jit(steps, **options)
        check_replicas(data.rows, self.optimizer, strategy)
        self._begin(data, steps)
        if verbose != 0:
            self.preflight(data.rows)
        # First, so that no other callback saves a model that is broken.
        own = [StopOnNonFinite(self._nonfinite), EpochCounter(self.progress)]
        callbacks = own + keras.tree.flatten(callbacks or []) + data.callbacks
        return super().fit(
            data.x, batch_size=batch_size, verbose=verbose, callbacks=callbacks, **options
        )

    def _begin(self, data, steps):
        """Tells the parts of the model what they need to know of the data, before any step."""
        if steps is not None:
            self.progress.steps_per_epoch.assign(steps)
        elif self._counts_epochs():
            raise ValueError(
                "Argument `steps_per_epoch` must be given where a weight follows a schedule in "
                "epochs and the data do not tell their length. Received: steps_per_epoch=None"
            )
        known = data.rows is not None and steps is not None
        x = None if data.examples is None else first(data.examples)
        self.adapt(x, data.rows * steps if known else None)
        self.forget()

    def _counts_epochs(self):
        values = [getattr(self, name, None) for name in self.get_config()]
        return any(isinstance(v, schedules.Schedule) and v.unit == "epochs" for v in values)

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        # Keras would look at the mean of the replicas' first batches, which fails where these are
        # of unequal size. The model is built by then; only the optimizer may still be without its
        # variables.
        if self.built and self.optimizer is not None and not self.optimizer.built:
            with self.distribute_strategy.scope():
                self.optimizer.build(self.trainable_variables)

    def _choose_jit(self, steps, epochs=1, **_):
        """Turns XLA on for a long training, if the choice was left to the model.

        Keras's own choice is never on a CPU, where XLA trains 1.1 to 1.7 times as fast, at the cost
        of some ten seconds for each shape of batch. XLA draws other numbers from the same seed.
        """
        # Counted from the first epoch: a training that is taken up again computes as it began.
        long = (steps or 0) * epochs >= _STEPS_WORTH_XLA
        one_device = self.distribute_strategy.num_replicas_in_sync == 1
        if self._chooses_jit and not self.jit_compile and long and one_device:
            self.jit_compile = True
            self.train_function = self.test_function = None  # made anew by Keras

    @source_errors()
    def evaluate(self, x=None, *, condition=None, **options):
        """Returns the loss and its terms on x, as a dictionary.

        Args:
            x: as for `fit`.
            condition: as for `fit`.
            **options: `batch_size`, `verbose`, `steps`, `callbacks`, and `return_dict=False` for a
                list of the values.

        Returns:
            `{"loss": ..., "reconstruction_loss": ..., ...}`, means over x, of what `fit` records.
            The draws of z are the same each time.
        """
        if not self.compiled:
            self.compile()
        if not options.get("_use_cached_eval_dataset"):  # within fit, which has checked it
            refuse_targets(options)
            x = self._prepared(x, condition)
        return super().evaluate(x, **({"return_dict": True} | options))

    @source_errors()
    def predict(self, x, *, condition=None, **options):
        """Returns x reconstructed from its own code, NumPy of the shape of x.

        Args:
            x: as for `fit`.
            condition: as for `fit`.
            **options: `batch_size`, `verbose`, `steps`, `callbacks`.
        """
        self.example_spec.require_known()
        return super().predict(self._prepared(x, condition), **options)

    def train_on_batch(self, x, y=None, **options):
        """Takes one step on the batch `x`, as `keras.Model.train_on_batch` does."""
        return super().train_on_batch(self._one_batch(x, options | {"y": y}), return_dict=True)

    def test_on_batch(self, x, y=None, **options):
        """Evaluates the batch `x`, as `keras.Model.test_on_batch` does."""
        return super().test_on_batch(self._one_batch(x, options | {"y": y}), return_dict=True)

    def _one_batch(self, x, options):
        options.pop("return_dict", None)
        refuse_targets(options)
        if not self.compiled:
            self.compile()
        return self._prepared(x, options.pop("condition", None))

    def _prepared(self, x, condition):
        with self.distribute_strategy.scope():
            return self.example_spec.prepare(x, "x", condition, self.build)[0]

    # === Saving: a model goes on as if it had never been saved ===

    def save(self, filepath, *arguments, **options):
        """Saves the model to a .keras file, as `keras.Model.save` does; no other format holds it.

        Raises:
            ValueError: for a path that does not end in .keras.
        """
        if not str(filepath).endswith(".keras"):
            raise argument_error("filepath", "a path that ends in .keras", str(filepath))
        return super().save(filepath, *arguments, **options)

    def export(self, *arguments, **options):
        """Refuses Keras's export, which knows nothing of draws and scores."""
        raise ValueError(
            "`model.export` must be left to keras_infovae.serving.export_for_serving(model, "
            "directory), which writes encode, decode, generate and score as signatures"
        )

    def get_config(self):
        """Returns the constructor's arguments as a JSON-compatible dictionary."""
        return constructor_config(self)

    @classmethod
    def from_config(cls, config):
        """Returns the model that `get_config` described."""
        return cls(**deserialize_values(config))

    def get_build_config(self):
        """Returns the shape that the model was built for."""
        if self.event_shape is None:
            return None
        return {"input_shape": [None, *self.event_shape]}

    def build_from_config(self, config):
        """Builds the model for the shape that it was saved with."""
        if config is not None:
            self.build(config["input_shape"])

    def get_compile_config(self):
        """Returns the optimizer as a config, for saving."""
        if not self.compiled:
            return {}
        return {
            "optimizer": keras.saving.serialize_keras_object(self.optimizer),
            "options": self._compile_options,
        }

    def compile_from_config(self, config):
        """Compiles as the saved model was, and makes the optimizer's variables."""
        optimizer = keras.saving.deserialize_keras_object(config["optimizer"])
        self.compile(optimizer, **config["options"])
        if self.built and self.optimizer is not None:
            self.optimizer.build(self.trainable_variables)

    def save_own_variables(self, store):
        """Keeps the state of the training and of all random draws too, which Keras leaves out."""
        super().save_own_variables(store)
        for name, variable in self._training_state().items():
            store[name] = variable.numpy()

    def load_own_variables(self, store):
        """Restores the draws as well: a training goes on from where it was saved."""
        state = self._training_state()
        for name, variable in state.items():
            variable.assign(store[name])
        rest = set(store.keys()) - set(state)
        super().load_own_variables({name: store[name] for name in rest})

    def _training_state(self):
        drawn = random_states.random_states(*self.parts(), self)
        return self.progress.state() | {f"part_seeds_{i}": state for i, state in enumerate(drawn)}


def _minimized(result):
    return result.loss + (0.0 if result.regularization is None else result.regularization)
