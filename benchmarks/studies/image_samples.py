"""Samples of images by an InfoVAE, with a diffusion of its codes, and by one of the images.

    python benchmarks/studies/image_samples.py --output=image_samples.csv --pictures=.

Trains each on 7,000 to 8,100 images of 28x28 pixels and measures 1,000 samples, by the features of
a classifier of the training split as `evaluation.sample_quality` does, against the held-out images,
1,000 at most; and the time of 1,000 samples, in batches of 250, once they are compiled.
Rows that are there already are not made again; with `--pictures` new models' samples are drawn side
by side, in image_samples_<data>.png, next to images of the data. About 15 minutes on one
processor core; `--data` takes the path of a file of MNIST too.
"""

import os
import time

import keras
import numpy as np
import pictures
import table
from absl import app, flags

import keras_infovae as ki

FLAGS = flags.FLAGS
flags.DEFINE_string("output", "image_samples.csv", "The table; rows are added to it.")
flags.DEFINE_list("data", ["mnist", "fashion_mnist"], "Names or paths for `datasets.load`.")
flags.DEFINE_string("pictures", None, "A folder for pictures. Default: none are drawn.")
flags.DEFINE_integer("seeds", 1, "Trainings per setting.", lower_bound=1)

SETTINGS = ("data", "model", "seed")
QUALITY = ("frechet_distance", "frechet_distance_of_data", "precision", "recall", "memorization")
SPEED = ("seconds_per_1000", "cpu_seconds_per_1000", "cpu_seconds")
COLUMNS = (*SETTINGS, *QUALITY, *SPEED)
COUNT, ROWS = 1000, 9000
STEPS = {"info_vae": 4000, "prior": 4000, "diffusion": 6000}


def data_of(source, seed):
    """Returns a `Dataset` of at most 9,000 training and 1,000 test images."""
    found = ki.datasets.load(source, limit=ROWS, validation_fraction=0.0, seed=seed)
    few = np.random.default_rng(seed).permutation(len(found.test))[:COUNT]
    labels = found.train_labels, None, found.test_labels[few]
    name = os.path.splitext(os.path.basename(found.name))[0]
    return ki.datasets.Dataset(name, found.train, found.validation, found.test[few], *labels)


def trained(model, x, steps, batch_size, rate):
    schedule = keras.optimizers.schedules.CosineDecay(rate, steps)
    model.compile(keras.optimizers.Adam(schedule), jit_compile=False)
    epochs = -(-steps // -(-len(x) // batch_size))
    model.fit(x, batch_size=batch_size, epochs=epochs, verbose=0)
    return model


def info_vae(data, seed):
    model = ki.InfoVAE(latent_dim=16, seed=seed)
    yield "info_vae", trained(model, data.train, STEPS["info_vae"], 64, 1e-3)
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(2e-3, STEPS["prior"]))
    epochs = -(-STEPS["prior"] // -(-len(data.train) // 256))
    options = {"optimizer": optimizer, "batch_size": 256, "epochs": epochs, "seed": seed}
    model.fit_prior(data.train, ki.priors.Diffusion(), verbose=0, **options)
    yield "latent_diffusion", model


def diffusion(data, seed):
    model = ki.DenoisingDiffusion(ki.denoisers.UNet(), seed=seed, steps=50, noise_share=0.0)
    yield "diffusion", trained(model, data.train, STEPS["diffusion"], 32, 2e-3)


WAYS = {("info_vae", "latent_diffusion"): info_vae, ("diffusion",): diffusion}


def measured(model, data, classifier, seed):
    """Returns ({column: number}, samples)."""
    options = {"seed": seed, "batch_size": 250}
    model.generate(2, **options)  # compiles
    start = time.perf_counter(), time.process_time()
    samples = model.generate(COUNT, **options)
    seconds = time.perf_counter() - start[0], time.process_time() - start[1]
    real, new = classifier.features(data.test), classifier.features(samples)
    some = np.random.default_rng(seed).permutation(len(data.train))[:COUNT]
    found = {
        **ki.evaluation.precision_recall(real, new),
        "frechet_distance": ki.evaluation.frechet_distance(real, new),
        "frechet_distance_of_data": ki.evaluation.frechet_distance(
            real, classifier.features(data.train[some])
        ),
        "memorization": ki.evaluation.memorization(samples, data.train, data.test)["probability"],
        "seconds_per_1000": seconds[0],
        "cpu_seconds_per_1000": seconds[1],
    }
    return found, samples


def main(_):
    done = table.cases_of(FLAGS.output, SETTINGS)
    for source in FLAGS.data:
        for seed in range(FLAGS.seeds):
            data = data_of(source, seed)
            missing = [
                way
                for names, way in WAYS.items()
                if any((data.name, one, str(seed)) not in done for one in names)
            ]
            if not missing:
                continue
            classifier = ki.evaluation.Classifier(data.train, data.train_labels, seed=seed)
            rows = {"data": data.test}
            for way in missing:
                keras.utils.set_random_seed(seed)
                start = time.process_time()
                for name, model in way(data, seed):
                    used = time.process_time() - start
                    found, rows[name.replace("_", " ")] = measured(model, data, classifier, seed)
                    found["cpu_seconds"] = used
                    row = [data.name, name, seed, *(f"{found[c]:.4g}" for c in COLUMNS[3:])]
                    print(*row, flush=True)
                    table.add_rows(FLAGS.output, COLUMNS, [row])
                    start += time.process_time() - start - used  # measuring is no training
            if FLAGS.pictures and seed == 0:
                path = os.path.join(FLAGS.pictures, f"image_samples_{data.name}.png")
                pictures.draw_rows(path, rows)


if __name__ == "__main__":
    app.run(main)
