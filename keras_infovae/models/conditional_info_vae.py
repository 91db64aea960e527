"""InfoVAE with a condition."""

import tensorflow as tf

from keras_infovae.models.conditions import as_condition_array
from keras_infovae.models.info_vae import InfoVAE
from keras_infovae.utils.checks import argument_error, check_integer
from keras_infovae.utils.serialization import register


@register
class ConditionalInfoVAE(InfoVAE):
    """InfoVAE of p(x|z, c) with q(z|x, c), for labels or features c of each example:

        loss = E_data E_q(z|x,c) [-log p(x|z, c)] + (1 - alpha) E_data KL(q(z|x, c) || p(z))
             + (alpha + lambda_ - 1) D(q(z), p(z))

    What c tells need not be in z. Because the divergence holds q(z) over all c to p(z), and the KL
    term each q(z|x, c), z and c come out nearly independent: the same z under another c is the same
    style of another class. Choose it to generate to order, or to take a known factor out of z.

        model.fit(x, condition=labels)
        model.generate(10, condition=3, seed=0)

    A `tf.data.Dataset` gives batches of (x, c), `validation_data` is (x, c), and `encode`,
    `decode`, `elbo`, `predict`, `evaluate` take `condition`.

    Args:
        latent_dim: the number of dimensions of z, at least 1.
        num_classes: for integer labels from 0 to num_classes - 1, at least 2; or
        condition_dim: for real features, how many per example. Give one of the two.
        **settings: as for `InfoVAE`. Own networks get c appended to the last axis of what they are
            given: the encoder [n, ..., k + c] (for an image, c more channels of constants), the
            decoder z of [n, latent_dim + c].

    Example:

    >>> import numpy as np
    >>> import keras_infovae as ki
    >>> rng = np.random.default_rng(0)
    >>> x, labels = rng.random((64, 12)).astype("float32"), rng.integers(0, 3, 64)
    >>> model = ki.ConditionalInfoVAE(latent_dim=2, num_classes=3, seed=0)
    >>> history = model.fit(x, condition=labels, epochs=1, verbose=0)
    >>> model.generate(4, condition=2, seed=0).shape
    (4, 12)

    References:
        Sohn, Lee, Yan, Learning Structured Output Representation using Deep Conditional Generative
        Models, NeurIPS 2015, equation 4 (the conditional VAE).
        Zhao, Song, Ermon, InfoVAE, arXiv:1706.02262, equation 6.
    """

    def __init__(self, latent_dim, *, num_classes=None, condition_dim=None, **settings):
        if (num_classes is None) == (condition_dim is None):
            raise ValueError(
                "One of the arguments `num_classes` and `condition_dim` must be given. Received: "
                f"num_classes={num_classes!r}, condition_dim={condition_dim!r}"
            )
        if num_classes is not None:
            num_classes = check_integer("num_classes", num_classes, minimum=2)
        else:
            condition_dim = check_integer("condition_dim", condition_dim)
        super().__init__(latent_dim, **settings)
        self.num_classes = num_classes
        self.condition_dim = condition_dim

    @property
    def condition_size(self):
        """The number of values that the condition adds to the inputs of the networks."""
        return self.num_classes or self.condition_dim

    def _unpack(self, inputs):
        if not isinstance(inputs, (tuple, list)) or len(inputs) != 2:
            raise argument_error("inputs", "(x, condition)", type(inputs), TypeError)
        x, condition = inputs
        return x, self._condition_tensor(condition)

    def _condition_tensor(self, condition):
        if condition is None:
            raise argument_error("condition", "given: the model takes one", condition)
        condition = tf.convert_to_tensor(condition)
        if self.num_classes is not None and condition.shape.rank == 1:
            if tf.executing_eagerly():  # elsewhere the data was checked before
                self._condition_array(condition.numpy(), None)
            condition = tf.one_hot(tf.cast(condition, tf.int32), self.num_classes)
        return tf.ensure_shape(tf.cast(condition, tf.float32), [None, self.condition_size])

    def _condition_array(self, condition, count, repeat=False):
        return as_condition_array(
            condition, self.condition_size, count, num_classes=self.num_classes, repeat=repeat
        )
