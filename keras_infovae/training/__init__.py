"""Training runs: a directory that is whole or recognizably unfinished, and its callbacks."""

from keras_infovae.training.history_file import HistoryFile
from keras_infovae.training.length import default_epochs, default_patience
from keras_infovae.training.run_directory import RunDirectory
from keras_infovae.training.save_last_good_epoch import SaveLastGoodEpoch
from keras_infovae.training.strategies import directory_to_write, get_strategy, is_writer

__all__ = [
    "HistoryFile",
    "RunDirectory",
    "SaveLastGoodEpoch",
    "default_epochs",
    "default_patience",
    "directory_to_write",
    "get_strategy",
    "is_writer",
]
