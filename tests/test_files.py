import os
import threading

import pytest

from cardiolex.files import atomic_folder, atomic_write, write_text


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_when_it_is_whole(tmp_path):
    target = tmp_path / "new" / "deep" / "table.csv"
    with atomic_write(target) as temporary:
        temporary.write_text("half")
        assert not target.exists()
        assert temporary.parent == target.parent and temporary.suffix == ".csv"
        assert temporary.name.startswith(".")
    assert target.read_text() == "half"
    assert names(target.parent) == ["table.csv"]
    assert target.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_interruption_leaves_the_old_file_and_nothing_else(tmp_path, error):
    target = tmp_path / "table.csv"
    write_text(target, "old")
    with pytest.raises(error), atomic_write(target) as temporary:
        temporary.write_text("ne")
        raise error
    assert target.read_text() == "old" and names(tmp_path) == ["table.csv"]


def test_text_is_utf8(tmp_path):
    write_text(tmp_path / "t", "µV ≥ 1 é")
    assert (tmp_path / "t").read_bytes() == "µV ≥ 1 é".encode()


def test_a_link_is_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link.txt").symlink_to(tmp_path / "real" / "file.txt")
    write_text(tmp_path / "link.txt", "through")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real" / "file.txt").read_text() == "through"


def test_a_pipe_is_written_to_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()), daemon=True)
    reader.start()
    with atomic_write(pipe) as temporary, temporary.open("w") as file:
        file.write("data")
    reader.join(timeout=60)
    assert got == ["data"] and pipe.is_fifo() and names(tmp_path) == ["pipe"]


def test_a_folder_cannot_be_written_as_a_file_nor_a_file_as_a_folder(tmp_path):
    write_text(tmp_path / "file", "x")
    with pytest.raises(IsADirectoryError, match="name a file to write"):
        write_text(tmp_path, "x")
    with pytest.raises(NotADirectoryError, match=r"is a file where a folder is needed.*file"):
        write_text(tmp_path / "file" / "below", "x")
    with pytest.raises(NotADirectoryError, match="name a folder"), atomic_folder(tmp_path / "file"):
        pass
    assert names(tmp_path) == ["file"] and (tmp_path / "file").read_text() == "x"


def test_a_folder_replaces_the_former_one_whole(tmp_path):
    target = tmp_path / "model"
    for content in ("one", "two"):
        with atomic_folder(target) as temporary:
            write_text(temporary / content, content)
            assert not (target / content).exists()
        assert names(target) == [content] and names(tmp_path) == ["model"]


def test_an_interrupted_folder_leaves_the_former_one(tmp_path):
    target = tmp_path / "model"
    target.mkdir()
    write_text(target / "old", "old")
    with pytest.raises(KeyboardInterrupt), atomic_folder(target) as temporary:
        write_text(temporary / "new", "new")
        raise KeyboardInterrupt
    assert names(target) == ["old"] and names(tmp_path) == ["model"]


def test_a_rename_that_fails_brings_the_former_folder_back(tmp_path):
    target = tmp_path / "model"
    target.mkdir()
    write_text(target / "old", "old")
    with pytest.raises(OSError), atomic_folder(target) as temporary:
        temporary.rmdir()  # nothing is left to take its place
    assert names(target) == ["old"] and names(tmp_path) == ["model"]


def test_with_a_mark_only_ones_own_folders_are_replaced(tmp_path):
    home = tmp_path / "home"
    write_text(home / "thesis.txt", "years of work")
    with (
        pytest.raises(FileExistsError, match="holds other files"),
        atomic_folder(home, mark="selftest.npz"),
    ):
        pytest.fail("began to write")
    assert names(home) == ["thesis.txt"]
    write_text(home / "selftest.npz", "ours")
    (tmp_path / "empty").mkdir()
    for folder in (home, tmp_path / "empty", tmp_path / "new"):
        with atomic_folder(folder, mark="selftest.npz") as temporary:
            write_text(temporary / "weights", "w")
        assert names(folder) == ["weights"]


def test_the_folder_one_stands_in_can_be_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_text("here.txt", "x")
    with pytest.raises(FileExistsError), atomic_folder(".", mark="selftest.npz"):
        pass
    assert names(tmp_path) == ["here.txt"]
