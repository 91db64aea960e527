"""Every signature by the C++ loader that TensorFlow Serving uses, in a program without Python."""

import pathlib
import subprocess

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2

from keras_infovae.serving import parity, signatures
from keras_infovae.serving.samples import Samples
from keras_infovae.serving.served_model import ServedModel
from tools import cpp_program

SOURCE = pathlib.Path(__file__).with_name("load_saved_model.cc")


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """Returns the path of the compiled program."""
    path = tmp_path_factory.mktemp("program") / "load_saved_model"
    cpp_program.compile_with_tensorflow(SOURCE, path)
    return path


@pytest.mark.skipif(cpp_program.COMPILER is None, reason="there is no C++ compiler")
@pytest.mark.parametrize("exported", [pytest.param("images", marks=pytest.mark.slow), "tables"])
def test_every_signature_answers_as_the_keras_model_without_python(
    exported, program, tmp_path, request
):
    model, path, differences = request.getfixturevalue(exported)
    served = ServedModel(model)
    samples, chosen = Samples(served), signatures.choose("all", served)
    assert [signature.name for signature in chosen] == list(differences)
    (tmp_path / "requests.txt").write_text("\n".join(differences) + "\n")
    for number, signature in enumerate(chosen):
        for key, value in samples.requests(signature).items():
            proto = tf.make_tensor_proto(value)
            (tmp_path / f"{number}.{key}.pb").write_bytes(proto.SerializeToString())
    command = [program, path, tmp_path, "0"]  # repeated for no time, which is once
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    rows = np.arange(len(samples))
    for number, signature in enumerate(chosen):
        for key, (expected, unit) in samples.answers(signature).items():
            content = (tmp_path / f"{number}.{key}.pb").read_bytes()
            received = tf.make_ndarray(tensor_pb2.TensorProto.FromString(content))
            difference = parity._difference(received, expected, unit, rows)
            assert difference <= 1e-5, (signature.name, key, difference)
        seconds, processor = (tmp_path / f"{number}.seconds.txt").read_text().split()
        assert 0 < float(seconds) < 60 and 0 <= float(processor) < 60
