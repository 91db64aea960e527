"""CSV and Parquet tables."""

import gzip

import numpy as np
import pytest

from keras_infovae.datasets import load, read_frame

pd = pytest.importorskip("pandas")

GOOD = "height,width,kind\n" + "".join(f"{i},{i / 2},{'ab'[i % 2]}\n" for i in range(10))


def _table(count=10):
    return pd.DataFrame(
        {
            "height": np.arange(count),
            "width": np.arange(count) / 2,
            "kind": ["ab"[i % 2] for i in range(count)],
        }
    )


def _write(tmp_path, suffix):
    path = tmp_path / f"table{suffix}"
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
        _table().to_parquet(path)
    elif suffix == ".csv.gz":
        path.write_bytes(gzip.compress(GOOD.encode()))
    else:
        path.write_text(GOOD)
    return path


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet", ".CSV"])
def test_columns_labels_and_names(suffix, tmp_path):
    data = load(_write(tmp_path, suffix), label_column="kind")
    assert data.feature_names == ["height", "width"]
    assert data.event_shape == (2,)
    assert data.train.dtype == np.float32
    np.testing.assert_array_equal(data.train[:, 0], 2 * data.train[:, 1])
    expected = np.where(data.train[:, 0] % 2 == 0, "a", "b")
    np.testing.assert_array_equal(data.train_labels, expected)


def test_numeric_labels_and_standardized_columns(tmp_path):
    path = _write(tmp_path, ".csv")
    path.write_text("t,label\n" + "".join(f"{1_700_000_000 + i},{i % 3}\n" for i in range(20)))
    data = load(path, label_column="label", standardize=True)
    assert data.train_labels.dtype == np.int64
    assert len(np.unique(data.train)) == 16  # float32 could not tell the raw values apart
    assert load(path).feature_names == ["t", "label"]


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        (GOOD, {}, "only columns of numbers.*`label_column`.*not numbers: 'kind'"),
        (GOOD, {"label_column": "kid"}, "`label_column` must be one of.*Did you mean 'kind'"),
        (GOOD, {"label_column": 2}, "`label_column` must be a column's name"),
        ("", {}, r"at least one row.*it is empty"),
        ("a,b\n", {}, "at least one row"),
        ("a\n1\n2\n", {"label_column": "a"}, "at least one column of data"),
        ("a,b\n1,\n,\n3,4\n", {}, r"no missing values.*'?a'? \(1\), '?b'? \(2\)"),
        ("a,b\n1,x\n2,\n3,y\n", {"label_column": "b"}, "a label in every row.*1 missing in 'b'"),
        ("a,b\n1,inf\n2,3\n4,5\n", {}, r"0 NaN and 1 Inf values, the first at index \(0, 1\)"),
        ("a,b\n1,2\n1,2,3\n", {}, "ParserError"),
        ("a,b\n1,2,3\n1,2,3\n", {}, "as many names in its first row"),
        ("id,a\n1,2,3\n2,5,6\n3,8,9\n", {}, r"as many names in its first row.*bad\.csv"),
        (",a\n0,1\n1,2\n", {}, r"to_csv\(path, index=False\).*'Unnamed: 0'"),
        ('a,b\n1,"2\n3,4\n', {}, "ParserError"),
        ("a;b\n1;2\n3;4\n", {"separator": ","}, "not numbers: 'a;b'"),
        ("a\n2020-01-01\n2020-01-02\n", {}, "not numbers: 'a'"),
        ("a\n1+2j\n", {}, "not numbers: 'a'"),
    ],
)
def test_tables_that_cannot_be_used(text, arguments, message, tmp_path):
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises((ValueError, TypeError), match=message):
        load(tmp_path / "bad.csv", **arguments)


def test_numbered_columns_are_names(tmp_path):
    pd.DataFrame(np.ones((5, 3))).to_csv(tmp_path / "x.csv", index=False)
    assert load(tmp_path / "x.csv").feature_names == ["0", "1", "2"]


