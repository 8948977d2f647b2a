import numpy as np
import pytest

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.truth import read_truth


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "records").mkdir()
    for name in "abc":
        (tmp_path / "records" / f"{name}.hea").write_text("")
    return tmp_path


def write(folder, text):
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_is_read_with_blank_as_unknown(folder):
    path = write(
        folder,
        "\ufeffrecord, patient,normal ecg,atrial fibrillation\n"
        "records/a.hea,p1,1,0\nrecords/b.hea,p1,, 1\n\nrecords/c.hea,p2,0,0\n",
    )
    table = read_truth(path, folder)
    assert (table.name, table.conditions) == ("table", ("normal ecg", "atrial fibrillation"))
    np.testing.assert_array_equal(table.labels, np.float32([[1, 0], [np.nan, 1], [0, 0]]))
    assert table.patients == ("p1", "p1", "p2")
    assert table.paths()[2] == folder / "records" / "c.hea"
    assert read_truth(write(folder, "record,x\nrecords/a.hea,1\n"), folder).patients is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,x\nrecords/a.hea,1\n", "no column 'record'.*path, x"),
        ("record\nrecords/a.hea\n", "no condition column"),
        ("record,patient\nrecords/a.hea,p\n", "no condition column"),
        ("record,x,x\nrecords/a.hea,1,1\n", "column given twice: x"),
        ("record,x,\nrecords/a.hea,1,1\n", "column 3 has no name"),
        ("record,x\nrecords/a.hea,yes\n", "line 2, column 'x': 'yes' is not 0, 1 or blank"),
        ("record,x\nrecords/a.hea,0.5\n", "'0.5' is not 0, 1 or blank"),
        ("record,x\nrecords/a.hea,1\nrecords/b.hea,1,0\n", "line 3: 3 values .* 2 columns"),
        ("record,x\nrecords/a.hea,1\nrecords/a.hea,0\n", "record given twice: records/a.hea"),
        ("record,x\nrecords/a.hea,1\nrecords/z.hea,0\n", "1 of 2 records .*records/z.hea"),
        ("record,x\n../secret.hea,1\n", "inside the root folder"),
        ("record,x\n/etc/passwd,1\n", "inside the root folder"),
        ("record,x\n", "at least one record"),
        ("", "header line"),
        ("record,patient,x\nrecords/a.hea,,1\n", "line 2: no patient"),
    ],
)
def test_errors_name_the_place_and_the_value(folder, text, message):
    with pytest.raises(CardiolexError, match=message) as error:
        read_truth(write(folder, text), folder)
    assert "table.csv" in str(error.value)


def test_files_and_folders_that_are_not_there_are_named(folder):
    with pytest.raises(CardiolexError, match="none"):
        read_truth(folder / "none.csv", folder)
    with pytest.raises(CardiolexError, match="no such folder"):
        read_truth(write(folder, "record,x\nrecords/a.hea,1\n"), folder / "nowhere")


def test_patients_can_be_given_afterwards_for_every_record(folder):
    table = read_truth(write(folder, "record,x\nrecords/a.hea,1\nrecords/b.hea,0\n"), folder)
    named = table.with_patients({"records/a.hea": "p", "records/b.hea": "q", "else": "r"})
    assert named.patients == ("p", "q")
    with pytest.raises(CardiolexError, match=r"1 records, among them records/b\.hea"):
        table.with_patients({"records/a.hea": "p"})
