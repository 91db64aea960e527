"""p(z) by itself, trained on the codes of a model that is trained already."""

import copy
import math

import keras
import tensorflow as tf

from keras_infovae.distributions import priors
from keras_infovae.models.step_model import BatchLoss
from keras_infovae.models.trainable_model import TrainableModel
from keras_infovae.utils import reductions
from keras_infovae.utils.checks import argument_error
from keras_infovae.utils.pipelines import as_written, without_autograph
from keras_infovae.utils.randomness import stateless_seed


class CodeModel(TrainableModel):
    """A prior as a model of codes z: it is trained as any model is, by the prior's `code_loss`.

    Args:
        prior: a `Prior`.
        seed: an integer for repeatable draws.
    """

    def __init__(self, prior, seed):
        super().__init__(seed=seed)
        self.prior = prior

    def parts(self):
        """Returns the prior, alone."""
        return [self.prior]

    @property
    def players(self):
        """None: the step of the model is that of the prior."""
        return []

    def build_parts(self, event_shape):
        """Makes the prior's weights, unless it has some."""
        if not self.prior.built:
            self.prior.build(*event_shape)

    def batch_loss(self, x, condition, seed, training=False):
        """Returns the `BatchLoss` of codes x, [local_batch, latent_dim]."""
        z = reductions.gather(x)
        loss = self.prior.code_loss(z, self.prior.distribution(z.shape[-1]), seed, training)
        return BatchLoss(reductions.share_of_global_value(loss), {})

    def objective(self):
        """Returns what is minimized as one line of text."""
        return f"{type(self.prior).__name__} on codes: loss = {self.prior.code_loss_text}"


class DrawnCodes(keras.callbacks.Callback):
    """Codes that are drawn anew, and put in another order, in each epoch.

    Args:
        draw: function of the number of the epoch that gives codes, NumPy [n, latent_dim].
        batch_size: codes per batch.
        seed: an integer, of the order.
    """

    def __init__(self, draw, batch_size, seed):
        super().__init__()
        self._draw, self._batch_size, self._seed = draw, batch_size, seed
        with tf.device("CPU:0"):  # batches are put together in host memory
            self._epoch = tf.Variable(0, trainable=False, dtype=tf.int64)
            self._codes = tf.Variable(draw(0), trainable=False)

    def on_epoch_begin(self, epoch, logs=None):
        if epoch > 0:  # the first are there
            self._codes.assign(self._draw(epoch))
        self._epoch.assign(epoch)

    def dataset(self):
        """Returns the `tf.data.Dataset` of one epoch: of that which last began."""

        @without_autograph
        def epoch(_):
            seed = stateless_seed(self._seed, self._epoch.read_value())
            codes = tf.random.experimental.stateless_shuffle(self._codes.read_value(), seed)
            return tf.data.Dataset.from_tensor_slices(codes).batch(self._batch_size)

        steps = math.ceil(self._codes.shape[0] / self._batch_size)
        batches = tf.data.Dataset.range(1).flat_map(epoch).prefetch(2)
        return as_written(batches.apply(tf.data.experimental.assert_cardinality(steps)))


def learned_on_codes(model, prior, data, validation_data, seed, options):
    """Returns (the `Prior`, the Keras `History`) of a prior that has learned a model's codes.

    Args:
        model: a `LatentVariableModel`.
        prior: a `Prior` or its name.
        data: (x, condition).
        validation_data: x, (x,) or (x, condition), or None.
        seed: an integer, or None.
        options: `epochs`, `batch_size`, `optimizer`, `callbacks` and `verbose`, as for `fit_prior`.

    Raises:
        ValueError, TypeError: naming the argument, before any weight changes.
    """
    model.example_spec.require_known()
    with model.distribute_strategy.scope():
        prior = checked_prior(prior, model)
    drawn, seed = model.inference.is_random, model.progress.new_seed() if seed is None else seed

    def codes(data, seed):
        x, condition = (*data, None)[:2] if isinstance(data, tuple) else (data, None)
        return model.encode(x, sample=drawn, seed=seed, condition=condition)

    first = codes(data, seed)

    def of_epoch(epoch):
        return codes(data, seed + epoch) if drawn and epoch else first

    with model.distribute_strategy.scope():
        stage = CodeModel(prior, seed)
        stage.build(first.shape)
        optimizer = options.pop("optimizer")
        automatic = isinstance(optimizer, str) and optimizer == "auto"
        # Of a copy: a Keras optimizer belongs to the weights that it was first used on.
        stage.compile(prior.code_optimizer() if automatic else copy.deepcopy(optimizer))
    epochs = DrawnCodes(of_epoch, options.pop("batch_size"), seed)
    checked = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: prior.check_loss(logs["loss"])
    )
    options["callbacks"] = [epochs, checked, *keras.tree.flatten(options["callbacks"] or [])]
    if validation_data is not None:
        options["validation_data"] = (codes(validation_data, seed),)
    history = stage.fit(epochs.dataset(), **options)
    prior.settle(model.latent_dim)
    return prior, history


def checked_prior(prior, model):
    """Returns the `Prior` that is meant; raises where it cannot be learned on a model's codes."""
    prior = priors.get(prior)
    name, support = type(prior).__name__, model.inference.support
    if prior is model.prior:
        raise argument_error("prior", "another one than that of the training", name)
    if prior.made_of_posteriors:
        raise argument_error("prior", "one that is not made of posteriors", name)
    if prior.support != support:
        expected = f"one for z where the codes are, on the support {support!r}"
        raise argument_error("prior", expected, name)
    if not prior.built:
        prior.build(model.latent_dim)
    size = prior.distribution(model.latent_dim).event_shape[0]
    if size != model.latent_dim:
        expected = f"one for {model.latent_dim} latent dimensions, as the model has"
        raise argument_error("prior", expected, f"{name} that was built for {size}")
    if not prior.trainable_variables:
        raise argument_error("prior", "one that has weights to learn", name)
    return prior
