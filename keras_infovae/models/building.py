"""How a model makes its networks for the shape of x, and checks that they fit together."""

import keras

from keras_infovae import networks
from keras_infovae.utils.checks import argument_error
from keras_infovae.utils.player import Player


class BuildMethods:
    """The methods of a model that make its parts; `LatentVariableModel` extends it."""

    def build(self, input_shape):
        """Makes the networks for x of `input_shape` [n, ...] and checks that they fit together."""
        if self.event_shape is not None:
            return
        event_shape = tuple(int(side) for side in input_shape[1:])
        self.likelihood.check_event_shape(event_shape)
        latent_shape = (self.posterior.parameter_size(self.latent_dim),)
        parameter_shape = self.likelihood.parameter_shape(event_shape)
        encoder_shape = (*event_shape[:-1], event_shape[-1] + self.condition_size)
        decoder_size = self.latent_dim + self.condition_size
        encoder, decoder = (
            networks.default_for(event_shape) if network is None else network
            for network in (self.encoder, self.decoder)
        )
        if isinstance(encoder, networks.Network):
            encoder = encoder.encoder(encoder_shape, *latent_shape)
        if isinstance(decoder, networks.Network):
            decoder = decoder.decoder(decoder_size, parameter_shape, event_shape)
        _check_output("encoder", encoder, [encoder_shape], latent_shape)
        given = [(decoder_size,)]
        if isinstance(decoder, networks.AutoregressiveDecoder):
            given.append(event_shape)
        _check_output("decoder", decoder, given, parameter_shape)
        # The order in which the networks are kept decides that of the weights, by which a saved
        # optimizer is restored: first the encoder, whoever made it.
        for network in (self.encoder, self.decoder):
            self._tracker.untrack(network)
        self.encoder, self.decoder = encoder, decoder
        for layer, *shapes in (
            (self.prior, self.latent_dim, encoder_shape),
            (self.posterior, self.latent_dim),
            (self.likelihood, event_shape),
            (self.divergence, self.latent_dim),
        ):
            if not getattr(layer, "built", False):  # a saved one is built when it is restored
                layer.build(*shapes)
        self._players = [part for part in (self.divergence, self.prior) if isinstance(part, Player)]
        self._add_trackers(["adversary_loss"] if self._players else [])
        self._add_trackers(self.scheduled_weights)
        self.event_shape = event_shape
        self.built = True


def check_network(name, network):
    if network is None or isinstance(network, keras.Model):
        return network
    if isinstance(network, (str, dict, networks.Network)):
        return networks.get(network)
    raise argument_error(
        name, "a keras.Model, a network setting or its name, or None", network, TypeError
    )


def _check_output(name, network, input_shapes, output_shape):
    """Raises ValueError unless `network` maps inputs of these shapes to [n, *output_shape]."""
    given = " and ".join(f"[n, {_join(shape)}]" for shape in input_shapes)
    expected = f"Argument `{name}` must map {given} to [n, {_join(output_shape)}]"
    inputs = [keras.Input(shape) for shape in input_shapes]
    try:
        output = network(inputs if len(inputs) > 1 else inputs[0])
    except (ValueError, TypeError) as error:
        raise ValueError(f"{expected}. It failed on such an input: {error}") from error
    received = getattr(output, "shape", None)
    if received is None or tuple(received[1:]) != tuple(output_shape):
        received = "several outputs" if received is None else f"output shape {tuple(received)}"
        raise ValueError(f"{expected}. Received: {received}")


def _join(shape):
    return ", ".join(map(str, shape))
