"""What `keras-infovae impute` does."""

import numpy as np

from keras_infovae.cli import data_flags
from keras_infovae.cli.actions import conditions, rows, trained
from keras_infovae.cli.errors import CommandLineError, reported
from keras_infovae.tables.frames import beside
from keras_infovae.tables.schema import schema_of
from keras_infovae.utils.files import whole_file


def run(command, flags):
    """Writes a table without missing values."""
    import pandas

    given = data_flags.table_settings(flags)
    names = {name: name for name in command.flag_set().names()} | {"source": "data"}
    with reported(names):
        found = trained.load(flags.run)
        model, config = found.model, found.config
        schema = schema_of(model)
        if schema is None:
            raise CommandLineError(
                "Argument `--run` must be a run of a table whose columns the model knows: of a "
                f".csv or .parquet file without --standardize. Received: --run={flags.run}"
            )
        model.capabilities.require("impute")
        data, frame = rows.in_order(flags.data, config, model, given)
        condition = conditions.of_splits(data, config, ("train",))["train"]
    known = frame[schema.order]
    filled = model.impute(known, flags.draws, flags.seed, condition=condition)
    if flags.draws is None:
        result = frame.assign(**filled)
    else:
        result = pandas.concat([frame.assign(**part) for part in filled], ignore_index=True)
        result = beside(result, "draw", np.repeat(np.arange(len(filled)), len(frame)))
    with whole_file(flags.output) as temporary:
        rows.write_frame(temporary, result)
    rows.print_notes(data)
    missing = int(known.isna().sum().sum())
    times = "" if flags.draws is None else f", {flags.draws} times"
    print(f"Filled in {missing} missing values of {len(frame)} rows{times}, in {flags.output}.")
