"""Run by tests in processes of their own: `python train_in_process.py FOLDER SETTINGS-AS-JSON`."""

import json
import sys
from pathlib import Path

from safetensors.torch import save_file
from synthetic import trainer

from cardiolex.training.distributed import processes


def train_together(folder: Path, settings: dict) -> None:
    """Train alone or as a member of a group; the first writes the result."""
    with processes("cpu") as group:
        trained = trainer(folder, group, **settings).run()
        if group.first:
            weights = {name: value.contiguous() for name, value in trained.weights.items()}
            save_file(weights, folder / "result.safetensors", {"finished": str(trained.finished)})


if __name__ == "__main__":
    train_together(Path(sys.argv[1]), json.loads(sys.argv[2]))
