"""What the first rows of a CSV file tell: separator, decimal mark, header, names."""

import gzip

import numpy as np
import pytest

from keras_infovae.datasets import load, text_file
from keras_infovae.datasets.csv_format import csv_format
from keras_infovae.datasets.csv_header import has_header
from keras_infovae.datasets.csv_values import guarded, unguarded

rng = np.random.default_rng(0)
VALUES = rng.normal(size=(30, 6)).round(3)
IRIS = [f"{a},{b},{'setosa' if a > 0 else 'virginica'}" for a, b in VALUES[:, :2]]


def rows(lines):
    return [line.split(",") for line in lines]


def lines(values):
    return [",".join(map(str, row)) for row in values]


HEADERS = {  # the lines of a file, and whether the first one names the columns
    "words above numbers": (["a,b", "1,2", "3,4"], True),
    "a word above one column of numbers": (["id,2,3", "a,5,6", "b,1,1"], False),
    "values and a class": (IRIS, False),
    "values and a name each": (["5.1,a1", "4.9,a2", "4.7,a3", "4.6,a4"], False),
    "numbers": (lines(VALUES), False),
    "one column of numbers": (lines(VALUES[:, :1]), False),
    "counts, as a data frame numbers its columns": (["0,1,2", *lines(VALUES[:, :3])], True),
    "1 to n": (["1,2,3,4,5,6", *lines(VALUES)], True),
    "years": (["2019,2020,2021", *lines(rng.integers(0, 50, (9, 3)))], True),
    "wavelengths": (["400,410.5,431,440,470,485", *lines(VALUES)], True),
    "wavelengths and a class": (
        ["400,410,420,430,440,450,kind", *(f"{row},ab" for row in lines(VALUES))],
        True,
    ),
    "rows that all rise": (lines(np.sort(VALUES, axis=1)), False),
    "rows evenly spaced": (lines(np.arange(40).reshape(10, 4)), False),
    "a missing value in the first row": (["NA,3.5", "1.5,2.5", "0.5,4.5"], False),
    "the same number twice": (["0.5,0.5", "1,2", "3,4"], False),
    "texts alone": (["name,kind", "a,x", "b,y"], True),
    "one row of numbers": (["1,2,3"], False),
    "one row of words": (["a,b,c"], True),
    "a class of which there is one": (["5.1,3.5,rare", *IRIS], None),
    "integers above decimals": (["3,1", *lines(VALUES[:, :2] * 5)], None),
}


@pytest.mark.parametrize("case", HEADERS)
def test_headers(case):
    text, expected = HEADERS[case]
    assert has_header(rows(text)) is expected


FORMATS = {  # text, separator, decimal, values of the first column
    "commas": ("a,b\n1.5,2\n2.5,3\n", ",", ".", [1.5, 2.5]),
    "semicolons": ("a;b\n1.5;2\n2.5;3\n", ";", ".", [1.5, 2.5]),
    "semicolons and decimal commas": ("a;b\n1,5;2\n2,5;3\n", ";", ",", [1.5, 2.5]),
    "decimal commas everywhere": ("a;b;c\n1,5;2,25;1,0\n2,5;3,5;0,1\n", ";", ",", [1.5, 2.5]),
    "tabs": ("a\tb\n1.5\t2\n2.5\t3\n", "\t", ".", [1.5, 2.5]),
    "tabs and decimal commas": ("a\tb\n1,5\t2\n2,5\t3\n", "\t", ",", [1.5, 2.5]),
    "bars": ("a|b\n1.5|2\n2.5|3\n", "|", ".", [1.5, 2.5]),
    "blanks": ("a b\n1.5  2\n2.5 3\n", r"\s+", ".", [1.5, 2.5]),
    "a line that names the separator": ("sep=;\na;b\n1,5;2\n2,5;3\n", ";", ",", [1.5, 2.5]),
    "padding": ("a , b\n 1.5 , 2\n 2.5, 3 \n", ",", ".", [1.5, 2.5]),
    "a byte order mark": ("\ufeffa,b\n1.5,2\n2.5,3\n", ",", ".", [1.5, 2.5]),
    "carriage returns": ("a;b\r\n1.5;2\r\n2.5;3\r\n", ";", ".", [1.5, 2.5]),
    "one column": ("a\n1.5\n2.5\n", ",", ".", [1.5, 2.5]),
    "blank lines": ("\na,b\n1.5,2\n\n2.5,3\n", ",", ".", [1.5, 2.5]),
    "comments before the names": (
        "# made by hand\n# twice\na,b\n1.5,2\n2.5,3\n",
        ",",
        ".",
        [1.5, 2.5],
    ),
    "a comment as wide as the names": (
        "# made by X, 2024, v1\na,b,c\n1.5,2,1\n2.5,3,1\n",
        ",",
        ".",
        [1.5, 2.5],
    ),
    "separators at the ends": ("a;b;\n1,5;2;\n2,5;3;\n", ";", ",", [1.5, 2.5]),
    "separators at the ends of values": ("a;b\n1,5;2;\n2,5;3;\n", ";", ",", [1.5, 2.5]),
    "quoted names": ('"a","b;c"\n1.5,2\n2.5,3\n', ",", ".", [1.5, 2.5]),
    "names over two lines": ('a,"b\nc"\n1.5,2\n2.5,3\n', ",", ".", [1.5, 2.5]),
}


