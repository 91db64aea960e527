"""Tables as they are, on the command line: train, generate, score, calibrate, impute."""

import numpy as np
import pandas
import pytest

from keras_infovae.cli.actions.data import load_of_run
from keras_infovae.cli.main import main
from keras_infovae.evaluation import fit_anomaly_score
from keras_infovae.training import RunDirectory
from tests.cli.conftest import SMALL
from tests.tables.people import people


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """people.csv and a run on it, `run`, whose model leaves out an identifier and a text."""
    folder = tmp_path_factory.mktemp("people")
    people(120).to_csv(folder / "people.csv", index=False)
    data = [f"--data={folder}/people.csv", "--label_column=member", "--kinds=visits=count"]
    small = [*SMALL, "--epochs=1", "--batch_size=48"]
    assert main(["keras-infovae", "train", *small, *data, f"--output={folder}/run"]) == 0
    return folder


def test_the_model_of_a_run_knows_its_columns(folder):
    model = RunDirectory(folder / "run").load_model()
    kinds = {column.name: column.kind for column in model.preprocessor.columns}
    assert kinds["visits"] == "count" and kinds["born"] == "date" and "member" not in kinds
    assert (folder / "run" / "plots" / "reconstructions.png").stat().st_size > 10_000


@pytest.mark.parametrize("suffix", ["csv", pytest.param("parquet", marks=pytest.mark.slow)])
def test_new_rows_have_the_form_of_the_file(command, folder, tmp_path, suffix):
    path = tmp_path / f"new.{suffix}"
    outcome = command("generate", f"--run={folder}/run", "--n=50", f"--output={path}")
    assert outcome.status == 0 and "Wrote 50 new examples" in outcome.out
    new = pandas.read_csv(path) if suffix == "csv" else pandas.read_parquet(path)
    known = [c for c in people(2) if c not in ("id", "note", "member")]
    assert list(new.columns) == known and len(new) == 50
    assert set(new["city"].dropna()) <= {"Rome", "Oslo", "Bonn"}
    assert pandas.to_datetime(new["born"]).between("2024-01-01", "2025-12-31").all()


@pytest.mark.slow
def test_new_rows_with_given_values(command, folder, tmp_path):
    run, path = f"--run={folder}/run", f"{tmp_path}/given.csv"
    given = "--given=sex=F,age=40,born=2024-06-01,city="
    assert command("generate", run, "--n=9", given, f"--output={path}").status == 0
    new = pandas.read_csv(path)
    assert new["sex"].eq("F").all() and new["age"].eq(40).all() and new["city"].isna().all()
    for wrong, part in (("ages=3", "'ages'"), ("age", "must be COLUMN=VALUE"), ("sex=X", "'X'")):
        outcome = command("generate", run, f"--given={wrong}", f"--output={tmp_path}/no.csv")
        assert outcome.status == 2 and part in outcome.err
    assert not (tmp_path / "no.csv").exists()


def test_rows_are_scored_and_judged(command, folder, tmp_path):
    rows = people(30, seed=1).assign(age=[900] + [50] * 29)
    rows.to_csv(tmp_path / "new.csv", index=False)
    data = [f"--run={folder}/run", f"--data={tmp_path}/new.csv"]
    outcome = command("score", *data, f"--output={tmp_path}/scores.csv")
    assert outcome.status == 0 and "calibrate" in outcome.out
    scores = pandas.read_csv(tmp_path / "scores.csv")
    names = ["row", "id", "note", "score", "reason_1", "reason_2", "reason_3"]
    assert list(scores.columns) == names
    assert list(scores["note"]) == list(rows["note"])
    assert scores["score"].idxmax() == 0 and scores["reason_1"][0].startswith("age = 900 (")
    model = RunDirectory(folder / "run").load_model()
    np.testing.assert_allclose(scores["score"], model.score(rows.drop(columns="member")), rtol=1e-5)

    outcome = command("calibrate", f"--run={folder}/run", "--false_positive_rate=0.1")
    assert outcome.status == 0 and "by 24 held-out examples" in outcome.out
    flags = [f"--output={tmp_path}/judged.csv", "--reasons=0"]
    assert command("score", *data, *flags).status == 0
    judged = pandas.read_csv(tmp_path / "judged.csv")
    assert list(judged.columns) == ["row", "id", "note", "score", "is_anomaly"]
    assert judged["is_anomaly"][0]
    # By another score, fitted on the run's training rows; the threshold is not its.
    flags = [f"--output={tmp_path}/far.csv", "--reasons=1", "--score=mahalanobis"]
    assert command("score", *data, *flags).status == 0
    far = pandas.read_csv(tmp_path / "far.csv")
    assert list(far.columns) == ["row", "id", "note", "score", "reason_1"]
    assert far["reason_1"][0].startswith("age = 900 (") and "nats" not in far["reason_1"][0]
    training = load_of_run(RunDirectory(folder / "run").config()).train
    known = fit_anomaly_score(model, training)
    expected = model.score(rows.drop(columns="member"), known)
    np.testing.assert_allclose(far["score"], expected, rtol=1e-5)
    outcome = command("calibrate", f"--run={folder}/run", "--score=mahalanobis")
    assert outcome.status == 0
    assert RunDirectory(folder / "run").load_model().anomaly_threshold.score == known


