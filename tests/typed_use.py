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


def misuse(model: ki.GenerativeModel, x: np.ndarray) -> None:
    model.generate("ten")  # type: ignore[arg-type]
    model.encode(x, sampled=True)  # type: ignore[call-arg]
    model.elbo(x, seed="one")  # type: ignore[arg-type]
    ki.evaluation.plot_samples(model, 3)  # type: ignore[arg-type]
    ki.evaluation.summarize(model, x, 128)  # type: ignore[call-arg]
    ki.datasets.load("digits", limit="all")  # type: ignore[arg-type]
    print(ki.datasets.load("digits").tests)  # type: ignore[attr-defined]
