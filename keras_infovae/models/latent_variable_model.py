"""The base of all models: the only `train_step` and `test_step` of the package."""

import collections

import keras
import tensorflow as tf

from keras_infovae import networks
from keras_infovae.anomaly_scores import has_elbo
from keras_infovae.distributions import likelihoods, posteriors, priors
from keras_infovae.models import input_checks
from keras_infovae.models.building import BuildMethods, check_network
from keras_infovae.models.conditions import append_condition
from keras_infovae.models.data_methods import DataMethods
from keras_infovae.models.fitting import FitMethods
from keras_infovae.models.inference import InferenceMethods
from keras_infovae.models.nonfinite import NonFiniteRecorder
from keras_infovae.models.rowwise import RowwiseMethods
from keras_infovae.models.saving import SavingMethods
from keras_infovae.models.scoring import ScoringMethods
from keras_infovae.models.weights import ScheduledWeights, penalty
from keras_infovae.utils import probability as tfp
from keras_infovae.utils import reductions
from keras_infovae.utils.checks import check_integer
from keras_infovae.utils.gradients import apply_gradients
from keras_infovae.utils.player import Player
from keras_infovae.utils.randomness import check_seed, stateless_seed

TERMS = ("loss", "reconstruction_loss", "kl_divergence", "divergence")

# What one pass over a batch gives: the three terms as shares of the global batch's values, what is
# subtracted from the loss besides, the draws of z of the global batch, the prior, and the number of
# examples of this replica.
Pass = collections.namedtuple("Pass", ["terms", "tightening", "z", "prior", "size"])


