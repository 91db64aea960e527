"""One training of a recipe: the model, and what the report's measurements say of it."""

import math
import numbers

import keras

import keras_infovae as ki

# Of what `measure` returns: the section, and which of its numbers a card shows.
_SHOWN = {
    "held_out": (
        *("reconstruction_loss", "kl_divergence", "loss", "elbo", "log_prob", "perplexity"),
        *("importance_weighted_bound", "active_units"),
    ),
    "label_use": ("semi_supervised_error",),
    "samples": (
        *("frechet_distance", "frechet_distance_of_data", "precision", "recall", "memorization"),
        *("condition_error",),
    ),
    "anomalies": None,
    "anomaly_threshold": ("value", "false_positive_rate"),
    "new_rows": None,
}
_OF_MANIFOLD = ("samples", "reconstruction", "between_codes")


def train(recipe, seed, data, verbose=0):
    """Returns the trained model, and the epochs that it was trained for."""
    keras.utils.set_random_seed(seed)
    model = recipe.model(seed, data)
    steps = recipe.epochs * math.ceil(len(data.train) / recipe.batch_size)
    model.compile(recipe.optimizer(steps) if model.trains_by_gradients else None)
    callbacks = []
    if recipe.patience is not None:
        stop = keras.callbacks.EarlyStopping(
            "val_loss", patience=recipe.patience, restore_best_weights=True
        )
        callbacks.append(stop)
    told = recipe.condition == "labels"
    held = (data.validation, data.validation_labels) if told else (data.validation,)
    history = model.fit(
        data.train,
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        validation_data=held if len(data.validation) else None,
        callbacks=callbacks,
        verbose=verbose,
        **({"condition": data.train_labels} if told else {}),
    )
    if recipe.finish is not None:
        recipe.finish(model, data, seed)
    return model, len(history.epoch)


def numbers_of(recipe, model, data, epochs):
    """Returns {"measured": {name: number}, "healthy": [diagnoses], ...} of a model, for JSON."""
    given = {"condition": recipe.condition, "anomaly_label": recipe.anomaly_label}
    found = ki.evaluation.reporting.measure(model, data, **given)
    shown = {}
    for section, names in _SHOWN.items():
        shown |= _numbers(section, found[section] or {}, names)
    for section in _OF_MANIFOLD:
        shown |= _numbers(f"manifold {section}", (found["manifold"] or {}).get(section) or {}, None)
    if recipe.extra is not None:
        shown |= {name: float(value) for name, value in recipe.extra(model, data).items()}
    shown["epochs"] = epochs
    kept = ("train", "validation", "test", "measured_split")
    diagnoses = ki.evaluation.reporting.diagnose(found)
    return {
        "measured": shown,
        "data": {name: found["data"][name] for name in kept},
        "diagnoses": [
            {"question": one.question, "level": one.level, "sentence": one.sentence}
            for one in diagnoses
            if one.level != "unknown"
        ],
    }


def _numbers(section, values, names):
    """Returns {name: number} of a section, those that a model has."""
    return {
        f"{section}: {name}".replace("_", " "): float(values[name])
        for name in (values if names is None else names)
        if isinstance(values.get(name), numbers.Real) and not isinstance(values[name], bool)
    }
