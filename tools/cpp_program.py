"""Programs in C++ that use the TensorFlow which Python has."""

import glob
import os
import shutil
import subprocess

COMPILER = shutil.which("g++") or shutil.which("clang++")


def compile_with_tensorflow(source, path):
    """Compiles a program against TensorFlow's C++ libraries.

    Args:
        source: path of the .cc file.
        path: of the program that is written.

    Raises:
        RuntimeError: with what the compiler says, where it fails or there is none.
    """
    import tensorflow as tf

    if COMPILER is None:
        raise RuntimeError("A C++ compiler is needed, g++ or clang++: there is none")
    folder = tf.sysconfig.get_lib()
    libraries = [
        f"-l:{os.path.basename(glob.glob(f'{folder}/{name}.so.*')[0])}"
        for name in ("libtensorflow_cc", "libtensorflow_framework")
    ]
    flags = ["-w", "-std=c++17", *tf.sysconfig.get_compile_flags()]
    # Without --no-as-needed the linker leaves out what registers the sessions. Gold is faster.
    gold = ["-fuse-ld=gold"] if shutil.which("ld.gold") else []
    link = [*gold, f"-L{folder}", "-Wl,--no-as-needed", *libraries, f"-Wl,-rpath,{folder}"]
    command = [COMPILER, source, *flags, "-o", path, *link]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{source} does not compile:\n{done.stderr[-4000:]}")
