"""The reader of measurements in a checkpoint folder: settings, names of its values, weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file

from cardiolex.encoders.text import TextEncoder
from cardiolex.errors import CardiolexError
from cardiolex.nn.measurement_reader import MeasurementReader
from cardiolex.recordings.measurements import NAMES
from cardiolex.recordings.preprocess import Preprocess

FILE = "reader.safetensors"


def reader_facts(reader: MeasurementReader, preprocess: Preprocess) -> dict[str, Any]:
    """What config.json says of a reader; CardiolexError if it cannot work with `preprocess`."""
    if preprocess.scale != "mv":
        raise CardiolexError(
            f"measurements need millivolts; this model scales its windows ({preprocess.scale!r})"
        )
    return {"settings": reader.config.model_dump(mode="json"), "values": list(NAMES)}


def read_reader(
    root: Path, facts: dict[str, Any] | None, text: TextEncoder | None, source: Path | None = None
) -> MeasurementReader | None:
    """The reader of the checkpoint in `root`, if config.json names one (`facts`).

    Weights that `root` does not hold are those of the model in `source`, from which it borrows.
    """
    if facts is None:
        return None
    try:
        settings = MeasurementReader.Config.model_validate(facts.get("settings"))
    except ValidationError as error:
        raise CardiolexError(f"{root / 'config.json'}: reader: {error}") from error
    if facts.get("values") != list(NAMES):
        raise CardiolexError(
            f"{root / 'config.json'}: its reader knows other measurements than this version of "
            "cardiolex makes; use the version that wrote it, or `cardiolex pretrain reader`"
        )
    if text is None:
        raise CardiolexError(f"{root}: has a reader of measurements but no text encoder")
    reader = MeasurementReader(settings, len(NAMES), text.dim)
    path = root / FILE
    try:
        lent = {} if source is None else load_file(source / FILE)
        reader.load_state_dict({**lent, **load_file(path)})
    except (OSError, SafetensorError) as error:
        raise CardiolexError(f"{path}: cannot be read ({error}); fetch it again") from error
    except RuntimeError as error:
        raise CardiolexError(f"{path}: does not fit config.json: {error}") from error
    return reader.eval()
