import numpy as np
import pytest

from cardiolex.datasets.splits import load_split
from cardiolex.errors import CardiolexError
from cardiolex.evaluation.answers import ask_shared
from cardiolex.evaluation.kept_scores import KeptScores
from cardiolex.evaluation.loading import load_table
from cardiolex.evaluation.mini_benchmark import present_tables
from cardiolex.evaluation.zero_shot import evaluate_zero_shot
from cardiolex.recordings.recording import Recording
from cardiolex.recordings.samples import FOLDER


def test_records_are_found_by_name_with_their_published_labels():
    """The bundled samples hold records of PTB-XL and CPSC2018."""
    tables = {table.name: table for table in present_tables(FOLDER)}
    assert {"ptbxl_super", "cpsc2018"} <= set(tables)
    for name in ("ptbxl_super", "cpsc2018"):
        table, whole = tables[name], load_split(name)
        assert table.conditions == whole.conditions
        assert all((table.root / record).is_file() for record in table.records)
        for record, labels in zip(table.records, table.labels, strict=True):
            stem = record.rpartition("/")[2].removesuffix(".hea")
            rows = [
                part.by_code(whole.codes)[n]
                for part in whole.parts.values()
                for n, path in enumerate(part.records)
                if path.rpartition("/")[2] == stem
            ]
            assert len(rows) == 1
            np.testing.assert_array_equal(labels, rows[0])


def test_a_header_goes_before_a_mat_and_parts_are_chosen(tmp_path):
    test = load_split("cpsc2018").part("test").records[0]
    train = load_split("cpsc2018").part("train").records[0]
    for name in (f"{test}.mat", f"{test}.hea", f"deep/{train}.mat"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (table,) = present_tables(tmp_path, ["cpsc2018"])
    assert set(table.records) == {f"{test}.hea", f"deep/{train}.mat"}
    (judged,) = present_tables(tmp_path, ["cpsc2018"], ["test"])
    assert judged.records == (f"{test}.hea",)
    with pytest.raises(CardiolexError, match="no part 'exam'"):
        present_tables(tmp_path, ["cpsc2018"], ["exam"])
    with pytest.raises(CardiolexError, match=r"holds no record of csn.*JS00001"):
        present_tables(tmp_path, ["csn"])


def test_records_that_sets_share_are_asked_once(table, labels, tmp_path):
    calls = []

    def score(recordings, conditions, leads):
        calls.extend((r.id, conditions, leads) for r in recordings)
        heights = np.array([r.mv[0, 0] for r in recordings])
        return np.tile(heights[:, None] / 100, (1, len(conditions)))

    def read(path):
        number = int(path.stem[1:])
        return Recording(np.full((1, 9), number, np.float32), ("I",), 10.0, id=str(number))

    loaded = load_table(table, read)
    other = load_table(
        type(table)("other", table.root, table.records[:5], ("else",), labels[:5, :1]), read
    )
    kept = KeptScores(tmp_path / "kept.sqlite", "m").score(score)
    ask_shared(kept, [loaded, other], [None, ("I",)])
    assert len(calls) == 2 * 60
    asked = {(r, leads): conditions for r, conditions, leads in calls}
    assert asked[("3", None)] == (*table.conditions, "else")
    assert asked[("30", ("I",))] == table.conditions
    evaluate_zero_shot(kept, loaded, ["I"], resamples=5)
    evaluate_zero_shot(kept, other, min_positives=1, resamples=5)
    assert len(calls) == 2 * 60
