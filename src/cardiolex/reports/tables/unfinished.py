"""The work of a run that has not ended: its parts in a folder, and whose they are."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from cardiolex.files import write_text
from cardiolex.reports.tables.parts import PartFiles

FOLDER = "unfinished"
"""Name of the folder, in that of the results."""
FORMAT = 1


class Unfinished:
    """Parts done so far; those of another run (other input, vocabulary or extractor) are dropped.

    Without an `identity` nothing is ever gone on with.
    """

    def __init__(self, folder: Path, identity: Sequence[str]) -> None:
        self.folder = folder / FOLDER
        self._identity = json.dumps([FORMAT, *identity], indent=1) if identity else ""

    def claim(self) -> None:
        """Keep what an equal run left, clear away anything else."""
        told = self.folder / "run.json"
        left_by = told.read_text(encoding="utf-8") if told.is_file() else None
        if not self._identity or left_by != self._identity:
            self.clear()
            write_text(told, self._identity)

    def clear(self) -> None:
        """Remove all parts."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def results(self) -> Path:
        """An empty folder for the files that the parts are joined to."""
        folder = self.folder / "results"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def publish(self, folder: Path) -> None:
        """Move the results to `folder`, the labels last, and clear all else away."""
        files = sorted((self.folder / "results").iterdir(), key=lambda file: file.suffix == ".npz")
        for file in files:
            file.replace(folder / file.name)
        self.clear()

    def part(self, number: int) -> PartFiles:
        """Where part `number` is kept."""
        return PartFiles(self.folder, number)
