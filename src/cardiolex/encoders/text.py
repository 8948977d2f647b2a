"""Text encoders: a language model turns names and reports into vectors.

N texts, Dt dimensions. K-MERL's is MedCPT's query encoder ([CLS] for queries, mean over the tokens
of a report); any BERT-like model of Hugging Face does, by name or as a local folder. Frozen unless
`train_last_layers` says otherwise.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

import torch
from torch import Tensor, nn

from cardiolex.encoders.text_loading import load_model, silence
from cardiolex.errors import CardiolexError
from cardiolex.files import write_text
from cardiolex.nn.pooling import masked_mean

Pooling = Literal["cls", "mean", "pooler"]
"""The state of [CLS], the mean over a text's tokens, or BERT's tanh pooler over [CLS]."""
POOLINGS = ", ".join(map(repr, get_args(Pooling)))
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

    Queries ("cls") are cut to `query_tokens`, reports ("mean", "pooler") to `report_tokens`, all to
    what the model can take. Hub models are looked for in the local cache first; nothing is executed
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
        device = torch.device(device)
        # Small batches of texts of like length: on a CPU, padding costs as much as text.
        self.batch_size = batch_size or (16 if device.type == "cpu" else 256)
        self._model, self._tokenizer = load_model(model)
        self._model.to(device).eval().requires_grad_(False)
        most = int(getattr(self._model.config, "max_position_embeddings", report_tokens))
        self.query_pooling, self.report_pooling = stated_pooling(model)
        self._record = statement_of(model)
        reports = min(report_tokens, most)
        self._limits = {"cls": min(query_tokens, most), "mean": reports, "pooler": reports}
        self._hashed: tuple[int, str] | None = None

    @property
    def model(self) -> nn.Module:
        """The network itself; a system that trains it registers it as its `text_model`."""
        network: nn.Module = self._model
        return network

    @model.setter
    def model(self, network: nn.Module) -> None:
        self._model, self._hashed = network, None

    @property
    def tokenizer(self) -> Any:
        """The tokeniser, as transformers gives it."""
        return self._tokenizer

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        where: torch.device = next(self._model.parameters()).device
        return where

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self._model.config.hidden_size)

    def limit(self, pooling: Pooling) -> int:
        """Most tokens of a text that is pooled so; what is longer is cut."""
        return self._limits[pooling]

    @property
    def fingerprint(self) -> str:
        """Hash of weights, tokeniser and limits; computed anew as long as anything is trained."""
        # A fused optimiser leaves `_version` as it is, hence the look at requires_grad.
        if any(p.requires_grad for p in self._model.parameters()):
            self._hashed = None
            return self._fingerprint()
        version = sum(value._version for value in self._model.state_dict().values())
        if self._hashed is None or self._hashed[0] != version:
            self._hashed = version, self._fingerprint()
        return self._hashed[1]

    @torch.no_grad()
    def encode(self, texts: Sequence[str], pooling: Pooling) -> Tensor:
        """(N, Dt) on the CPU, in the order of `texts`, without dropout."""
        self._check_pooling(pooling)
        was_training = self._model.training
        self._model.eval()
        result = torch.empty(len(texts), self.dim)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for first in range(0, len(order), self.batch_size):
            rows = order[first : first + self.batch_size]
            vectors = self.encode_with_gradient([texts[i] for i in rows], pooling)
            result[rows] = vectors.float().cpu()
        self._model.train(was_training)
        return result

    def encode_with_gradient(self, texts: Sequence[str], pooling: Pooling) -> Tensor:
        """(N, Dt) on the network's device, in one pass; the network's mode decides on dropout."""
        self._check_pooling(pooling)
        if not texts:
            return torch.empty(0, self.dim, device=self.device)
        tokens = self._tokenizer(
            list(texts),
            padding=True,
            truncation=True,
            max_length=self._limits[pooling],
            return_tensors="pt",
        ).to(self.device)
        output = self._model(**tokens)
        hidden: Tensor = output.last_hidden_state  # (N, tokens, Dt)
        if pooling == "pooler":
            pooled: Tensor = output.pooler_output
            return pooled
        return hidden[:, 0] if pooling == "cls" else masked_mean(hidden, tokens["attention_mask"])

    def train_last_layers(self, k: int, *, embeddings: bool = False) -> None:
        """Let the last `k` layers be trained (and the embeddings), and nothing else.

        The pooler is trained along where reports are pooled with it.
        """
        layers = transformer_layers(self._model)
        if not 0 <= k <= len(layers):
            raise CardiolexError(
                f"text encoder {self.name!r} has {len(layers)} layers; {k} of them cannot be "
                f"trained, choose 0 to {len(layers)}"
            )
        self._hashed = None
        self._model.requires_grad_(False)
        for layer in layers[len(layers) - k :]:
            layer.requires_grad_(True)
        self._model.get_input_embeddings().requires_grad_(embeddings)
        if embeddings and isinstance(around := getattr(self._model, "embeddings", None), nn.Module):
            around.requires_grad_(True)
        if k and self.report_pooling == "pooler" and self._has_pooler():
            self._model.pooler.requires_grad_(True)

    def save(self, folder: Path) -> None:
        """Write the model as a plain Hugging Face folder."""
        with silence():
            self._model.save_pretrained(folder)
            self._tokenizer.save_pretrained(folder)
        write_text(folder / STATEMENT, json.dumps(self._statement(), indent=1) + "\n")

    def _statement(self) -> dict[str, Any]:
        """What the folder it came from says of its making stays with it."""
        pooling = {"query_pooling": self.query_pooling, "report_pooling": self.report_pooling}
        made = {name: value for name, value in self._record.items() if name != "kind"}
        return {**made, **pooling}

    def _has_pooler(self) -> bool:
        return getattr(self._model, "pooler", None) is not None

    def _check_pooling(self, pooling: Pooling) -> None:
        if pooling not in self._limits:
            raise CardiolexError(f"pooling {pooling!r}: choose one of {POOLINGS}")
        if pooling == "pooler" and not self._has_pooler():
            raise CardiolexError(
                f"text encoder {self.name!r} has no pooler weights; pool with 'cls' or 'mean', or "
                "take an encoder that was saved with its pooler"
            )

    def _fingerprint(self) -> str:
        limits = sorted((k, v) for k, v in self._limits.items() if k != "pooler")
        digest = hashlib.sha256(repr(limits).encode())
        rules = json.loads(self._tokenizer.backend_tokenizer.to_str())
        rules = {key: rules[key] for key in sorted(rules) if key not in ("truncation", "padding")}
        digest.update(json.dumps(rules, sort_keys=True).encode())
        for name, value in sorted(self._model.state_dict().items()):
            digest.update(name.encode())
            digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
        return digest.hexdigest()[:20]


def transformer_layers(model: nn.Module) -> nn.ModuleList:
    """The stack of layers of a BERT-like network, first layer first."""
    for path in ("encoder.layer", "transformer.layer", "layers", "encoder.layers"):
        found: Any = model
        for part in path.split("."):
            found = getattr(found, part, None)
        if isinstance(found, nn.ModuleList):
            return found
    raise CardiolexError(f"{type(model).__name__}: its layers are not known; keep it frozen")


def stated_pooling(model: str | Path) -> tuple[Pooling, Pooling]:
    """Pooling of queries and of reports as the encoder's folder states them.

    A hub name, or a folder that states nothing, is pooled as MedCPT: [CLS] and mean.
    """
    path = Path(model) / STATEMENT
    if not path.is_file():
        return "cls", "mean"
    try:
        said = statement_of(model)
        query, report = said["query_pooling"], said["report_pooling"]
    except (ValueError, KeyError, TypeError) as error:
        raise CardiolexError(
            f"{path}: does not state query_pooling and report_pooling ({error!r})"
        ) from error
    if query not in get_args(Pooling) or report not in get_args(Pooling):
        raise CardiolexError(f"{path}: pooling {query!r}, {report!r}; choose one of {POOLINGS}")
    return query, report


def statement_of(model: str | Path) -> dict[str, Any]:
    """All that the encoder's folder states; nothing for a hub name."""
    path = Path(model) / STATEMENT
    if not path.is_file():
        return {}
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
