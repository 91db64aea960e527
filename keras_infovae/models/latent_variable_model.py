"""The base of all models: the only `train_step` and `test_step` of the package."""

import keras
import tensorflow as tf

from keras_infovae import networks
from keras_infovae.distributions import likelihoods, posteriors, priors
from keras_infovae.models import input_checks
from keras_infovae.models.fitting import FitMethods
from keras_infovae.models.inference import InferenceMethods
from keras_infovae.models.nonfinite import NonFiniteRecorder
from keras_infovae.utils import probability as tfp
from keras_infovae.utils import reductions
from keras_infovae.utils.checks import argument_error, check_integer
from keras_infovae.utils.randomness import check_seed, stateless_seed
from keras_infovae.utils.serialization import constructor_config, deserialize_values

TERMS = ("loss", "reconstruction_loss", "kl_divergence", "divergence")


class LatentVariableModel(FitMethods, InferenceMethods, keras.Model):
    """A model p(x|z) p(z) with an encoder q(z|x), trained to minimise, in nats per example,

        loss = reconstruction_loss + kl_weight * kl_divergence + divergence_weight * divergence

        reconstruction_loss = E_data E_q(z|x) [-log p(x|z)]        (one draw of z per example)
        kl_divergence       = E_data KL(q(z|x) || p(z))            (exact where TFP knows it)
        divergence          = D(q(z), p(z)) over the global batch

    summed over the axes of x and averaged over the global batch. The four names are what `fit`
    records and `evaluate` returns, in training and validation alike; a term of weight 0 is still
    reported. A subclass gives `divergence` and the two weights. Regularisers and `add_loss` of own
    networks are minimised too, and not reported.

    Args:
        latent_dim: the number of dimensions of z, at least 1.
        prior, posterior, likelihood: a setting or its name.
        encoder: a Keras model from x to [n, posterior.parameter_size(latent_dim)], the numbers that
            the posterior documents; a network setting or its name ("mlp", "conv"); or None for one
            that suits the shape of x.
        decoder: a Keras model from z [n, latent_dim] to [n, *likelihood.parameter_shape(x)], the
            numbers that the likelihood documents, without an output activation; a network setting,
            its name, or None.
        seed: an integer for repeatable draws of z, or None. Weights follow
            `keras.utils.set_random_seed`.
        scaling: how raw data became x (a `datasets.Scaling`), kept with the model. Default None.
    """

    def __init__(self, latent_dim, prior, posterior, likelihood, encoder, decoder, seed, scaling):
        super().__init__()
        self.latent_dim = check_integer("latent_dim", latent_dim)
        self.prior = priors.get(prior)
        self.posterior = posteriors.get(posterior)
        self.likelihood = likelihoods.get(likelihood)
        self.encoder = _check_network("encoder", encoder)
        self.decoder = _check_network("decoder", decoder)
        self.seed = check_seed(seed)
        self.scaling = scaling
        self.event_shape = None
        generator_seed = None if seed is None else self.seed % 2**32
        self._seeds = keras.random.SeedGenerator(generator_seed)
        self._order_seeds = keras.random.SeedGenerator(generator_seed)  # of the examples, in fit
        self._evaluation_batch = reductions.step_variable(0, "evaluation_batch")
        self._functions = {}
        self._trackers = [keras.metrics.Mean(name=name) for name in TERMS]
        self._nonfinite = NonFiniteRecorder(TERMS[1:])

    # === What a subclass defines ===

    @property
    def kl_weight(self):
        """The weight of KL(q(z|x) || p(z)) in the loss."""
        raise NotImplementedError(f"{type(self).__name__} does not define `kl_weight`")

    @property
    def divergence_weight(self):
        """The weight of D(q(z), p(z)) in the loss."""
        raise NotImplementedError(f"{type(self).__name__} does not define `divergence_weight`")

    # === Building ===

    def build(self, input_shape):
        """Makes the networks for x of `input_shape` [n, ...] and checks that they fit together."""
        if self.event_shape is not None:
            return
        event_shape = tuple(int(side) for side in input_shape[1:])
        latent_shape = (self.posterior.parameter_size(self.latent_dim),)
        parameter_shape = self.likelihood.parameter_shape(event_shape)
        encoder, decoder = (
            networks.default_for(event_shape) if network is None else network
            for network in (self.encoder, self.decoder)
        )
        if isinstance(encoder, networks.Network):
            encoder = encoder.encoder(event_shape, *latent_shape)
        if isinstance(decoder, networks.Network):
            decoder = decoder.decoder(self.latent_dim, parameter_shape)
        _check_output("encoder", encoder, event_shape, latent_shape)
        _check_output("decoder", decoder, (self.latent_dim,), parameter_shape)
        # The order in which the networks are kept decides that of the weights, by which a saved
        # optimizer is restored: first the encoder, whoever made it.
        for network in (self.encoder, self.decoder):
            self._tracker.untrack(network)
        self.encoder, self.decoder = encoder, decoder
        for layer, shape in (
            (self.prior, self.latent_dim),
            (self.posterior, self.latent_dim),
            (self.likelihood, event_shape),
        ):
            if not layer.built:  # a saved one is built when it is restored
                layer.build(shape)
        self.event_shape = event_shape
        self.built = True

    def call(self, x):
        """Returns the mean of p(x|z) at the posterior mean of z: a tensor of the shape of x."""
        return self.likelihood_distribution(self.posterior_distribution(x).mean()).mean()

    # === The objective ===

    def compute_terms(self, x, seed, training=False):
        """Returns the terms of the loss for one batch, each a share of the global batch's value.

        Args:
            x: [local_batch, *event_shape].
            seed: int32 [2].
            training: whether layers such as dropout are in training mode. Default False.

        Returns:
            (reconstruction_loss, kl_divergence, divergence), float32 scalars in nats per example
            (the divergence in its own unit) that add up to the global value over replicas.
        """
        # A dataset may not know its shape, and a later batch of it may have another one.
        x = tf.ensure_shape(x, [None, *self.event_shape])
        z_seed, divergence_seed = tf.unstack(tf.random.experimental.stateless_split(seed))
        parameters = tf.cast(self.encoder(x, training=training), tf.float32)
        # z is drawn for the global batch and this replica takes its rows, so that every example
        # gets the same noise on any number of replicas.
        posterior = self.posterior.distribution(reductions.gather(parameters))
        global_z = posterior.sample(seed=z_seed)
        z = reductions.local_rows(global_z, tf.shape(parameters)[0])
        prior = self.prior_distribution()
        decoded = self.decoder(z, training=training)
        likelihood = self.likelihood.distribution(decoded)
        reconstruction_loss = -likelihood.log_prob(tf.cast(x, tf.float32))
        kl_divergence = self._kl_divergence(posterior, prior, global_z)
        divergence = self.divergence(global_z, prior, posterior, seed=divergence_seed)
        return (
            reductions.share_of_global_mean(reconstruction_loss),
            reductions.share_of_global_value(tf.reduce_mean(kl_divergence)),
            reductions.share_of_global_value(divergence),
        )

    def train_step(self, data):
        """Takes one step on one batch and returns the running means of the terms."""
        x = input_checks.unpack_x(data)
        with tf.GradientTape() as tape:
            terms = self.compute_terms(x, stateless_seed(self._seeds.next()), training=True)
            loss = self._weigh(*terms)
            penalty = tf.add_n(self.losses) / reductions.num_replicas() if self.losses else 0.0
            scaled_loss = self.optimizer.scale_loss(loss + penalty)
        variables = self.trainable_variables
        self.optimizer.apply(tape.gradient(scaled_loss, variables), variables)
        self._nonfinite.update(self.optimizer.iterations, terms)
        return self._track(x, loss, *terms)

    def test_step(self, data):
        """Evaluates one batch; the draws of z are the same each time an evaluation is repeated."""
        x = input_checks.unpack_x(data)
        terms = self.compute_terms(x, stateless_seed(self.seed or 0, self._evaluation_batch))
        self._evaluation_batch.assign_add(1)
        return self._track(x, self._weigh(*terms), *terms)

    def _weigh(self, reconstruction_loss, kl_divergence, divergence):
        # A term of weight 0 is left out rather than multiplied: 0 * inf would be NaN.
        loss = reconstruction_loss
        if self.kl_weight != 0:
            loss += self.kl_weight * kl_divergence
        if self.divergence_weight != 0:
            loss += self.divergence_weight * divergence
        return loss

    def _kl_divergence(self, posterior, prior, z):
        """Returns KL(q(z|x) || p(z)) [n]: exact if TFP has it, else unbiased from one draw."""
        if not self.posterior.has_density:
            return tf.zeros(tf.shape(z)[:1])
        try:
            return tfp.distributions.kl_divergence(posterior, prior)
        except NotImplementedError:
            return posterior.log_prob(z) - prior.log_prob(z)

    def _track(self, x, *shares):
        # A share times the number of replicas, averaged over replicas and over examples, is the
        # value of the global batch: an epoch's mean is exact with unequal batches too.
        replicas = reductions.num_replicas()
        weight = reductions.global_batch_size(tf.shape(x)[0]) / replicas
        for tracker, share in zip(self._trackers, shares, strict=True):
            tracker.update_state(share * replicas, sample_weight=weight)
        return {tracker.name: tracker.result() for tracker in self._trackers}

    @property
    def metrics(self):
        """The running means that `fit` and `evaluate` report and reset."""
        return self._trackers

    def reset_metrics(self):
        """Resets the running means, and the draws of z of an evaluation."""
        super().reset_metrics()
        self._evaluation_batch.assign(0)

    # === Saving ===

    def get_config(self):
        """Returns the constructor's arguments as a JSON-compatible dictionary."""
        return constructor_config(self)

    def get_build_config(self):
        """Returns the shape that the model was built for."""
        return None if self.event_shape is None else {"input_shape": [None, *self.event_shape]}

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
        if self.built:
            self.optimizer.build(self.trainable_variables)

    def save_own_variables(self, store):
        """Keeps the state of the random draws too, which Keras leaves out."""
        super().save_own_variables(store)
        for name, generator in self._generators().items():
            store[name] = generator.state.numpy()

    def load_own_variables(self, store):
        """Restores the draws as well: a training goes on from where it was saved."""
        generators = self._generators()
        for name, generator in generators.items():
            generator.state.assign(store[name])
        rest = set(store.keys()) - set(generators)
        super().load_own_variables({name: store[name] for name in rest})

    def _generators(self):
        return {"seeds": self._seeds, "order_seeds": self._order_seeds}

    @classmethod
    def from_config(cls, config):
        """Returns the model that `get_config` described."""
        return cls(**deserialize_values(config))


def _check_network(name, network):
    if network is None or isinstance(network, keras.Model):
        return network
    if isinstance(network, (str, dict, networks.Network)):
        return networks.get(network)
    raise argument_error(
        name, "a keras.Model, a network setting or its name, or None", network, TypeError
    )


def _check_output(name, network, input_shape, output_shape):
    """Raises ValueError unless `network` maps [n, *input_shape] to [n, *output_shape]."""
    expected = f"Argument `{name}` must map [n, {_join(input_shape)}] to [n, {_join(output_shape)}]"
    try:
        output = network(keras.Input(input_shape))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{expected}. It failed on such an input: {error}") from error
    received = getattr(output, "shape", None)
    if received is None or tuple(received[1:]) != tuple(output_shape):
        received = "several outputs" if received is None else f"output shape {tuple(received)}"
        raise ValueError(f"{expected}. Received: {received}")


def _join(shape):
    return ", ".join(map(str, shape))
