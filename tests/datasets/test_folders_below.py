"""A data set whose folders lie on another disk is found through the links, and circles end."""

from cardiolex.datasets.folders_below import folders_below
from cardiolex.evaluation.mini_benchmark import present_tables


def test_links_to_folders_are_entered_once(tmp_path):
    disk, root = tmp_path / "disk" / "records500", tmp_path / "ptb-xl"
    (disk / "00000").mkdir(parents=True)
    (disk / "00000" / "00009_hr.hea").touch()
    (disk / ".hidden").mkdir()
    root.mkdir()
    (root / "records500").symlink_to(disk)
    (disk / "00000" / "back").symlink_to(root)
    found = [(folder.relative_to(root).as_posix(), names) for folder, names in folders_below(root)]
    assert found == [
        (".", []),
        ("records500", []),
        ("records500/00000", ["00009_hr.hea"]),
    ]
    (table,) = present_tables(root, sets=("ptbxl_super",))
    assert table.records == ("records500/00000/00009_hr.hea",)
