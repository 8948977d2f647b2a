"""A Hugging Face encoder from a folder, the local cache or the hub; errors name the remedy.

Nothing is executed from a model's repository.
"""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from cardiolex.errors import CardiolexError


def load_model(model: str | Path) -> tuple[Any, Any]:
    """Model and tokeniser, from a folder if there is one, else from the hub's cache or the hub.

    A pooler that is not stored is None; anything else that is missing is an error.
    """
    loaded, tokenizer, missing = _load(model, "AutoModel")
    if lacking := [name for name in missing if not name.startswith("pooler.")]:
        raise CardiolexError(
            f"text encoder {str(model)!r} lacks weights: {', '.join(lacking[:3])} ..."
        )
    if missing and hasattr(loaded, "pooler"):
        loaded.pooler = None  # not stored by every model, and made of random numbers otherwise
    return loaded, tokenizer


def load_masked_model(model: str | Path) -> tuple[Any, Any, bool]:
    """A masked language model, its tokeniser and whether its head was stored.

    A head that was not is new, drawn from torch's generator.
    """
    loaded, tokenizer, missing = _load(model, "AutoModelForMaskedLM")
    body = f"{loaded.base_model_prefix}."
    lacking = [n for n in missing if n.startswith(body) and not n.startswith(f"{body}pooler.")]
    if lacking:
        raise CardiolexError(
            f"text encoder {str(model)!r} lacks weights: {', '.join(lacking[:3])} ..."
        )
    if tokenizer.mask_token_id is None:
        raise CardiolexError(f"text encoder {str(model)!r}: its tokeniser has no mask token")
    return loaded, tokenizer, not missing


def _load(model: str | Path, kind: str) -> tuple[Any, Any, list[str]]:
    """Model of an Auto class of transformers, tokeniser, names of weights that were not stored."""
    import transformers

    where = str(model)
    if Path(where).is_dir():
        _check_folder(Path(where))
        options: dict[str, Any] = {"local_files_only": True}
    else:
        options = {"local_files_only": _in_cache(where)}
        if not options["local_files_only"]:
            _check_hub(where)
    try:
        with silence():
            tokenizer = transformers.AutoTokenizer.from_pretrained(where, **options)
            loaded, found = getattr(transformers, kind).from_pretrained(
                where, dtype=torch.float32, output_loading_info=True, **options
            )
    except (OSError, ValueError, RuntimeError) as error:
        first = str(error).strip().splitlines()[0]
        raise CardiolexError(f"text encoder {where!r} cannot be loaded: {first}") from error
    return loaded, tokenizer, list(found["missing_keys"])


@contextmanager
def silence() -> Iterator[None]:
    """Keep transformers' progress bars and load reports off the screen."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def _check_folder(folder: Path) -> None:
    missing = [name for name in ("config.json",) if not (folder / name).is_file()]
    if not any((folder / name).is_file() for name in ("tokenizer.json", "vocab.txt")):
        missing.append("tokenizer.json")
    if not any(folder.glob("*.safetensors")) and not any(folder.glob("pytorch_model*.bin")):
        missing.append("model.safetensors")
    if missing:
        raise CardiolexError(
            f"text encoder folder {folder} lacks {', '.join(missing)}; "
            "save it with save_pretrained of both model and tokeniser"
        )


def _in_cache(name: str) -> bool:
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        return isinstance(try_to_load_from_cache(name, "config.json"), str)
    except HFValidationError as error:
        raise CardiolexError(
            f"text encoder {name!r} is neither a folder nor a Hugging Face name"
        ) from error


def _check_hub(name: str, seconds: float = 5.0) -> None:
    """Fail at once where the hub is out of reach; transformers itself tries for half a minute."""
    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    offline = os.environ.get("HF_HUB_OFFLINE", "").lower() in {"1", "true", "yes", "on"}
    reason = "HF_HUB_OFFLINE is set"
    if not offline:
        try:
            request = urllib.request.Request(endpoint, method="HEAD")
            urllib.request.urlopen(request, timeout=seconds).close()
            return
        except urllib.error.HTTPError:
            return  # it answers
        except (OSError, ValueError) as error:
            reason = f"{endpoint} cannot be reached ({error})"
    raise CardiolexError(
        f"text encoder {name!r} is no local folder and not in the Hugging Face cache, "
        f"and {reason}; download it where there is a network (hf download {name}) "
        "and give the folder's path"
    )
