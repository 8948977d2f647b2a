"""The recordings of an index that are most like one."""

import numpy as np
import pytest

from cardiolex import read
from cardiolex.errors import CardiolexError
from cardiolex.recordings.samples import samples
from cardiolex.search import Entry, Maker, SearchIndex, write_index

PATHS = [sample.path for sample in samples()[:4]]


@pytest.fixture(scope="module")
def vectors(model):
    return model.project([read(path) for path in PATHS])


@pytest.fixture(scope="module")
def index(model, vectors, tmp_path_factory):
    """The four recordings, and the first once more under another path."""
    folder = tmp_path_factory.mktemp("similar") / "index"
    entries = [Entry(path.stem, source=str(path.resolve())) for path in PATHS]
    with write_index(folder, model.maker()) as writer:
        writer.add("recording", vectors, entries)
        writer.add("recording", vectors[:1], [Entry("copy", source="/elsewhere/copy.hea")])
    return SearchIndex(folder)


def test_a_copy_comes_first_then_the_others_by_cosine_and_never_the_file_itself(
    model, index, vectors
):
    hits = model.similar(read(PATHS[0]), index, most=9)
    cosines = vectors[1:] @ vectors[0]
    order = np.argsort(-cosines, kind="stable")
    assert [hit.entry.id for hit in hits] == ["copy", *(PATHS[1 + i].stem for i in order)]
    assert hits[0].similarity == pytest.approx(1, abs=1e-5)
    assert [hit.similarity for hit in hits[1:]] == pytest.approx(list(cosines[order]), abs=1e-5)


def test_only_the_leads_given_are_compared(model, index, vectors):
    recording = read(PATHS[1])
    (alone,) = model.project([recording], leads=["II"])
    hits = model.similar(recording, index, most=1, leads=["II"])
    assert hits[0].similarity == pytest.approx(float(np.delete(vectors, 1, 0).dot(alone).max()))


def test_an_index_of_another_model_is_refused(model, tmp_path, vectors):
    with write_index(tmp_path / "other", Maker("other 1.0", "abc", "shared")) as writer:
        writer.add("recording", vectors[:1], [Entry("x")])
    with pytest.raises(CardiolexError, match="do not compare"):
        model.similar(read(PATHS[0]), SearchIndex(tmp_path / "other"))
