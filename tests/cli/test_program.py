"""The program as processes: its start, help without TensorFlow, what stands on its streams."""

import json
import logging
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import time

import pytest

from keras_infovae.cli import tensorflow_start
from keras_infovae.cli.main import COMMANDS, main
from keras_infovae.utils import interrupts, startup_messages

ROOT = pathlib.Path(__file__).parents[2]
PROGRAM = [sys.executable, "-m", "keras_infovae"]
# A process that is the program, as `keras-infovae` starts it, for several command lines.
SEVERAL = """
import contextlib, io, json, sys
given = json.load(sys.stdin)
sys.argv = ["/usr/bin/keras-infovae"]
from keras_infovae.cli.main import main
answers = []
for line in given:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        with contextlib.redirect_stderr(io.StringIO()) as err:
            status = main(["keras-infovae", *line])
    answers.append([status, out.getvalue(), err.getvalue()])
slow = [name for name in ("tensorflow", "keras", "numpy", "pandas") if name in sys.modules]
import keras_infovae
found = [keras_infovae.parameters.__name__, hasattr(keras_infovae, "__path__x__")]
print(json.dumps([answers, slow, found]))
"""


def environment(**changes):
    variables = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "80"} | changes
    variables.pop("TF_CPP_MIN_LOG_LEVEL", None)
    return variables


def run(*arguments, **options):
    return subprocess.run(
        arguments, capture_output=True, text=True, env=environment(), timeout=120, **options
    )


PAGES = [[], ["--help"], ["--version"], *([name, "--help"] for name in COMMANDS)]
REFUSED = [
    (["trian"], "Did you mean 'train'?"),
    (["train", "--data=digits", "--output=x", "--model=infovae"], "Did you mean 'info_vae'?"),
    (["train", "--data=digits", "--output=x", "--beta=2"], "must be left out for --model=info_vae"),
    (["train", "--data=digits", "--output=x", "--alpha=2"], "`--alpha` must be at most 1"),
    (["tune", "--data=digits", "--output=x", "--alpha=2"], "`--alpha` must be at most 1"),
    (["generate", "--run=x", "--output=x.jpg"], ".png or .npy or .csv"),
    (["evaluate", "--run=x", "--label_column=y"], "left out without --data"),
    (["export", "--run=x", "--output=x", "--signatures=encod"], "Did you mean 'encode'?"),
    (["serve", "--directory=missing"], "a directory that export wrote"),
]


def test_help_and_errors_of_flags_are_the_same_without_tensorflow(capsys, monkeypatch):
    """What is read from the sources is what the registered classes say."""
    monkeypatch.setenv("COLUMNS", "80")
    lines = [*PAGES, *(line for line, _ in REFUSED)]
    done = run(sys.executable, "-c", SEVERAL, input=json.dumps(lines))
    assert done.returncode == 0, done.stderr
    answers, slow, found = json.loads(done.stdout)
    assert slow == []
    assert found == ["keras_infovae.parameters", False]
    for line, answer in zip(lines, answers):
        status = main(["keras-infovae", *line])
        assert answer == [status, *capsys.readouterr()], line
    for (line, words), (status, _, error) in zip(REFUSED, answers[len(PAGES) :]):
        assert status == 2 and words in error and error.count("\n") == 1, line


