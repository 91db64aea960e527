"""How annotated names are used, and misused: read by the type checker of `make lint`, never run.

mypy.ini has it complain of an `ignore` that is not needed, so that each misuse has to be noticed.
"""

from pathlib import Path

import numpy as np

import keras_infovae as ki


def use(model: ki.GenerativeModel, x: np.ndarray, folder: Path) -> None:
    z = model.encode(x, sample=True, seed=None)
    model.decode(z, batch_size=64)
    model.generate(10, seed=0, given={"age": 40})
    nats: float = model.elbo(x).mean()
    width: int | None = model.code_dim
    print(nats, width, model.capabilities)

    text: str = ki.evaluation.describe(ki.evaluation.summarize(model, x, seed=1))
    picture: str = ki.evaluation.plot_samples(model, folder / "samples.png", x)
    gap: np.ndarray = ki.evaluation.inference_gap(model, x, "importance").gap
    units: int = ki.evaluation.active_units(model, [[0.0, 1.0]])
    print(text, picture, gap, units)

    data = ki.datasets.load("digits", limit=100, header=None)
    classes: int | None = data.num_classes
    page: str = ki.evaluation.report(model, data, folder, condition=3)
    images, factors = ki.datasets.dsprites_like().sample(10)
    version: str = ki.serving.export_for_serving(model, folder, version=2)
    print(classes, page, images.mean(), factors.max(), version)

    text_of_words = ki.text.Text.infer(["The cat sleeps.", "A dog runs."], vocabulary_size=100)
    numbers: np.ndarray = text_of_words.numbers(np.array(["The dog runs."]))
    likelihood: ki.likelihoods.TokenSequence = text_of_words.likelihood()
    known: list[int] = ki.text.Vocabulary(["cat", "dog"]).numbers(["cat"])
    sentences: ki.datasets.Dataset = ki.text.load(folder / "sentences.txt", limit=10)
    print(numbers, likelihood, known, sentences, ki.presets())

    divergence = ki.divergences.MaximumMeanDiscrepancy(kernel="gaussian", num_samples=None)
    weight: float = divergence.auto_lambda(alpha=0.5)
    ki.divergences.Adversarial(hidden_units=(64,), optimizer="adam").build(2)
    warning: str | None = ki.divergences.kernel_warning(divergence, model.prior, 2, batch_size=64)
    print(weight, warning)


def misuse(model: ki.GenerativeModel, x: np.ndarray) -> None:
    model.generate("ten")  # type: ignore[arg-type]
    model.encode(x, sampled=True)  # type: ignore[call-arg]
    model.elbo(x, seed="one")  # type: ignore[arg-type]
    ki.evaluation.plot_samples(model, 3)  # type: ignore[arg-type]
    ki.evaluation.summarize(model, x, 128)  # type: ignore[call-arg]
    ki.datasets.load("digits", limit="all")  # type: ignore[arg-type]
    ki.text.Text.infer(["The cat sleeps."], lowercase="yes")  # type: ignore[arg-type]
    ki.text.Vocabulary([1, 2])  # type: ignore[list-item]
    ki.divergences.SlicedWasserstein(num_projections="many")  # type: ignore[arg-type]
    ki.divergences.MaximumMeanDiscrepancy().auto_lambda("0.5")  # type: ignore[arg-type]
    ki.divergences.energy_distance(x, x, biased=True)  # type: ignore[call-arg]
    print(ki.datasets.load("digits").tests)  # type: ignore[attr-defined]