@pytest.mark.slow
def test_missing_values_are_filled_in(command, folder, tmp_path):
    data = [f"--run={folder}/run", f"--data={folder}/people.csv"]
    outcome = command("impute", *data, f"--output={tmp_path}/filled.csv")
    before = pandas.read_csv(folder / "people.csv")
    missing = int(before.isna().sum().sum())
    assert outcome.status == 0 and f"Filled in {missing} missing values of 120" in outcome.out
    filled = pandas.read_csv(tmp_path / "filled.csv")
    assert list(filled.columns) == list(before.columns) and filled.notna().all(axis=None)
    for name in before:
        known = before[name].notna()
        assert (filled[name][known] == before[name][known]).all()
    flags = ["--draws=2", f"--output={tmp_path}/two.csv"]
    assert command("impute", *data, *flags).status == 0
    two = pandas.read_csv(tmp_path / "two.csv")
    assert len(two) == 240 and two["draw"].value_counts().to_dict() == {0: 120, 1: 120}


@pytest.mark.slow
def test_a_run_of_a_table_is_judged_and_reported(command, folder, tmp_path):
    outcome = command("evaluate", f"--run={folder}/run", f"--data={folder}/people.csv")
    assert outcome.status == 0 and "all examples" in outcome.out
    outcome = command("report", f"--run={folder}/run", f"--output={tmp_path}/report")
    assert outcome.status == 0
    assert (tmp_path / "report" / "report.html").stat().st_size > 50_000


@pytest.mark.parametrize(
    ("flags", "parts"),
    [
        (["--kinds=age"], ["`--kinds` must be COLUMN=KIND", "--kinds='age'"]),
        (["--kinds=ages=count"], ["`--kinds` must be of the table's columns", "'ages'"]),
        (["--kinds=age=counts"], ["must be one of", "'counts'", "Did you mean 'count'?"]),
        (["--kinds=age=count", "--standardize"], ["`--kinds` needs no --standardize"]),
        (["--kinds=age=count", "--likelihood=normal"], ["`--kinds` needs no --likelihood"]),
    ],
)
def test_kinds_that_cannot_be(train, folder, tmp_path, flags, parts):
    outcome = train(f"--data={folder}/people.csv", *flags, f"--output={tmp_path}/run")
    assert outcome.status == 2
    for part in parts:
        assert part in outcome.err
    assert not (tmp_path / "run").exists()


def test_other_columns_are_named(command, folder, tmp_path):
    people(20).rename(columns={"age": "AGE"}).to_csv(tmp_path / "other.csv", index=False)
    data = [f"--run={folder}/run", f"--data={tmp_path}/other.csv"]
    for name in ("score", "impute"):
        outcome = command(name, *data, f"--output={tmp_path}/out.csv")
        assert outcome.status == 2 and "no 'age', but ['AGE']" in outcome.err
    assert not (tmp_path / "out.csv").exists()


def test_a_run_of_images_has_scores_and_no_table(command, runs, tmp_path):
    data = [f"--run={runs}/digits", "--data=digits"]
    assert command("score", *data, f"--output={tmp_path}/s.csv").status == 0
    scores = pandas.read_csv(tmp_path / "s.csv")
    assert list(scores.columns) == ["row", "score"] and len(scores) == 1797
    outcome = command("impute", *data, f"--output={tmp_path}/f.csv")
    assert outcome.status == 2 and "`--run` must be a run of a table" in outcome.err


def test_columns_may_be_told_instead_of_learned(command, tmp_path):
    people(120).to_csv(tmp_path / "people.csv", index=False)
    run, data = f"--run={tmp_path}/run", f"--data={tmp_path}/people.csv"
    flags = [*SMALL, "--epochs=1", "--batch_size=48", "--noplots", "--condition=sex,age"]
    outcome = command("train", data, *flags, f"--output={tmp_path}/run")
    assert outcome.status == 0 and "--given=sex=VALUE,age=VALUE" in outcome.out
    assert RunDirectory(tmp_path / "run").load_model().condition.names == ["sex", "age"]
    new = f"{tmp_path}/new.csv"
    asked = command("generate", run, "--n=9", "--given=sex=F,age=40", f"--output={new}")
    assert asked.status == 0
    rows = pandas.read_csv(new)
    assert rows["sex"].eq("F").all() and rows["age"].between(39, 41).all()
    outcome = command("generate", run, "--n=9", "--given=sex=F", f"--output={tmp_path}/no.csv")
    assert outcome.status == 2 and "`--given` must have the columns" in outcome.err
    scored = command("score", run, data, f"--output={tmp_path}/scores.csv")
    assert scored.status == 0 and len(pandas.read_csv(tmp_path / "scores.csv")) == 120
    outcome = command("train", "--data=wine", "--condition=sex", f"--output={tmp_path}/no")
    assert outcome.status == 2 and "columns of a table, which need a .csv" in outcome.err
