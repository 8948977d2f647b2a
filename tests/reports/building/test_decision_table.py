"""A person reads the table, edits it in whatever program, and is obeyed."""

from pathlib import Path

import pytest

from cardiolex.errors import CardiolexError
from cardiolex.reports.building import (
    Decision,
    DecisionTable,
    build,
    extended,
    statistics,
    statistics_csv,
    targets,
    warnings,
)
from cardiolex.reports.vocabulary import Vocabulary

NAMES = {"pacs": 9, "left slur": 5, "right slur": 4, "slurs, left": 3, "hump": 2, "odd; name, x": 1}


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary.load()


@pytest.fixture
def table(vocabulary: Vocabulary) -> DecisionTable:
    return build(NAMES, vocabulary)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, old
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_untouched_tables_round_trip_and_nothing_is_by_hand(
    table: DecisionTable, tmp_path: Path
) -> None:
    table.save(tmp_path / "d.csv")
    again = DecisionTable.load(tmp_path / "d.csv")
    assert again.rows == table.rows
    assert again.by_hand() == ()


def test_edited_rows_win_over_every_rule_and_survive_building_again(
    table: DecisionTable, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    path = tmp_path / "d.csv"
    table.save(path)
    edit(path, "same,pacs,premature atrial complex", "drop,pacs,")
    edit(path, 'new,"slurs, left",', 'same,"slurs, left",left slur')
    edit(path, "new,hump,", "same,hump,Early Repolarization")
    with path.open("a", encoding="utf-8") as file:
        file.write("kind of,left slur,conduction disturbance,,,,\n")
    reviewed = DecisionTable.load(path)
    assert len(reviewed.by_hand()) == 4
    rebuilt = build(NAMES | {"new one": 1}, vocabulary, reviewed=reviewed)
    assert targets(rebuilt, vocabulary) == {
        "pacs": None,
        "left slur": "conduction disturbance",
        "slurs, left": "conduction disturbance",
        "right slur": None,
        "hump": "early repolarization",
        "odd; name, x": None,
        "new one": None,
    }
    rebuilt.save(path)
    once_more = build(NAMES, vocabulary, reviewed=DecisionTable.load(path))
    assert {r.pair for r in once_more.by_hand()} == {r.pair for r in reviewed.by_hand()}
    grown = extended(once_more, vocabulary, version="2")
    assert grown.resolve("slurs left") == "left slur"


def test_kept_apart_by_hand_means_never_merged(vocabulary: Vocabulary) -> None:
    import numpy as np

    names = {"alpha slur": 3, "beta slur": 2}
    alike = lambda texts: np.ones((len(texts), 2), dtype=np.float32)  # noqa: E731
    merged = build(names, vocabulary, encode=alike, map_above=2)
    assert targets(merged, extended(merged, vocabulary, version="2"))["beta slur"] == "alpha slur"
    apart = DecisionTable((Decision("apart", "beta slur", "alpha slur", by_hand=True),))
    split = build(names, vocabulary, encode=alike, map_above=2, reviewed=apart)
    assert {r.name for r in split if r.decision == "new"} == set(names)


def test_a_spreadsheets_way_of_saving_is_understood(table: DecisionTable, tmp_path: Path) -> None:
    import csv
    import io

    rows = list(csv.reader(io.StringIO(table.to_csv())))
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerows([*rows, [""] * 7])
    path = tmp_path / "d.csv"
    path.write_bytes(b"\xef\xbb\xbf" + text.getvalue().encode())
    assert DecisionTable.load(path).rows == table.rows


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("merge,a,b,,,,", "line 2: decision 'merge' is none of same, kind of, new, drop, apart"),
        ("same,a,,,,,", "line 2: decision 'same' for 'a' needs a target"),
        ("new,a,b,,,,", "line 2: decision 'new' for 'a' takes no target"),
        ("new,,,,,,", "line 2: has no name"),
        ("new,a,,many,,,", "line 2: 'many' is no number"),
        ("new,a,,,,,\ndrop,a,,,,,", "'a' is both 'new' and 'drop'"),
    ],
)
def test_mistakes_are_named_with_file_and_line(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "mine.csv"
    head = "decision,name,target,mentions,similarity,reason,check"
    path.write_text(f"{head}\n{line}\n", encoding="utf-8")
    with pytest.raises(CardiolexError, match=rf"mine\.csv.*{message}"):
        DecisionTable.load(path)


def test_files_that_are_no_table_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(CardiolexError, match="no column 'decision'"):
        DecisionTable.load(tmp_path / "x.csv")
    (tmp_path / "y.csv").write_bytes(b"\xff\xfe\x00d")
    with pytest.raises(CardiolexError, match="cannot be read"):
        DecisionTable.load(tmp_path / "y.csv")


def test_merges_by_hand_against_a_guard_hold_and_are_pointed_out(vocabulary: Vocabulary) -> None:
    table = DecisionTable((Decision("same", "left slur", "right axis deviation", by_hand=True),))
    assert targets(table, vocabulary) == {"left slur": "right axis deviation"}
    (warning,) = warnings(table, vocabulary)
    assert "'left' against 'right'" in warning


def test_statistics_follow_the_published_stages(
    table: DecisionTable, vocabulary: Vocabulary
) -> None:
    rows = statistics([("raw mentions", 24), ("unique raw", 6)], table, vocabulary)
    found = {row.stage: row.count for row in rows}
    assert found["raw mentions"] == 24
    assert found["clusters"] == 6
    assert found["clusters mapped to the vocabulary"] == 1
    assert statistics_csv(rows).splitlines()[:2] == ["stage,count,note", "raw mentions,24,"]
