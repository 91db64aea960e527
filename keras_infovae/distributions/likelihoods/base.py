"""The base of likelihoods p(x|z)."""

from keras_infovae.distributions.base import DistributionLayer


class Likelihood(DistributionLayer):
    """A likelihood p(x|z), given by the numbers that the decoder puts out per example.

    A member says with `parameters_per_value` how many numbers each value of x needs (the decoder's
    output has the shape of x, with one more axis at the end when there are several), and with
    `minimum` and `maximum` which data it can describe.
    """

    parameters_per_value = 1
    minimum = None
    maximum = None
    out_of_range_advice = ""

    def build(self, event_shape):
        """Makes the weights, if there are any."""
        self.built = True

    def parameter_shape(self, event_shape):
        """Returns the shape, a tuple, of the decoder's output for one x of `event_shape`."""
        several = () if self.parameters_per_value == 1 else (self.parameters_per_value,)
        return tuple(event_shape) + several

    def distribution(self, parameters):
        """Returns p(x|z) for `parameters` [n, *parameter_shape]: batch [n], event the shape of x.

        `log_prob` is in nats per example, summed over all axes of x.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `distribution`")
