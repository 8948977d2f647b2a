import numpy as np

from cardiolex import read
from cardiolex.recordings.samples import FOLDER


def test_embeddings_are_those_of_python_by_record(call, model, model_folder, ward, tmp_path):
    target = tmp_path / "vectors.npz"
    files = [ward / "A0023.hea", ward / "holter.csv"]
    ended = call("embed", *files, "--model", model_folder, "--output", target, "--leads", "II,I")
    assert (ended.status, ended.err) == (0, "") and str(target) in ended.out
    with np.load(target) as stored:
        assert list(stored["record"]) == ["A0023", "holter"]
        want = model.embed([read(file) for file in files], leads=["I", "II"])
        np.testing.assert_allclose(stored["embedding"], want, rtol=0, atol=1e-4)


def test_what_cannot_be_read_is_left_out_and_reported(call, model_folder, ward, tmp_path):
    ended = call("embed", ward, "--model", model_folder, "--output", tmp_path / "vectors")
    assert ended.status == 1 and str(ward / "broken.hea") in ended.err
    with np.load(tmp_path / "vectors.npz") as stored:
        assert list(stored["record"]) == ["00010_hr", "A0023", "holter"]
        assert stored["embedding"].shape == (3, 32)


def test_nothing_readable_writes_nothing(call, model_folder, ward, tmp_path):
    target = tmp_path / "vectors.npz"
    ended = call("embed", ward / "broken.hea", "--model", model_folder, "--output", target)
    assert ended.status == 1 and "nothing was written" in ended.err
    assert not target.exists()


def test_another_kind_of_file_is_refused(call, model_folder, tmp_path):
    target = tmp_path / "vectors.csv"
    ended = call("embed", FOLDER, "--model", model_folder, "--output", target)
    assert ended.status == 2 and "embeddings are written as .npz" in ended.err


def test_texts_come_in_the_space_of_the_recordings(call, model, model_folder, ward, tmp_path):
    target = tmp_path / "vectors.npz"
    ended = call("embed", ward / "A0023.hea", "--texts", "sinus rhythm; LBBB", "--output", target,
                 "--model", model_folder)  # fmt: skip
    assert (ended.status, ended.err) == (0, "")
    with np.load(target) as stored:
        assert list(stored["text"]) == ["sinus rhythm", "LBBB"]
        same = {"rtol": 0, "atol": 1e-4}
        np.testing.assert_allclose(
            stored["text_embedding"], model.embed_text(["sinus rhythm", "LBBB"]), **same
        )
        projected = model.project([read(ward / "A0023.hea")])
        np.testing.assert_allclose(stored["embedding"], projected, **same)
    call("embed", ward / "A0023.hea", "--aligned", "--output", target, "--model", model_folder)
    with np.load(target) as stored:
        assert sorted(stored) == ["embedding", "record"]
        np.testing.assert_allclose(stored["embedding"], projected, **same)


def test_texts_alone_need_no_recording(call, model_folder, tmp_path):
    texts = tmp_path / "texts.txt"
    texts.write_text("sinus rhythm\n# a comment\n\nleft bundle branch block\n")
    target = tmp_path / "vectors.npz"
    ended = call("embed", "--texts", texts, "--output", target, "--model", model_folder)
    assert ended.status == 0 and ended.out.startswith("2 embeddings")
    with np.load(target) as stored:
        assert list(stored["text"]) == ["sinus rhythm", "left bundle branch block"]
        assert sorted(stored) == ["text", "text_embedding"]
    nothing = call("embed", "--output", target)
    assert nothing.status == 2 and "nothing to embed" in nothing.err
