"""What a `fit` of exact expectation maximization keeps between its steps."""

import numpy as np

from keras_infovae.distributions import piecewise_affine
from keras_infovae.distributions.piecewise_affine import expectation_maximization as em
from keras_infovae.utils.checks import argument_error

_TRIED_STEPS = 20  # of each random start


class ExactTraining:
    """The steps of one `fit` of an `ExactEM`.

    Args:
        model: the `ExactEM`.
        block: examples computed at a time, or None.
        start: a model to begin with, or None.
    """

    def __init__(self, model, block=None, start=None):
        self._model, self._block, self._start = model, block, start
        self._state = None

    def begin(self, x):
        """Gives the model its first weights, unless it has been trained: `x` [n, ...]."""
        self._model.examples.assign(float(len(x)))
        if self._start is not None:
            problem = self._problem(x)
            self._take(em.evaluate(problem, *self._of_start()))
        elif int(self._model.progress.step) == 0:
            self._take(self._best_start(self._problem(x)))

    def step(self, x, seed):
        """Takes one step; returns (-log p(x), penalty, halvings), the first two from before it."""
        problem, before = self._problem(x), self._state
        if before is None or not self._is_current(before):
            generator = piecewise_affine.read_generator(self._model)
            before = em.evaluate(problem, generator.layers, generator.scale)
        elif before.found.count != len(x):
            before = em.evaluate(problem, before.layers, before.scale)
        rng = np.random.default_rng(np.asarray(seed, "uint32"))
        after, halvings = em.step(problem, before, rng)
        self._take(after)
        volume = self._log_unit(x.shape[1:])
        return volume - before.log_likelihood, before.penalty, halvings

    def _take(self, state):
        self._state = state
        self._model.set_generator(state.layers, state.scale)

    def _is_current(self, state):
        """Returns whether the model's weights are those of `state`: a callback may change them."""
        kept = [array for layer in state.layers for array in layer[:2]]
        return all(map(np.array_equal, self._model.decoder.get_weights(), kept))

    def _problem(self, x):
        units, model = self._model.likelihood.units, self._model
        x = np.asarray(units.standardized(x), "float64").reshape(len(x), -1)
        shape = model.event_shape
        groups = np.zeros(shape, int)
        if model.noise == "per_column":
            groups += np.arange(shape[-1])
        minimum = model.likelihood.minimum_scale
        return em.Problem(x, groups.reshape(-1), model.prior_variance, minimum, self._block)

    def _log_unit(self, event_shape):
        unit = np.asarray(self._model.likelihood.units.unit, "float64")
        return float(np.sum(np.log(np.broadcast_to(unit, event_shape))))

    def _best_start(self, problem):
        model = self._model
        widths = [model.latent_dim, *model.widths, problem.x.shape[1]]
        best = None
        for _ in range(model.restarts):
            rng = np.random.default_rng(model.progress.new_seed())
            state = em.random_start(problem, widths, model.leak, rng)
            for _ in range(_TRIED_STEPS if model.restarts > 1 else 0):
                state, _ = em.step(problem, state, rng)
            if best is None or state.objective > best.objective:
                best = state
        return best

    def _of_start(self):
        """Returns the layers and the scale of the model to begin with, in this model's units."""
        model, start = self._model, piecewise_affine.read_generator(self._start)
        own = piecewise_affine.read_generator(model)
        shapes = [(layer.kernel.shape, round(layer.slope, 6)) for layer in own.layers]
        given = [(layer.kernel.shape, round(layer.slope, 6)) for layer in start.layers]
        if given != shapes:
            raise argument_error("start", f"a model whose decoder is {shapes}", given)
        factor = start.unit / own.unit
        last = start.layers[-1]
        bias = (start.offset + start.unit * last.bias - own.offset) / own.unit
        last = last._replace(kernel=last.kernel * factor, bias=bias)
        scale = np.maximum(start.scale * factor, model.likelihood.minimum_scale)
        if model.noise == "global":
            scale = np.full_like(scale, np.sqrt(np.mean(np.square(scale))))
        return [*start.layers[:-1], last], scale