def test_help_takes_less_than_half_a_second():
    """Of the processor: what else runs on this machine is not the program's."""

    def seconds():
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = run(*PROGRAM, "train", "--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert done.returncode == 0 and done.stderr == "" and "--latent_dim=" in done.stdout
        return sum(after[:2]) - sum(before[:2])  # user and system

    assert min(seconds() for _ in range(3)) < 0.5


def test_a_command_shows_what_is_ours(runs, tmp_path):
    program = (
        "import sys\nfrom keras_infovae.cli.program import run\n"
        "try:\n    run()\nfinally:\n"
        "    assert 'keras_tuner' not in sys.modules  # slow to import\n"
        "    assert sys.stdout.line_buffering  # so that a log can be read while it is written"
    )
    (tmp_path / "keras-infovae").write_text(program)
    arguments = ["generate", f"--run={runs}/table", "--output=made_up.csv"]
    done = run(sys.executable, "keras-infovae", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch("Wrote 16 new examples to made_up.csv .*\n", done.stdout)
    assert (tmp_path / "made_up.csv").exists()


@pytest.mark.parametrize(("show", "given", "level"), [(True, "3", "0"), (False, None, "3")])
def test_a_flag_shows_what_tensorflow_logs(monkeypatch, show, given, level):
    log = logging.getLogger("tensorflow")
    monkeypatch.setattr(log, "level", log.level)
    monkeypatch.setenv(startup_messages.VARIABLE, given or "")
    if given is None:
        monkeypatch.delenv(startup_messages.VARIABLE)
    tensorflow_start.settle_level(show)
    assert os.environ[startup_messages.VARIABLE] == level
    assert log.level == (logging.WARNING if show else logging.ERROR)


def test_ctrl_c_during_an_import_is_one_line(tmp_path):
    for library in ("libtensorflow", "_multiarray_umath"):  # TensorFlow's, NumPy's
        process = subprocess.Popen(
            [*PROGRAM, "train", "--data=digits", "--output=run"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env=environment(),
            # Where the tests run in the background of a shell they ignore the signal.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        mapped = pathlib.Path(f"/proc/{process.pid}/maps")
        while library not in mapped.read_text():
            assert process.poll() is None
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=60)
        assert (process.returncode, out) == (130, "")
        assert error == "keras-infovae: stopped by Ctrl-C\n"
        assert os.listdir(tmp_path) == []


def made_of(error, *others):
    """Returns the last of several errors, each raised while the one before it was handled."""
    if not others:
        return error
    others[0].__context__ = error
    return made_of(*others)


@pytest.mark.parametrize(
    ("errors", "is_interrupt"),
    [
        ([KeyboardInterrupt()], True),
        ([KeyboardInterrupt(), ImportError("NumPy's C extensions failed")], True),
        ([KeyboardInterrupt(), SystemError("a result with an exception set"), ImportError()], True),
        ([KeyboardInterrupt(), OSError("no space left for what was saved on Ctrl-C")], False),
        ([ValueError(), ImportError()], False),
    ],
)
def test_what_a_library_makes_of_ctrl_c_is_ctrl_c(errors, is_interrupt):
    assert interrupts.is_interrupt(made_of(*errors)) == is_interrupt


REMARK = "I0000 00:00:1795802960.852164    2455 port.cc:153] oneDNN custom operations are on."
DATED = "2026-11-27 18:00:00.123456: W tensorflow/core/a.cc:12] An old form."
ABSL = "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR"
CUDA = "E0000 00:00:1795803242.402794    8027 cuda_platform.cc:52] failed call to cuInit"
FATAL = "F0000 00:00:1795803242.402794    8027 cpu.cc:52] The library needs AVX."
OURS = "Traceback (most recent call last):"


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        (0, [REMARK, DATED, ABSL, CUDA, FATAL, OURS]),
        (1, [DATED, CUDA, FATAL, OURS]),
        (2, [CUDA, FATAL, OURS]),
        (3, [FATAL, OURS]),
    ],
)
def test_lines_of_tensorflow_are_held_to_its_level(level, shown):
    lines = [REMARK, DATED, ABSL, CUDA, FATAL, OURS]
    assert [line for line in lines if startup_messages.is_shown(line.encode(), level)] == shown


@pytest.mark.parametrize(
    ("end", "status"), [("os.abort()", -6), ("raise ImportError('no AVX')", 1), ("pass", 0)]
)
def test_what_is_said_before_a_crash_is_shown(end, status):
    program = f"""
import os
from keras_infovae.utils import interrupts, startup_messages
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
with startup_messages.held_to_level():
    for line in {[REMARK, FATAL]}:
        os.write(2, line.encode() + b"\\n")
    os.write(2, b"no end of line")
    {end}
os.write(2, b", after")
"""
    source = "import sys; sys.argv = ['keras-infovae']" + program
    done = run(sys.executable, "-c", source)
    assert done.returncode == status
    assert done.stderr.startswith(f"{FATAL}\nno end of line")
    assert ("ImportError: no AVX" in done.stderr) == (status == 1)
    assert done.stderr.endswith(", after") == (status == 0)
