"""Words and names as a person types them, and names for many records."""

from pathlib import Path

import pytest

from cardiolex.cli.batch import Failures, find_each, lead_names, words
from cardiolex.cli.call_error import CallError
from cardiolex.cli.record_names import RecordNames, distinct_endings


def endings(*paths):
    found = distinct_endings([Path(path) for path in paths])
    return [found[Path(path)] for path in paths]


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["/d/a.hea", "/d/b.hea"], ["a", "b"]),
        (["/d/p1/ecg.csv", "/d/p2/ecg.csv", "/d/x.csv"], ["p1/ecg", "p2/ecg", "x"]),
        (["/1/p/ecg.csv", "/2/p/ecg.csv", "/2/q/ecg.csv"], ["1/p/ecg", "2/p/ecg", "q/ecg"]),
        (["/d/a.csv", "/d/a.npy", "/d/b.csv"], ["a.csv", "a.npy", "b"]),
        (["/d/a.b.hea", "/d/a.c.hea"], ["a.b", "a.c"]),
        (["/ecg.csv", "/d/ecg.csv"], ["ecg", "d/ecg"]),
        ([], []),
    ],
)
def test_endings_are_short_and_distinct(paths, names):
    assert endings(*paths) == names
    assert len(set(names)) == len(names)


def test_own_ids_are_kept_and_repeated_ones_replaced():
    files = [Path("/d/p1/ecg.csv"), Path("/d/p2/ecg.csv"), Path("/d/exams.h5"), Path("/d/x.hea")]
    names = RecordNames(files)
    assert names.name(files[0], "ecg") == "p1/ecg"
    assert names.name(files[1], "patient 7") == "patient 7"
    assert [names.name(files[2], exam) for exam in ("11", "22", "22", "22")] == [
        *("11", "22", "exams", "exams-2")
    ]
    assert names.name(files[3], "22") == "x"
    assert names.name(files[3], "") == "x-2"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("I,II", ["I", "II"]),
        ("v1; AVR ,i", ["I", "aVR", "V1"]),
        ("II,II,Lead II", ["II"]),
        ("I II", ["I", "II"]),  # as written in the column `leads`; not "III"
        ("Lead I, V 1", ["I", "V1"]),
        ("MDC_ECG_LEAD_V6", ["V6"]),
        (None, None),
    ],
)
def test_leads_are_named_in_any_way_and_come_in_order(text, names):
    assert lead_names(text) == names


@pytest.mark.parametrize("text", ["I,,II", "I II V", "V7", "-aVR", "1"])
def test_leads_are_not_guessed(text):
    with pytest.raises(CallError, match="is none of I, II, III, aVR"):
        lead_names(text)


def test_conditions_are_split_at_semicolons_only():
    assert words("ST elevation, anterior; AF ;; LBBB;") == [
        *("ST elevation, anterior", "AF", "LBBB")
    ]
    assert words("AF") == ["AF"] and words(None) is None
    assert words("no.txt; AF") == ["no.txt", "AF"]


def test_conditions_in_a_file_may_hold_comments_and_semicolons(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("AF").write_text("# a list\nsinus rhythm # normal\n\nµ wave; odd\n", encoding="utf-8")
    assert words("AF") == ["sinus rhythm", "µ wave; odd"]
    Path("empty.txt").write_text("# nothing\n")
    with pytest.raises(CallError, match=r"--conditions 'empty\.txt' holds no condition"):
        words("empty.txt")


def test_failures_name_the_file_once_and_list_all_at_the_end(capsys):
    failures = Failures()
    assert failures.close(3) == 0
    failures.add("a.csv", "a.csv: is empty")
    failures.add(Path("b.csv"), ValueError("has no lead V1"))
    assert failures.close(2) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "cardiolex: a.csv: is empty",
        "cardiolex: b.csv: has no lead V1",
        "cardiolex: 2 of 4 not done:",
        "  a.csv",
        "  b.csv",
    ]


def test_files_and_folders_are_found_once(ward, capsys):
    failures = Failures()
    found = find_each([ward / "A0023.mat", ward, ward / "holter.csv", ward / "none"], failures)
    names = ["A0023.hea", "00010_hr.hea", "broken.hea", "holter.csv"]
    assert [path.name for path in found] == names
    assert [Path(path).name for path, _ in failures.reasons] == ["none"]