@pytest.mark.parametrize("case", FORMATS)
def test_formats(case, tmp_path):
    text, separator, decimal, values = FORMATS[case]
    path = tmp_path / "x.csv"
    path.write_text(text, newline="", encoding="utf-8")
    form = csv_format(path.as_posix())
    assert (form.separator, form.decimal, form.has_header) == (separator, decimal, True)
    data = load(path, validation_fraction=0, test_fraction=0)
    assert len(data.feature_names) == data.event_shape[0] and "" not in data.feature_names
    assert data.feature_names[0] == "a" and sorted(data.train[:, 0]) == values


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_encodings(encoding, tmp_path):
    (tmp_path / "x.tsv").write_text("größe\tb\n1\t2\n3\t4\n", encoding=encoding)
    data = load(tmp_path / "x.tsv", test_fraction=0, validation_fraction=0)
    assert data.feature_names == ["größe", "b"]


@pytest.mark.parametrize("first", ["#id,x", "# id,x"])
def test_names_may_begin_with_the_sign_of_comments(first, tmp_path):
    (tmp_path / "x.csv").write_text(f"{first}\n1,2.5\n2,3.5\n4,1\n")
    assert load(tmp_path / "x.csv").feature_names == first.split(",")
    (tmp_path / "x.csv").write_text("#id,x\ns,m\n1,2.5\n2,3.5\n4,1\n")
    with pytest.raises(ValueError, match="not numbers: '#id', 'x'; '#id' has 's' in row 0"):
        load(tmp_path / "x.csv")


def test_what_was_found_is_said(tmp_path):
    (tmp_path / "x.csv").write_text("\n".join(f"{a};{a}".replace(".", ",") for a in VALUES[:, 0]))
    data = load(tmp_path / "x.csv")
    assert len(data.train) == 24 and data.feature_names == ["column_0", "column_1"]
    note = "x.csv: separated by semicolons; decimal commas; no header"
    assert data.notes[0].startswith(note) and note in data.summary()
    (tmp_path / "x.csv").write_text("a,b\n1,2\n3,4\n5,6\n")
    assert load(tmp_path / "x.csv").notes == ()


def test_flags_win_over_what_is_found(tmp_path):
    (tmp_path / "x.csv").write_text("1,2\n3,4\n5,6\n7,8\n")
    fractions = {"validation_fraction": 0, "test_fraction": 0}
    assert len(load(tmp_path / "x.csv", **fractions).train) == 4
    named = load(tmp_path / "x.csv", header="first", **fractions)
    assert len(named.train) == 3 and named.feature_names == ["1", "2"]
    (tmp_path / "x.csv").write_text('a:b\n"1,5":2\n"2,5":3\n')
    data = load(tmp_path / "x.csv", separator=":", decimal=",", **fractions)
    assert sorted(data.train[:, 0]) == [1.5, 2.5]
    (tmp_path / "x.csv").write_text("a\tb\n1\t2\n3\t4\n")
    assert load(tmp_path / "x.csv", separator="tab", **fractions).event_shape == (2,)


