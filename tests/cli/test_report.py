"""`keras-infovae report`."""

import json


def test_a_table_gets_its_page(command, runs, tmp_path):
    output = tmp_path / "report"
    outcome = command("report", f"--run={runs}/table", f"--output={output}")
    assert outcome.status == 0, outcome.err
    assert outcome.out == f"Written to {output}/report.html\n"
    with open(output / "metrics.json", encoding="utf-8") as file:
        assert len(json.load(file)["history"]["loss"]) == 1
    before = (output / "report.html").read_bytes()
    again = command("report", f"--run={runs}/table", f"--output={output}")
    assert again.status == 2 and "or --overwrite be set" in again.err
    assert (output / "report.html").read_bytes() == before


def test_the_numbers_of_a_run_are_not_replaced(command, runs):
    before = (runs / "table" / "metrics.json").read_bytes()
    outcome = command("report", f"--run={runs}/table", f"--output={runs}/table")
    assert outcome.status == 2 and "`--output` must be one without another's" in outcome.err
    assert (runs / "table" / "metrics.json").read_bytes() == before
    named = command("report", f"--run={runs}/table", f"--output={runs}/new", "--anomaly_label=no")
    assert named.status == 2 and "`--anomaly_label` must be" in named.err
    assert command("report", "--run=missing", f"--output={runs}/new").status == 2
    assert not (runs / "new").exists()
