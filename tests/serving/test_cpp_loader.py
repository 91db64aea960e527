"""Every signature by the C++ loader that TensorFlow Serving uses, in a program without Python."""

import glob
import os
import pathlib
import shutil
import subprocess

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2

from keras_infovae.serving import parity, signatures
from keras_infovae.serving.samples import Samples
from keras_infovae.serving.served_model import ServedModel

SOURCE = pathlib.Path(__file__).with_name("load_saved_model.cc")
COMPILER = shutil.which("g++") or shutil.which("clang++")


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """Returns the path of the compiled program."""
    path = tmp_path_factory.mktemp("program") / "load_saved_model"
    folder = tf.sysconfig.get_lib()
    libraries = [
        f"-l:{os.path.basename(glob.glob(f'{folder}/{name}.so.*')[0])}"
        for name in ("libtensorflow_cc", "libtensorflow_framework")
    ]
    flags = ["-w", "-std=c++17", *tf.sysconfig.get_compile_flags()]
    # Without --no-as-needed the linker leaves out what registers the sessions. Gold is faster.
    gold = ["-fuse-ld=gold"] if shutil.which("ld.gold") else []
    link = [*gold, f"-L{folder}", "-Wl,--no-as-needed", *libraries, f"-Wl,-rpath,{folder}"]
    done = subprocess.run(
        [COMPILER, SOURCE, *flags, "-o", path, *link], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return path


@pytest.mark.skipif(COMPILER is None, reason="there is no C++ compiler")
@pytest.mark.parametrize("exported", ["images", "tables"])
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
    done = subprocess.run([program, path, tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    rows = np.arange(len(samples))
    for number, signature in enumerate(chosen):
        for key, (expected, unit) in samples.answers(signature).items():
            content = (tmp_path / f"{number}.{key}.pb").read_bytes()
            received = tf.make_ndarray(tensor_pb2.TensorProto.FromString(content))
            difference = parity._difference(received, expected, unit, rows)
            assert difference <= 1e-5, (signature.name, key, difference)
