"""What a report says of the new rows of a model of a table."""

from keras_infovae.evaluation.conditions import draw
from keras_infovae.evaluation.examples import without_gaps
from keras_infovae.evaluation.synthetic_tables import table_quality
from keras_infovae.tables.schema import schema_of
from keras_infovae.utils.randomness import some_rows

_MOST_ROWS = 5000  # that were trained on
_NEW_ROWS = 1000
_FEWEST = 20


def new_rows(model, data, conditions, seed, batch_size):
    """Returns the numbers of `table_quality`, and {column: its shape} under "shapes", fit for JSON.

    Of 1,000 new rows, and at most 5,000 training and 1,000 held-out rows. None for data that are no
    table, models without samples, and fewer than 20 training or held-out rows.
    """
    split = data.held_out(least=_FEWEST)
    no_rows = split == "train" or len(data.train) < _FEWEST
    schema = schema_of(data)
    if schema is None or "generate" not in model.capabilities or no_rows:
        return None
    given = {"condition": draw(conditions["train"], _NEW_ROWS, seed), "batch_size": batch_size}
    rows = {
        "real": _some(data.train, _MOST_ROWS, seed),
        "synthetic": model.generate(_NEW_ROWS, seed=seed, prepared=True, **given),
        "held_out": _some(getattr(data, split), _NEW_ROWS, seed),
    }
    tables = {name: schema.raw(without_gaps(x)) for name, x in rows.items()}
    found = table_quality(**tables, seed=seed, schema=schema)
    shapes = zip(found.columns["column"].astype(str), found.columns["shape"])
    shapes = {name: None if shape != shape else float(shape) for name, shape in shapes}
    return found.numbers | {"shapes": shapes}


def _some(x, most, seed):
    return x[some_rows(len(x), most, seed)]
