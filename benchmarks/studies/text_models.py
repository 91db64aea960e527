"""The models of texts that text_grammar.py and text_real.py hold against each other."""

import os
import time

import keras
import numpy as np
import table

import keras_infovae as ki

BATCH, DRAWS, CHAINS = 100, 5, 8


def models(latent_dim, network, text=None):
    """Returns {name: a function of the seed and the number of steps that makes the model}.

    Args:
        latent_dim: of all models but the language model, which leaves its one latent unused.
        network: a function that makes the `Recurrent` of an encoder or a decoder.
        text: the `Text` to go by. Default None: that of the training texts.
    """

    def vae(model_class, **settings):
        return lambda seed, steps: model_class(
            latent_dim,
            encoder=network(),
            decoder=network(),
            seed=seed,
            preprocessor=text,
            **settings,
        )

    def short_run(temperature):
        return lambda seed, steps: ki.ShortRunModel(
            latent_dim, temperature=temperature, decoder=network(), seed=seed, preprocessor=text
        )

    return {
        "language model": lambda seed, steps: ki.LatentVariableModel(
            1, inference="from_prior", decoder=network(), seed=seed, preprocessor=text
        ),
        "VAE": vae(ki.VAE),
        "short-run, T = 0.5": short_run(0.5),
        "VAE, KL annealed": lambda seed, steps: vae(
            ki.BetaVAE, beta=ki.schedules.Linear(1e-3, 1.0, duration=steps // 2)
        )(seed, steps),
        "VAE, 0.5 free nats each": vae(ki.VAE, free_bits=0.5),
        "InfoVAE, alpha = 0.5": vae(ki.InfoVAE, alpha=0.5),
        "short-run, T = 0.2": short_run(0.2),
        "short-run, T = 1": short_run(1.0),
    }


class EpochTimes(keras.callbacks.Callback):
    """Notes how long epochs take, those of before a training was stopped too."""

    def on_train_begin(self, logs=None):
        self.seconds = []

    def get_state(self):
        return {"seconds": np.array(self.seconds)}

    def set_state(self, values):
        self.seconds = list(values["seconds"])

    def on_epoch_begin(self, epoch, logs=None):
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self._start)


def trained(make, texts, seed, epochs, path=None, callbacks=(), **settings):
    """Returns the model of training texts, how many epochs it took, and the milliseconds of a step.

    Args:
        make: of `models`.
        texts: strings.
        seed: of weights and draws.
        epochs: the most, of as many steps as there are whole batches of 100.
        path: a file that is written after each epoch, from which a training that was stopped goes
            on. Default None.
        callbacks: those of `fit`, beside the one that measures.
        **settings: further ones of `fit`.
    """
    keras.utils.set_random_seed(seed)
    steps = len(texts) // BATCH
    times = EpochTimes()
    callbacks, saver = [times, *callbacks], None
    if path is not None:
        saver = ki.training.SaveLastGoodEpoch(path, callbacks=callbacks)
    if path is not None and os.path.exists(path):
        model = saver.load()
    else:
        model = make(seed, epochs * steps)
        model.compile(keras.optimizers.Adam(2e-3, global_clipnorm=5.0), jit_compile=True)
    model.fit(
        texts,
        epochs=epochs,
        initial_epoch=saver.last_epoch or 0 if saver else 0,
        batch_size=BATCH,
        verbose=0,
        callbacks=[*callbacks, saver] if saver else callbacks,
        **settings,
    )
    milliseconds = 1e3 * np.median(times.seconds[1:] or times.seconds) / steps
    return model, len(times.seconds), milliseconds


def active_units(model, texts):
    """Returns how many dimensions of z tell texts apart.

    Those whose mean varies by more than 0.01, less what the noise of five draws explains.
    """
    z = np.stack([model.encode(texts, sample=True, seed=seed) for seed in range(DRAWS)])
    of_means = z.mean(axis=0).var(axis=0, ddof=1)
    noise = z.var(axis=0, ddof=1).mean(axis=0) / DRAWS
    return int((of_means - noise > 0.01).sum())


def annealed(model, texts, temperatures):
    """Returns log p of texts by annealing from the prior, with its standard errors."""
    return ki.evaluation.marginal_log_likelihood(
        model, texts, "annealed_importance", chains=CHAINS, temperatures=temperatures
    )


def add_row(path, columns, row):
    """Adds {column: value} to a table, numbers that are no integers with three digits."""
    values = [row.get(column) for column in columns]
    texts = [f"{value:.3f}" if isinstance(value, float) else value for value in values]
    table.add_rows(path, columns, [texts])
    print(dict(zip(columns, texts)), flush=True)