def test_bytes_that_are_no_text(tmp_path):
    (tmp_path / "bad.csv").write_bytes(b"a,b\n\xff\xfe,1\n")
    with pytest.raises(ValueError, match=r"a CSV file that is whole.*bad\.csv.*UnicodeDecodeError"):
        load(tmp_path / "bad.csv")


def test_many_text_columns_are_not_all_named(tmp_path):
    text = ",".join(f"c{i}" for i in range(30)) + "\n" + ",".join("x" * 30) + "\n"
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(ValueError, match="'c0', 'c1'.* and 22 more"):
        load(tmp_path / "bad.csv")


def test_truncated_parquet(tmp_path):
    path = _write(tmp_path, ".parquet")
    content = path.read_bytes()
    for length in range(0, len(content), 211):
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match=r"a Parquet file that is whole.*table\.parquet"):
            load(path)


def test_columns_of_parquet_that_are_no_numbers(tmp_path):
    pytest.importorskip("pyarrow")
    table = _table().assign(
        when=pd.Timestamp("2020-01-01"), lists=[[1]] * 10, kind=pd.Categorical(["a"] * 10)
    )
    table.to_parquet(tmp_path / "x.parquet")
    with pytest.raises(ValueError, match="not numbers: 'when', 'lists'"):
        load(tmp_path / "x.parquet", label_column="kind")
    table = table.drop(columns=["when", "lists"]).assign(flag=True, count=pd.array([1, 2] * 5))
    table.to_parquet(tmp_path / "x.parquet")
    data = load(tmp_path / "x.parquet", label_column="kind")
    assert data.feature_names == ["height", "width", "flag", "count"]
    assert set(data.train_labels) == {"a"}


def test_rows_that_end_in_a_separator_are_not_shifted(tmp_path):
    (tmp_path / "x.csv").write_text("id,height,weight\n1,157.5,63,\n2,164.5,66,\n3,171.5,69,\n")
    frame = read_frame(tmp_path / "x.csv")
    assert frame.to_dict("list") == {
        "id": [1, 2, 3],
        "height": [157.5, 164.5, 171.5],
        "weight": [63, 66, 69],
    }


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        (["9007199254740993", "", "-9007199254740995"], "Int64", [2**53 + 1, -(2**53) - 3]),
        (["9223372036854775807", "NA", "1"], "Int64", [2**63 - 1, 1]),
        (["9007199254740994.0", "", "2"], "float64", [2**53 + 2, 2]),
        (["inf", "", "2"], "float64", [np.inf, 2]),
        (["1e300", "", "2e300"], "float64", [1e300, 2e300]),
    ],
)
def test_whole_numbers_with_missing_values_are_exact_or_stay_as_they_are(
    values, dtype, expected, tmp_path
):
    rows = "".join(f"{value},{i}\n" for i, value in enumerate(values))
    (tmp_path / "x.csv").write_text("a,b\n" + rows)
    frame = read_frame(tmp_path / "x.csv")
    assert frame["a"].dtype == dtype and frame["b"].tolist() == [0, 1, 2]
    assert frame["a"].isna().tolist() == [False, True, False]
    assert frame["a"].dropna().tolist() == expected


def test_whole_numbers_of_parquet_are_exact_where_some_are_missing(tmp_path):
    parquet, pyarrow = map(pytest.importorskip, ("pyarrow.parquet", "pyarrow"))
    columns = {
        "signed": pyarrow.array([2**53 + 1, None, -3]),
        "unsigned": pyarrow.array([2**64 - 1, None, 3], "uint64"),
        "narrow": pyarrow.array([1, None, 3], "int16"),
        "known": pyarrow.array([2**53 + 1, 2, 3]),
        "endless": pyarrow.array([np.inf, None, 2.0]),
    }
    parquet.write_table(pyarrow.table(columns), tmp_path / "x.parquet")
    frame = read_frame(tmp_path / "x.parquet")
    expected = ["Int64", "UInt64", "Int64", "int64", "float64"]
    assert list(map(str, frame.dtypes)) == expected
    for name, values in columns.items():
        assert frame[name].dropna().tolist() == values.drop_null().to_pylist()


def test_missing_library(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(ImportError, match="Reading a table needs pandas: pip install pandas"):
        load(_write(tmp_path, ".csv"))
