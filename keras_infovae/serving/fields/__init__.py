"""The inputs of signatures: how a request holds them, how they are read, and examples."""

from keras_infovae.serving.fields.arrays import Codes, Condition, RawExamples, Rows, Seeds
from keras_infovae.serving.fields.base import Field
from keras_infovae.serving.fields.image_bytes import ImageBytes
from keras_infovae.serving.fields.tf_examples import TfExamples

FIELDS = {
    field.name: field
    for field in (
        *(RawExamples(), Codes(), Seeds(), Rows(), Condition()),
        *(ImageBytes(), TfExamples()),
    )
}

__all__ = ["FIELDS", "Field"]
