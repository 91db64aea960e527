"""The steps of all models: the only `train_step` and `test_step` of the package."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from keras_infovae import conditions, zoo
from keras_infovae.distributions import likelihoods
from keras_infovae.models import random_states
from keras_infovae.models.example_spec import ExampleSpec
from keras_infovae.models.loss_trackers import LossTrackers
from keras_infovae.models.nonfinite import NonFiniteRecorder
from keras_infovae.models.progress import Progress
from keras_infovae.models.raw_data import condition_beside
from keras_infovae.typing import Numbers, Path, Seed, Tensor
from keras_infovae.utils import reductions
from keras_infovae.utils.batch_limit import batches_of_at_most
from keras_infovae.utils.checks import argument_error
from keras_infovae.utils.follower import followers_of, of_global_batch
from keras_infovae.utils.gradients import apply_gradients
from keras_infovae.utils.player import Player
from keras_infovae.utils.randomness import stateless_seed
from keras_infovae.utils.serialization import constructor_config, deserialize_values
from keras_infovae.utils.values_only import values_only


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


class StepModel(keras.Model):
    """What one step of a training is, for all models, and what of a training is saved.

    A model defines `build_parts` and `batch_loss`, and names its terms in `term_names`. One that
    does not train by gradients sets `trains_by_gradients = False` and overrides `update`; it is
    compiled without an optimizer. Parts that are `Player`s train themselves after each step, and
    those that are `Follower`s have weights that follow the gradient by a rule of their own.

    Args:
        values: a `Likelihood`, which says what x may be. Default None: any finite numbers.
        condition: a `conditions.Condition`, or None.
        seed: an integer for repeatable draws, or None. Weights follow
            `keras.utils.set_random_seed`.
        scaling: how raw numbers became x (a `preprocessors.Scaling`), kept with the model.
            Default None.
        preprocessor: the way from raw data to x and back, such as the `tables.Schema` of a table.
            Default None: that of the first raw data that the model is trained on.
    """

    term_names = ()  # of what the loss is made of, beside "loss" itself
    training_terms = ()  # of what steps of a training report besides, and evaluations do not
    trains_by_gradients = True

    def __init__(
        self,
        *,
        values: Any = None,
        condition: Any = None,
        seed: Seed = None,
        scaling: Any = None,
        preprocessor: Any = None,
    ) -> None:
        super().__init__()
        # Counts and levels lose digits in float16; networks cast for themselves.
        self.autocast = False
        values = values or likelihoods.Likelihood()
        self.condition = condition_beside(preprocessor, conditions.get(condition))
        self.example_spec = ExampleSpec(values, self.condition, preprocessor)
        self.progress = Progress(seed)
        self.seed = self.progress.seed
        self._scaling = scaling
        self._synchronize_divergence = True
        self._trackers = LossTrackers()
        self._nonfinite = None  # made with the terms, in `build`
        self._most_in_batch = None  # examples, for which `train_step` is traced

    # === What a model defines ===

    def build_parts(self, event_shape: tuple[int, ...]) -> None:
        """Makes what the model is made of, for x of `event_shape`, and checks that it fits."""

    def batch_loss(
        self, x: Tensor, condition: Tensor, seed: Tensor, training: bool = False
    ) -> BatchLoss:
        """Returns the `BatchLoss` of one batch.

        Args:
            x: [local_batch, *event_shape].
            condition: [local_batch, condition.size], or None.
            seed: int32 [2].
            training: whether layers such as dropout are in training mode. Default False.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `batch_loss`")

    def weights_at(self, step: Any) -> Mapping[str, Any]:
        """Returns {name: weight of a term} at `step`: numbers, or tensors on a schedule."""
        return {}

    def parts(self) -> Any:
        """Returns the layers that the model is made of, in the order that its weights have."""
        return []

    # === Building ===

    @property
    def preprocessor(self) -> Any:
        """The way from raw data to x and back, a `preprocessors.Preprocessor`, or None."""
        return self.example_spec.preprocessor

    @property
    def scaling(self) -> Any:
        """How raw numbers became x, a `preprocessors.Scaling`, or None."""
        if self._scaling is None and self.preprocessor is not None:
            return self.preprocessor.scaling
        return self._scaling

    @scaling.setter
    def scaling(self, scaling: Any) -> None:
        self._scaling = scaling

    @property
    def event_shape(self) -> tuple[int, ...] | None:
        """The shape of one x, a tuple; None before the model is built."""
        return self.example_spec.event_shape

    def build(self, input_shape: Any) -> None:
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
        self._trackers = LossTrackers(
            names + self.scheduled_weights, optional=["regularization", *self.training_terms]
        )
        self._nonfinite = NonFiniteRecorder(self.term_names)
        self.example_spec.event_shape = event_shape
        self.built = True

    @property
    def players(self) -> Any:
        """The parts that train themselves, by losses of their own."""
        return [part for part in self.parts() if isinstance(part, Player)]

    @property
    def trainable_variables(self) -> list[Any]:
        """The weights that the loss is minimized over: all trainable ones but the players'."""
        players = {id(v) for player in self.players for v in player.player_variables}
        layers = [part for part in self.parts() if isinstance(part, keras.layers.Layer)]
        found = {id(v): v for layer in layers for v in layer.trainable_variables}
        found |= {id(v): v for v in super().trainable_variables}
        return [v for key, v in found.items() if key not in players]

    @property
    def trainable_weights(self) -> list[Any]:
        """As `trainable_variables`: Keras pairs either with what the optimizer holds."""
        return self.trainable_variables

    # === Steps ===

    def train_step(self, data: Any) -> Any:
        """Takes one step on one batch and returns the running means of the terms."""
        x, condition = self.example_spec.unpack(data)
        with batches_of_at_most(self._most_in_batch):
            result = self.update(x, condition, self.progress.step_seed())
        self._nonfinite.update(self.progress.step + 1, result.terms, result.loss)
        logs = self._track(x, result)
        self.progress.step.assign_add(1)
        return logs

    def update(self, x: Tensor, condition: Tensor, seed: Tensor) -> Any:
        """Changes the weights by one batch, and returns its `BatchLoss` from before the change.

        Here by a step of the optimizer along the gradient of the loss, then the players' steps.

        Args:
            x: [local_batch, *event_shape].
            condition: [local_batch, condition.size], or None.
            seed: int32 [2].
        """
        variables = self.trainable_variables
        followers = followers_of(self.parts())
        followed = followers.followed_variables
        with tf.GradientTape() as tape:
            tape.watch([variable.value for variable in followed])
            result = self._with_regularization(self.batch_loss(x, condition, seed, training=True))
            scaled_loss = self.optimizer.scale_loss(_minimized(result))
        gradients = tape.gradient(scaled_loss, variables + followed)
        apply_gradients(self.optimizer, gradients[: len(variables)], variables)
        rest = of_global_batch(gradients[len(variables) :], self.optimizer.scale_loss(1.0))
        followers.follow(rest)
        return self._with_players(
            lambda player, *batch: player.play(*batch), result, tf.shape(x)[0], seed
        )

    def test_step(self, data: Any) -> Any:
        """Evaluates one batch; the draws of z are the same each time an evaluation is repeated."""
        x, condition = self.example_spec.unpack(data)
        seed = self.progress.evaluation_seed()
        with values_only():
            result = self._with_regularization(self.batch_loss(x, condition, seed))
            result = self._with_players(
                lambda player, *batch: player.player_loss(*batch), result, tf.shape(x)[0], seed
            )
        return self._track(x, result)

    def _with_regularization(self, result):
        """Returns `result` with the losses of own networks, summed and cast as Keras does."""
        if not self.losses:
            return result
        of_weights = [v for v in self.variables if v.trainable and v.regularizer is not None]
        if reductions.num_replicas() > 1 and len(self.losses) > len(of_weights):
            # Replicas take turns, and a layer keeps the losses of its last call alone.
            raise ValueError(
                "Networks on several devices must have no losses of examples (activity_regularizer,"
                " add_loss), which Keras keeps of one device alone. Regularizers of weights can be "
                f"taken, or one device. Received: {len(self.losses) - len(of_weights)} such losses"
            )
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
    def metrics(self) -> list[Any]:
        """The running means that `fit` and `evaluate` report and reset."""
        return self._trackers.metrics

    def reset_metrics(self) -> None:
        """Resets the running means, and the draws of z of an evaluation."""
        super().reset_metrics()
        self.progress.begin_evaluation()

    @property
    def scheduled_weights(self) -> list[str]:
        """The names of the weights that follow a schedule."""
        return [name for name, weight in self.weights_at(0).items() if tf.is_tensor(weight)]

    @property
    def losses_compare(self) -> bool:
        """Whether the losses of two epochs can be compared, as early stopping does.

        Not where a critic learns beside the model, and not where a weight follows a schedule.
        """
        return not (self.players or self.scheduled_weights)

    @property
    def epochs_trained(self) -> int:
        """The whole epochs that this model was trained for, in all fits together, an int."""
        return int(self.progress.epochs.read_value())

    # === Saving: a model goes on as if it had never been saved ===

    def save(self, filepath: Path, *arguments: Any, **options: Any) -> Any:
        """Saves the model to a .keras file, as `keras.Model.save` does; no other format holds it.

        Raises:
            ValueError: for a path that does not end in .keras.
        """
        if not str(filepath).endswith(".keras"):
            raise argument_error("filepath", "a path that ends in .keras", str(filepath))
        return super().save(filepath, *arguments, **options)

    def save_to_preset(
        self,
        folder: Path,
        *,
        about: str | None = None,
        data: str | None = None,
        license: str | None = None,
        command: str | None = None,
        card: str | Callable | None = None,
        files: Sequence[Path] = (),
        overwrite: bool = False,
    ) -> str:
        """Writes a preset: a folder from which `from_preset` makes this model, not compiled.

        It holds `preset.json` (what it is, sizes and SHA-256), `config.json` (settings, the
        preprocessor and the threshold among them), `model.weights.h5`, and `README.md`, the card.
        What a preprocessor knows of the training data (categories, quantiles, words) is in it.

        Args:
            folder: the path of the folder, whose last part is the name of the preset.
            about: what the model is, a sentence. Default None.
            data: what it was trained on. Default None.
            license: of the data and the weights, such as "cc-by-4.0". Default None.
            command: the command line that made it. Default None.
            card: the text of the card, or a function of what preset.json says that returns it.
                Default None: one made of that.
            files: paths of more files to be copied into it, such as pictures of the card.
            overwrite: whether to replace a preset that is there already. Default False.

        Returns:
            The path of the folder.

        Raises:
            ValueError: for a model that was not built yet, or has parts that cannot be loaded
                without running code, such as a Lambda layer.
            FileExistsError: for a folder that is there, without `overwrite` or with other files.

        Example:

        >>> import keras_infovae as ki
        >>> model = ki.VAE(latent_dim=2)
        >>> model.build((None, 4))
        >>> folder = model.save_to_preset("presets/first", about="Not trained.")  # doctest: +SKIP
        >>> ki.VAE.from_preset("presets/first")  # doctest: +SKIP
        """
        said = {"about": about, "data": data, "license": license, "command": command}
        return zoo.save(self, folder, card=card, files=files, overwrite=overwrite, **said)

    @classmethod
    def from_preset(cls, preset: Path) -> Any:
        """Returns the trained model of a preset, not compiled.

        Sizes, hashes and the classes of all parts are checked before anything is made, and no code
        comes out of a preset.

        Args:
            preset: a name of `ki.presets()`; the path of a folder, which has a separator in it,
                such as "./mine"; "hf://user/name" or "hf://user/name@revision" (needs
                `keras-infovae[huggingface]`); or "kaggle://owner/model/framework/variation"
                (`keras-infovae[kaggle]`).

        Returns:
            A model of this class, or of one that extends it; `ki.GenerativeModel.from_preset` takes
            any.

        Raises:
            ValueError: for an unknown name, a preset of another class, or a damaged one, with the
                name of the file.
            FileNotFoundError: for a folder that holds no preset.
            ImportError, ConnectionError: where a hub's client is missing, or the hub not reached.

        Example:

        >>> import keras_infovae as ki
        >>> model = ki.InfoVAE.from_preset("digits_info_vae")
        >>> model.generate(2, seed=0).shape
        (2, 8, 8, 1)
        """
        return zoo.load(preset, cls)

    def export(self, *arguments: Any, **options: Any) -> Any:
        """Refuses Keras's export, which knows nothing of draws and scores."""
        raise ValueError(
            "`model.export` must be left to keras_infovae.serving.export_for_serving(model, "
            "directory), which writes encode, decode, generate and score as signatures"
        )

    def get_config(self) -> Numbers:
        """Returns the constructor's arguments as a JSON-compatible dictionary."""
        return constructor_config(self)

    @classmethod
    def from_config(cls, config: Numbers) -> Any:
        """Returns the model that `get_config` described."""
        return cls(**deserialize_values(config))

    def get_build_config(self) -> Any:
        """Returns the shape that the model was built for, and which of its parts are frozen."""
        if self.event_shape is None:
            return None
        config = {"input_shape": [None, *self.event_shape]}
        frozen = [i for i, p in enumerate(self.parts()) if not getattr(p, "trainable", True)]
        return config | {"frozen_parts": frozen} if frozen else config

    def build_from_config(self, config: Numbers) -> None:
        """Builds the model for the shape that it was saved with; what was frozen is so again."""
        if config is None:
            return
        self.build(config["input_shape"])
        parts = self.parts()
        for i in config.get("frozen_parts", []):
            parts[i].trainable = False

    def save_own_variables(self, store: Any) -> None:
        """Keeps the state of the training and of all random draws too, which Keras leaves out."""
        super().save_own_variables(store)
        for name, variable in self._training_state().items():
            store[name] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Restores the draws as well: a training goes on from where it was saved."""
        state, known = self._training_state(), set(store.keys())
        for name, variable in state.items():
            # Files of 0.2.0, which were saved between two epochs, do not say when one began.
            began = name == "epoch_start" and name not in known
            if name in known or began:  # nor, earlier ones, how many examples there were
                variable.assign(store["step" if began else name])
        rest = known - set(state)
        super().load_own_variables({name: store[name] for name in rest})

    def _training_state(self):
        parts = self.parts()
        drawn = random_states.random_states(*parts, self)
        state = {f"part_seeds_{i}": variable for i, variable in enumerate(drawn)}
        for part in parts:  # a divergence may have learned something of the data
            state |= getattr(part, "adapted_state", dict)()
        return self.progress.state() | state


def _minimized(result):
    return result.loss + (0.0 if result.regularization is None else result.regularization)