def test_nothing_is_lost_of_a_file_without_header(tmp_path):
    (tmp_path / "iris.csv").write_text("\n".join(IRIS))
    data = load(tmp_path / "iris.csv", label_column="column_2")
    assert sum(len(getattr(data, s)) for s in ("train", "validation", "test")) == len(IRIS)
    assert data.num_classes == 2


def test_classes_called_none_and_na(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(
        "a,country\n" + "".join(f"{i},{['None', 'NA', 'DE'][i % 3]}\n" for i in range(9))
    )
    data = load(path, label_column="country", validation_fraction=0, test_fraction=0)
    assert set(data.train_labels) == {"None", "NA", "DE"}
    path.write_text("a,grade\n1,1\n2,NA\n3,2\n")
    with pytest.raises(ValueError, match="a label in every row.*1 missing in 'grade'"):
        load(path, label_column="grade")


@pytest.mark.parametrize(
    ("text", "settings", "message"),
    [
        ("a,b, a\n1,2,3\n4,5,6\n", {}, "a different name for each column.*'a'"),
        ("a,,c\n1,2,3\n", {}, "a name for every column.*'Unnamed: 1'"),
        ("3,1\n0.5,0.7\n0.1,0.2\n", {}, "say which it is by `header`.*the first row is '3', '1'"),
        ("a,b\n1,?\n2,3\n", {}, r"no missing values.*b \(1\)"),
        ("a,b\n1,2\n3,oops\n5,6\n", {}, "not numbers: 'b'; 'b' has 'oops' in row 1"),
        (
            "\n".join(IRIS),
            {},
            "was taken for no header .*'column_2' has '(setosa|virginica)' in row 0",
        ),
        ("a,b,\n" + "1,2,\n" * 600 + "1,2,3\n", {}, "behind the last separator .*3.0 in row 600"),
        ("a,b\n" + "1,2,\n" * 600 + "1,2,3\n", {}, "behind the last separator .*3.0 in row 600"),
        ("a,b\n1,2\n", {"header": "second"}, "`header` must be one of 'first', 'none'"),
        ("a,b\n1,2\n", {"separator": "a"}, "`separator` must be a character"),
        ("a,b\n1,2\n", {"separator": ";;"}, "`separator` must be a character"),
        ("a,b\n1,2\n", {"separator": 3}, "`separator` must be a character"),
        ("a,b\n1,2\n", {"decimal": ";"}, "`decimal` must be one of ',', '.'"),
        ("sep=;\n", {}, "at least one row"),
    ],
)
def test_files_that_cannot_be_used(text, settings, message, tmp_path):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises((ValueError, TypeError), match=message):
        load(tmp_path / "x.csv", **settings)


@pytest.mark.parametrize("setting", [{"header": "first"}, {"separator": ","}, {"decimal": ","}])
def test_settings_of_csv_files_are_for_these(setting, tmp_path):
    np.save(tmp_path / "x.npy", VALUES)
    with pytest.raises(ValueError, match=rf"`{next(iter(setting))}` must be None but for \.csv"):
        load(tmp_path / "x.npy", **setting)


@pytest.mark.parametrize("name", ["=1+1", "@x", "-log p", "+cmd|' /C calc'!A0", " =1", "\t=1"])
def test_names_are_no_formulas_and_come_back(name):
    assert guarded(name) == f"'{name}" and unguarded(guarded(name)) == name


@pytest.mark.parametrize("name", ["height", "-3.5", "1e5", "'quoted", "a=b", ""])
def test_other_names_stay(name):
    assert guarded(name) == unguarded(name) == name


def test_what_inflates_to_more_than_the_memory(tmp_path, monkeypatch):
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 10**6))
    monkeypatch.setattr(text_file, "available_memory", lambda: 10**6)
    with pytest.raises(ValueError, match=r"fit in memory.*x\.csv\.gz.*inflates to more"):
        load(tmp_path / "x.csv.gz")
