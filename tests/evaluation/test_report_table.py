import pytest

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.report_table import (
    ReportTable,
    matched,
    read_records,
    read_report_table,
    same_text,
)


def written(folder, *lines, name="t.csv"):
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_records_reports_and_patients(tmp_path):
    (tmp_path / "a.hea").touch()
    path = written(tmp_path, "record,patient,report", "a.hea,p1,Sinus rhythm.", "b.hea,p2, ")
    table = read_report_table(path)
    assert (table.records, table.reports, table.patients) == (
        ("a.hea",),
        ("Sinus rhythm.",),
        ("p1",),
    )
    assert table.blank == ("b.hea",)
    assert read_report_table(path, tmp_path).root == tmp_path


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["record,words", "a,b"], "no column 'report'; the header has: record, words"),
        (["name,report", "a,b"], "no column 'record'"),
        (["record,report", "a"], "line 2: 1 values where the header has 2"),
        (["record,report", "a,x", ",y"], "line 3: no record"),
        (["record,report", 'a,"x', 'y"', ",z"], "line 4: no record"),
        (["record,report", "a,x", "a,y"], "given twice: a"),
        (["record,report,patient", "a,x,"], "line 2: no patient"),
        (["record,report", "a, "], "every report is blank"),
        (["record,report"], "header line and at least one record"),
    ],
)
def test_faults_are_named(tmp_path, lines, message):
    with pytest.raises(CardiolexError, match=message) as refused:
        read_report_table(written(tmp_path, *lines))
    assert "t.csv" in str(refused.value)


def test_records_lie_below_the_root(tmp_path):
    with pytest.raises(CardiolexError, match="inside the root folder"):
        read_report_table(written(tmp_path, "record,report", "../a.hea,x"), tmp_path)
    with pytest.raises(CardiolexError, match=r"1 of 1 records are not under .*gone.hea"):
        read_report_table(written(tmp_path, "record,report", "gone.hea,x"), tmp_path)
    with pytest.raises(CardiolexError, match="no such folder"):
        read_report_table(written(tmp_path, "record,report", "a.hea,x"), tmp_path / "none")


def test_identical_reports_differ_in_case_and_spacing_alone():
    assert same_text(" Sinus  Rhythm.\n") == same_text("sinus rhythm.")
    assert same_text("sinus rhythm") != same_text("no sinus rhythm")


def test_other_tables_name_records_by_path_file_or_stem():
    table = ReportTable("t", ("x/a.hea", "x/b.hea", "y/b.hea"), ("", "", ""))
    other = ReportTable("o", ("b", "a", "y/b"), ("1", "2", "3"))
    assert matched(table, other) == [1, None, 2]  # "b" could be either


def test_reading_is_in_chunks_and_failures_are_rows(tmp_path):
    table = ReportTable("t", tuple("abcde"), ("x",) * 5, root=tmp_path)

    class Read:
        leads = ("I",)

        def __call__(self, path):
            if path.name == "c":
                raise ValueError("broken")
            return self

    parts = list(read_records(table, Read(), chunk=2))
    assert [rows for rows, _, _ in parts] == [[0, 1], [3], [4]]
    assert [failures for _, _, failures in parts] == [[], [(2, "broken")], []]
    lacking = [f for _, _, failed in read_records(table, Read(), leads=["V1"]) for f in failed]
    assert len(lacking) == 5 and "has no lead V1" in lacking[0][1]
