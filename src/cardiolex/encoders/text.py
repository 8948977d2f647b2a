"""Text encoders: a frozen language model turns names and reports into vectors.

N texts, Dt dimensions. K-MERL's is MedCPT's query encoder ([CLS] for queries, mean over the tokens
of a report); any BERT-like model of Hugging Face does, by name or as a local folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

import torch
from torch import Tensor

from cardiolex.errors import CardiolexError
from cardiolex.files import write_text
from cardiolex.nn.pooling import masked_mean

Pooling = Literal["cls", "mean"]
MEDCPT = "ncbi/MedCPT-Query-Encoder"
STATEMENT = "cardiolex.json"
"""File in an encoder's folder that states, among other things, how its vectors are pooled."""


class TextEncoder(Protocol):
    """Anything that turns texts into vectors."""

    @property
    def name(self) -> str:
        """What messages call it."""
        ...

    @property
    def dim(self) -> int:
        """Length of a vector."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the vectors would."""
        ...

    def encode(self, texts: Sequence[str], pooling: Pooling) -> Tensor:
        """(N, Dt) float32; "cls" is meant for queries, "mean" for reports."""
        ...


class HuggingFaceText:
    """A Hugging Face encoder: a folder (config.json, model.safetensors, tokenizer) or a hub name.

    Queries ("cls") are cut to `query_tokens`, reports ("mean") to `report_tokens`, both to what
    the model can take. Hub models are looked for in the local cache first; nothing is executed
    from a model's repository. `query_pooling` and `report_pooling` are what suits the encoder.
    """

    def __init__(
        self,
        model: str | Path = MEDCPT,
        *,
        query_tokens: int = 64,
        report_tokens: int = 256,
        batch_size: int | None = None,
        device: str | torch.device = "cpu",
    ) -> None:
        self.name = str(model)
        self.device = torch.device(device)
        # Small batches of texts of like length: on a CPU, padding costs as much as text.
        self.batch_size = batch_size or (16 if self.device.type == "cpu" else 256)
        self._model, self._tokenizer = _load(model)
        self._model.to(self.device).eval().requires_grad_(False)
        most = int(getattr(self._model.config, "max_position_embeddings", report_tokens))
        self.query_pooling, self.report_pooling = stated_pooling(model)
        self._limits = {"cls": min(query_tokens, most), "mean": min(report_tokens, most)}

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self._model.config.hidden_size)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of weights, tokeniser and limits."""
        digest = hashlib.sha256(repr(sorted(self._limits.items())).encode())
        rules = json.loads(self._tokenizer.backend_tokenizer.to_str())
        rules = {key: rules[key] for key in sorted(rules) if key not in ("truncation", "padding")}
        digest.update(json.dumps(rules, sort_keys=True).encode())
        for name, value in sorted(self._model.state_dict().items()):
            digest.update(name.encode())
            digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
        return digest.hexdigest()[:20]

    @torch.no_grad()
    def encode(self, texts: Sequence[str], pooling: Pooling) -> Tensor:
        """(N, Dt) on the CPU, in the order of `texts`."""
        if pooling not in self._limits:
            raise CardiolexError(f"pooling {pooling!r}: choose 'cls' or 'mean'")
        result = torch.empty(len(texts), self.dim)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for first in range(0, len(order), self.batch_size):
            rows = order[first : first + self.batch_size]
            result[rows] = self._encode_batch([texts[i] for i in rows], pooling).float().cpu()
        return result

    def save(self, folder: Path) -> None:
        """Write the model as a plain Hugging Face folder."""
        with _silence():
            self._model.save_pretrained(folder)
            self._tokenizer.save_pretrained(folder)
        stated = {"query_pooling": self.query_pooling, "report_pooling": self.report_pooling}
        write_text(folder / STATEMENT, json.dumps(stated, indent=1) + "\n")

    def _encode_batch(self, texts: list[str], pooling: Pooling) -> Tensor:
        tokens = self._tokenizer(
            texts,
            padding=True,
            truncation=True,
            max_length=self._limits[pooling],
            return_tensors="pt",
        ).to(self.device)
        hidden: Tensor = self._model(**tokens).last_hidden_state  # (n, tokens, Dt)
        if pooling == "cls":
            return hidden[:, 0]
        return masked_mean(hidden, tokens["attention_mask"])


def stated_pooling(model: str | Path) -> tuple[Pooling, Pooling]:
    """Pooling of queries and of reports as the encoder's folder states them.

    A hub name, or a folder that states nothing, is pooled as MedCPT: [CLS] and mean.
    """
    path = Path(model) / STATEMENT
    if not path.is_file():
        return "cls", "mean"
    try:
        stated = json.loads(path.read_text(encoding="utf-8"))
        query, report = stated["query_pooling"], stated["report_pooling"]
    except (ValueError, KeyError, TypeError) as error:
        raise CardiolexError(
            f"{path}: does not state query_pooling and report_pooling ({error!r})"
        ) from error
    if query not in get_args(Pooling) or report not in get_args(Pooling):
        raise CardiolexError(f"{path}: pooling {query!r}, {report!r}; choose 'cls' or 'mean'")
    return query, report


def _load(model: str | Path) -> tuple[Any, Any]:
    """Model and tokeniser, from a folder if there is one, else from the hub's cache or the hub."""
    from transformers import AutoModel, AutoTokenizer

    where = str(model)
    if Path(where).is_dir():
        _check_folder(Path(where))
        options: dict[str, Any] = {"local_files_only": True}
    else:
        options = {"local_files_only": _in_cache(where)}
        if not options["local_files_only"]:
            _check_hub(where)
    try:
        with _silence():
            tokenizer = AutoTokenizer.from_pretrained(where, **options)
            model, found = AutoModel.from_pretrained(
                where, dtype=torch.float32, output_loading_info=True, **options
            )
    except (OSError, ValueError, RuntimeError) as error:
        first = str(error).strip().splitlines()[0]
        raise CardiolexError(f"text encoder {where!r} cannot be loaded: {first}") from error
    missing = [key for key in found["missing_keys"] if not key.startswith("pooler.")]
    if missing:
        raise CardiolexError(f"text encoder {where!r} lacks weights: {', '.join(missing[:3])} ...")
    if hasattr(model, "pooler"):
        model.pooler = None  # never used here, and not stored by every model
    return model, tokenizer


@contextmanager
def _silence() -> Iterator[None]:
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
