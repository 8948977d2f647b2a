import json

import numpy as np
import pytest

from cardiolex.errors import CardiolexError
from cardiolex.search import Entry, Maker, SearchIndex, distinct, write_index
from cardiolex.search import top as top_module
from cardiolex.search.top import top

MAKER = Maker("model 1.0", "abc", "shared")


def unit(rows):
    rows = np.asarray(rows, np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def random(n, dim=16, seed=0):
    return unit(np.random.default_rng(seed).normal(size=(n, dim)))


@pytest.fixture
def vectors():
    return random(50)


@pytest.fixture
def folder(tmp_path, vectors):
    with write_index(tmp_path / "index", MAKER) as writer:
        for start in range(0, 50, 20):
            rows = range(start, min(start + 20, 50))
            entries = [Entry(f"r{i}", f"text {i}", f"p{i}", f"/data/{i // 2}.hea") for i in rows]
            writer.add("recording", vectors[rows.start : rows.stop], entries)
        writer.add("report", vectors[:3], [Entry(f"t{i}", "text", count=i + 1) for i in range(3)])
    return tmp_path / "index"


# ------------------------------------------------------------ exact search
@pytest.mark.parametrize(("chunk", "queries"), [(1, 1), (7, 3), (10_000, 64)])
def test_search_in_chunks_is_a_full_sort(chunk, queries, monkeypatch):
    monkeypatch.setattr(top_module, "CHUNK", chunk)
    monkeypatch.setattr(top_module, "QUERIES", queries)
    vectors, asked = random(200), random(9, seed=1)
    rows, scores = top(asked, vectors, 12)
    want = np.argsort(-(asked @ vectors.T), axis=1)[:, :12]
    np.testing.assert_array_equal(rows, want)
    np.testing.assert_allclose(scores, np.take_along_axis(asked @ vectors.T, want, 1), atol=1e-6)


def test_fewer_rows_than_asked_for_are_all_of_them():
    rows, _ = top(random(2), random(3, seed=2), 10)
    assert sorted(rows[0]) == sorted(rows[1]) == [0, 1, 2]


@pytest.mark.parametrize("k", [1, 3, 5])
def test_rows_of_equal_similarity_stand_in_their_order(k):
    vectors = unit([[1, 0], [0, 1]])[[1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] * 3]
    rows, _ = top(unit([[1, 0]]), vectors, k)
    assert list(rows[0]) == [1, 2, 4, 5, 6][:k]


# ------------------------------------------------------------ the folder
def test_what_was_written_is_found(folder, vectors):
    index = SearchIndex(folder)
    assert index.counts == {"recording": 50, "report": 3} and index.dim == 16
    (hits,) = index.nearest(vectors[33:34], 2, "recording")
    assert hits[0].entry == Entry("r33", "text 33", "p33", "/data/16.hea")
    assert (hits[0].rank, hits[0].row) == (1, 33) and hits[0].similarity == pytest.approx(1)
    (reports,) = index.nearest(vectors[2:3], 9, "report")
    assert len(reports) == 3 and reports[0].entry == Entry("t2", "text", count=3)


def test_what_is_left_out_makes_room_for_the_next(folder, vectors):
    index = SearchIndex(folder)
    (everything,) = index.nearest(vectors[:1], 5, "recording")
    (others,) = index.nearest(vectors[:1], 4, "recording", [index.rows_from("/data/0.hea")])
    left = [hit.row for hit in everything if hit.row not in (0, 1)]
    assert index.rows_from("/data/0.hea") == [0, 1] and index.rows_from("/else.hea") == []
    assert [hit.row for hit in others][: len(left)] == left
    assert [hit.rank for hit in others] == [1, 2, 3, 4]


def test_vectors_of_two_models_never_mix(folder):
    index = SearchIndex(folder)
    index.check_maker(Maker("renamed", "abc", "shared", "/elsewhere"))
    for other in (Maker("model 1.0", "abd", "shared"), Maker("model 1.0", "abc", "recordings")):
        with pytest.raises(CardiolexError, match="their vectors do not compare"):
            index.check_maker(other)


def test_the_arrays_are_plain_numpy_and_the_rest_plain_text(folder, vectors):
    np.testing.assert_array_equal(np.load(folder / "recordings.npy"), vectors)
    assert json.loads((folder / "index.json").read_text())["maker"]["name"] == "model 1.0"


def test_a_failure_leaves_the_former_index(folder, vectors):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(KeyError), write_index(folder, MAKER) as writer:
        writer.add("recording", vectors[:1], [Entry("x")])
        raise KeyError
    with pytest.raises(CardiolexError, match="nothing to put"), write_index(folder, MAKER):
        pass
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["index"]


def test_a_folder_of_somebody_else_is_kept(tmp_path, vectors):
    (tmp_path / "photo.jpg").touch()
    with pytest.raises(OSError, match=r"other files \(no index.json\)"):  # noqa: SIM117
        with write_index(tmp_path, MAKER) as writer:
            writer.add("recording", vectors[:1], [Entry("x")])


def test_vectors_that_do_not_fit_are_refused(tmp_path, vectors):
    for bad, entries in (
        (vectors[:2], [Entry("x")]),
        (np.full((1, 16), np.nan, np.float32), [Entry("x")]),
    ):
        with (
            pytest.raises(CardiolexError, match="vectors for 1"),
            write_index(tmp_path / "new", MAKER) as writer,
        ):
            writer.add("recording", bad, entries)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["recordings.npy", "reports.parquet"])
def test_a_damaged_index_names_the_file(folder, vectors, name):
    (folder / name).write_bytes((folder / name).read_bytes()[:-40])
    index = SearchIndex(folder)
    with pytest.raises(CardiolexError, match=name):
        index.nearest(vectors[:1], 1, "recording" if "recording" in name else "report")


@pytest.mark.parametrize(
    ("content", "message"),
    [("{", "damaged"), ('{"schema": 9}', "schema 9"), ('{"schema": 1, "dim": 3}', "damaged")],
)
def test_a_header_that_cannot_be_understood_is_named(folder, content, message):
    (folder / "index.json").write_text(content)
    with pytest.raises(CardiolexError, match=message):
        SearchIndex(folder)


def test_no_index_says_how_to_make_one(tmp_path):
    with pytest.raises(CardiolexError, match="cardiolex search build"):
        SearchIndex(tmp_path)


def test_queries_of_another_length_are_refused(folder):
    with pytest.raises(CardiolexError, match="16 dimensions"):
        SearchIndex(folder).nearest(random(1, 8), 1, "recording")


def test_each_report_once_with_its_number():
    entries = [("a", Entry("1", "A", "p")), ("b", Entry("2", "B")), ("a", Entry("3", "a"))]
    assert list(distinct(entries)) == [Entry("1", "A", "p", "", 2), Entry("2", "B")]