class LatentVariableModel(
    ScheduledWeights,
    BuildMethods,
    DataMethods,
    FitMethods,
    InferenceMethods,
    RowwiseMethods,
    ScoringMethods,
    SavingMethods,
    keras.Model,
):
    """A model p(x|z) p(z) with an encoder q(z|x), trained to minimise, in nats per example,

        loss = reconstruction_loss + kl_weight * kl_divergence + divergence_weight * divergence

        reconstruction_loss = E_data E_q(z|x) [-log p(x|z)]        (one draw of z per example)
        kl_divergence       = E_data KL(q(z|x) || p(z))            (exact where TFP knows it)
        divergence          = D(q(z), p(z)) over the global batch

    summed over the axes of x and averaged over the global batch. The four names are what `fit`
    records and `evaluate` returns, in training and validation alike; a term of weight 0 is still
    reported. Beside them stand `adversary_loss` where a part of the model is a `Player` (a critic
    that trains itself after each step of the model), and `kl_weight` and `divergence_weight` where
    they follow a schedule. A subclass gives `divergence` and the two weights. Regularisers and
    `add_loss` of own networks are minimised too, and not reported.

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
        self.autocast = (
            False  # counts and levels lose digits in float16; networks cast for themselves
        )
        self.latent_dim = check_integer("latent_dim", latent_dim)
        self.prior = priors.get(prior)
        self.posterior = posteriors.get(posterior)
        self.likelihood = likelihoods.get(likelihood)
        self.encoder = check_network("encoder", encoder)
        self.decoder = check_network("decoder", decoder)
        self.seed = check_seed(seed)
        self.scaling = scaling
        self.event_shape = None
        generator_seed = None if seed is None else self.seed % 2**32
        self._seeds = keras.random.SeedGenerator(generator_seed)
        self._order_seeds = keras.random.SeedGenerator(generator_seed)  # of the examples, in fit
        self._order = reductions.step_variable([0, 0], "order")  # the seed that fit went by
        self._evaluation_batch = reductions.step_variable(0, "evaluation_batch")
        self._make_schedule_variables()
        self._functions = {}
        self._trackers = [keras.metrics.Mean(name=name) for name in TERMS]
        self._nonfinite = NonFiniteRecorder(TERMS[1:])

    num_samples = 1  # draws of z per example that the reconstruction is averaged over
    condition_size = 0  # numbers per example that encoder and decoder are told besides

    def call(self, inputs):
        """Returns the mean of p(x|z) at the mode of q(z|x): a tensor of the shape of x.

        Args:
            inputs: a tensor x, or (x, condition) where the model takes a condition.
        """
        x, condition = self._unpack(inputs)
        z = self.posterior_distribution(x, condition).mode()
        return self.likelihood_distribution(z, condition, self.likelihood.context(x)).mean()

    @property
    def objective_variables(self):
        """The weights that the loss is minimised over: all trainable ones but the players'."""
        players = {id(v) for player in self._players for v in player.player_variables}
        return [v for v in self.trainable_variables if id(v) not in players]

    # === The objective ===

    def compute_terms(self, x, seed, training=False, condition=None):
        """Returns the terms of the loss for one batch, each a share of the global batch's value.

        Args:
            x: [local_batch, *event_shape].
            seed: int32 [2].
            training: whether layers such as dropout are in training mode. Default False.
            condition: [local_batch, ...] where the model takes one. Default None.

        Returns:
            (reconstruction_loss, kl_divergence, divergence), float32 scalars in nats per example
            (the divergence in its own unit) that add up to the global value over replicas.
        """
        return self._pass(x, condition, seed, training).terms

    def _pass(self, x, condition, seed, training):
        # A dataset may not know its shape, and a later batch of it may have another one.
        x = tf.ensure_shape(x, [None, *self.event_shape])
        with reductions.replicas_apart(not self._synchronize_divergence, tf.shape(x)[0]):
            return self._terms(x, condition, reductions.own_seed(seed), training)

    def _terms(self, x, condition, seed, training):
        z_seed, divergence_seed = tf.unstack(tf.random.experimental.stateless_split(seed))
        parameters = self._posterior_parameters(x, condition, training)
        # z is drawn for the global batch and this replica takes its rows, so that every example
        # gets the same noise on any number of replicas.
        posterior = self.posterior.distribution(reductions.gather(parameters))
        global_z = posterior.sample(self.num_samples, seed=z_seed)
        prior = self.prior_distribution(training=training)
        z = self._local_draws(global_z, parameters)
        log_likelihood = self._log_likelihood(x, condition, z, training)
        kl_divergence = self._kl_divergence(posterior, prior, global_z)
        divergence = self.divergence(global_z[0], prior, posterior, seed=divergence_seed)
        terms = (
            reductions.share_of_global_mean(-tf.reduce_mean(log_likelihood, axis=0)),
            reductions.share_of_mean_of_rows(kl_divergence),
            reductions.share_of_global_value(divergence),
        )
        tightening = self._tightening(log_likelihood, posterior, prior, global_z, parameters)
        return Pass(terms, tightening, global_z[0], prior, tf.shape(x)[0])

    def _posterior_parameters(self, x, condition, training):
        features = append_condition(self.likelihood.features(x), condition)
        return tf.cast(self.encoder(features, training=training), tf.float32)

    def _local_draws(self, global_draws, parameters):
        """Returns this replica's part [draws, local_batch, ...] of [draws, global_batch, ...]."""
        rows = tf.experimental.numpy.swapaxes(global_draws, 0, 1)
        rows = reductions.local_rows(rows, tf.shape(parameters)[0])
        return tf.experimental.numpy.swapaxes(rows, 0, 1)

    def _log_likelihood(self, x, condition, z, training):
        """Returns log p(x|z) in nats, float32 [draws, n], for z [draws, n, latent_dim]."""
        x = tf.cast(x, tf.float32)
        context = self.likelihood.context(x)

        def repeat(tensor):  # one after another, as the draws are once they are one batch
            if tensor is None or self.num_samples == 1:
                return tensor
            return tf.tile(tensor, [self.num_samples] + [1] * (tensor.shape.rank - 1))

        z_rows = tf.reshape(z, [-1, self.latent_dim])
        p = self._likelihood(z_rows, repeat(condition), repeat(context), training)
        return tf.reshape(p.log_prob(repeat(x)), tf.shape(z)[:2])

    def _likelihood(self, z, condition, context, training):
        z = append_condition(z, condition)
        if isinstance(self.decoder, networks.AutoregressiveDecoder):
            return self.decoder.distribution(z, self.likelihood, context=context, training=training)
        return self.likelihood.distribution(self.decoder(z, training=training), context)

    def _tightening(self, log_likelihood, posterior, prior, global_z, parameters):
        """Returns what is subtracted from the loss beside its terms, a share; 0 but for IWAE."""
        return 0.0

    def train_step(self, data):
        """Takes one step on one batch and returns the running means of the terms."""
        x, condition = self._unpack(input_checks.unpack_inputs(data, self.condition_size > 0))
        seed = stateless_seed(self._seeds.next())
        with tf.GradientTape() as tape:
            result = self._pass(x, condition, seed, training=True)
            loss = self._weigh(*result.terms) - result.tightening
            own = tf.add_n(self.losses) / reductions.num_replicas() if self.losses else 0.0
            scaled_loss = self.optimizer.scale_loss(loss + own)  # with the networks' own losses
        variables = self.objective_variables
        apply_gradients(self.optimizer, tape.gradient(scaled_loss, variables), variables)
        player_losses = self._over_players(Player.play, result, seed)
        self._nonfinite.update(self.optimizer.iterations, result.terms)
        logs = self._track(x, loss, *result.terms, *player_losses)
        self._step.assign_add(1)
        return logs

    def test_step(self, data):
        """Evaluates one batch; the draws of z are the same each time an evaluation is repeated."""
        x, condition = self._unpack(input_checks.unpack_inputs(data, self.condition_size > 0))
        seed = stateless_seed(self.seed or 0, self._evaluation_batch)
        result = self._pass(x, condition, seed, training=False)
        loss = self._weigh(*result.terms) - result.tightening
        player_losses = self._over_players(
            lambda player, *batch: player.player_loss(*batch), result, seed
        )
        self._evaluation_batch.assign_add(1)
        return self._track(x, loss, *result.terms, *player_losses)

    def _over_players(self, function, result, seed):
        """Returns [the sum of `function(player, z, prior, seed)` over players, a share], or []."""
        if not self._players:
            return []
        with reductions.replicas_apart(not self._synchronize_divergence, result.size):
            seed = reductions.own_seed(seed)
            losses = [
                function(player, result.z, result.prior, stateless_seed(seed, 2 + index))
                for index, player in enumerate(self._players)
            ]
            return [reductions.share_of_global_value(tf.add_n(losses))]

    def _weigh(self, reconstruction_loss, kl_divergence, divergence):
        kl_weight, divergence_weight = self.weights_at(self._step)
        return (
            reconstruction_loss
            + self._kl_penalty(kl_weight, kl_divergence)
            + penalty(divergence_weight, divergence)
        )

    def _kl_penalty(self, kl_weight, kl_divergence):
        """Returns what the KL term adds to the loss, a share."""
        return penalty(kl_weight, kl_divergence)

    def _kl_divergence(self, posterior, prior, z):
        """Returns KL(q(z|x) || p(z)) [n]: exact if TFP has it, else the mean over draws of z."""
        if not has_elbo(self):
            return tf.zeros(tf.shape(z)[1:2])
        try:
            return tfp.distributions.kl_divergence(posterior, prior)
        except NotImplementedError:
            return tf.reduce_mean(posterior.log_prob(z) - prior.log_prob(z), axis=0)

    def _track(self, x, *shares):
        # A share times the number of replicas, averaged over replicas and over examples, is the
        # value of the global batch: an epoch's mean is exact with unequal batches too.
        replicas = reductions.num_replicas()
        weight = reductions.global_batch_size(tf.shape(x)[0]) / replicas
        weights = [w / replicas for w in self.weights_in_force().values()]
        for tracker, share in zip(self._trackers, [*shares, *weights], strict=True):
            tracker.update_state(share * replicas, sample_weight=weight)
        return {t.name: reductions.step_output(t.result()) for t in self._trackers}

    def _add_trackers(self, names):
        self._trackers += [keras.metrics.Mean(name=name) for name in names]

    @property
    def metrics(self):
        """The running means that `fit` and `evaluate` report and reset."""
        return self._trackers

    def reset_metrics(self):
        """Resets the running means, and the draws of z of an evaluation."""
        super().reset_metrics()
        self._evaluation_batch.assign(0)
