"""What a run says: JSON lines always, TensorBoard where installed, a bar or plain lines."""

from __future__ import annotations

import json
import math
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn


class RunLog:
    """Log of one process's run in `folder`; a silent one if `folder` is None.

    `log.jsonl` holds one object per logged step, null for a figure that is not finite. On resuming
    at `step`, later lines are dropped, so a log reads as if the run had never been interrupted.
    """

    def __init__(self, folder: Path | None, steps: int, step: int = 0, quiet: bool = False) -> None:
        self.folder, self.steps = folder, steps
        self.started, self.first_step = time.monotonic(), step
        self._board: Any = None
        self._bar: Progress | None = None
        if folder is None:
            return
        folder.mkdir(parents=True, exist_ok=True)
        _drop_lines_after(folder / "log.jsonl", step)
        self._board = _tensorboard(folder, step)
        self.quiet = quiet
        if not quiet and sys.stderr.isatty():
            self._bar = Progress(
                TextColumn("step {task.completed}/{task.total}"),
                BarColumn(),
                TextColumn("{task.description}"),
                TimeRemainingColumn(),
                console=Console(stderr=True),
            )
            self._task = self._bar.add_task("", total=steps, completed=step)
            self._bar.start()

    def write(self, step: int, values: dict[str, float]) -> None:
        """Log `values` after `step` steps."""
        if self.folder is None:
            return
        entry = {"step": step, **{name: _short(value) for name, value in values.items()}}
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(entry) + "\n")
        if self._board is not None:
            for name, value in values.items():
                self._board.add_scalar(name, value, step)
        self._show(step, values)

    def close(self) -> None:
        """Finish the bar and flush."""
        if self._bar is not None:
            self._bar.stop()
        if self._board is not None:
            self._board.close()

    def _show(self, step: int, values: dict[str, float]) -> None:
        loss, speed = values.get("loss"), values.get("recordings_per_s")
        parts = [] if loss is None else [f"loss {loss:.4f}"]
        parts += [] if speed is None else [f"{speed:.0f} recordings/s"]
        if self._bar is not None:
            self._bar.update(self._task, completed=step, description=", ".join(parts))
        elif not self.quiet:
            done = max(1, step - self.first_step)
            left = (time.monotonic() - self.started) / done * (self.steps - step)
            line = ", ".join([f"step {step}/{self.steps}", *parts, f"{left / 60:.1f} min left"])
            print(line, file=sys.stderr, flush=True)


def _short(value: float) -> float | None:
    """Six digits; None (null), as JSON has no NaN, for a figure that could not be had."""
    return float(f"{value:.6g}") if math.isfinite(value) else None


def _drop_lines_after(path: Path, step: int) -> None:
    if not path.is_file():
        return
    kept = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            if json.loads(line)["step"] <= step:
                kept.append(line)
        except (ValueError, KeyError):
            continue  # a line cut short by a kill
    path.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")


def _tensorboard(folder: Path, step: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder / "tensorboard"), purge_step=step)
