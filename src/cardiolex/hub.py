"""Model folders on a hub of Hugging Face's kind: fetched when named, pushed on request.

Only files that a model folder is made of travel: data, never code or pickles. Whatever arrives is
read as any folder is; nothing in it is executed. `HF_ENDPOINT`, `HF_TOKEN`, `HF_HOME` and
`HF_HUB_OFFLINE` count as in huggingface_hub.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from cardiolex.bundled import bundled_or
from cardiolex.errors import CardiolexError

FILES = (
    "config.json",
    "*.safetensors",
    "*.onnx",
    "preprocess.json",
    "vocabulary.json",
    "calibration.json",
    "selftest.npz",
    "tokenizer.json",
    "README.md",
    "text/*.json",
    "text/*.safetensors",
    "text/*.txt",
)
_PREFIX = re.compile(r"^hf:/{1,2}")  # a path swallows one of the slashes
_NAME = re.compile(r"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(@[\w./-]+)?$")


def local_folder(model: str | Path) -> Path:
    """`model` if it is a folder here; else the bundled model or a copy of that on a hub it names.

    "hf://org/name" always means the hub, "org/name" where no such folder is here; "@revision" may
    follow. Anything else is returned as it is.
    """
    given = str(model)
    named = _PREFIX.sub("", given)
    on_hub = named != given or (_NAME.match(given) and not Path(given).exists())
    if not on_hub:
        return bundled_or(model)
    if not _NAME.match(named):
        raise CardiolexError(f"{given}: a model on the hub is named hf://organisation/name")
    repository, _, revision = named.partition("@")
    return pull(repository, revision or None)


def pull(repository: str, revision: str | None = None) -> Path:
    """Fetch a model folder into the cache (only what is new) and return where it lies."""
    hub = _library()
    try:
        folder = hub.snapshot_download(repository, revision=revision, allow_patterns=list(FILES))
    except Exception as error:  # of many kinds: HTTP, missing repository, offline
        raise CardiolexError(
            f"{repository}: no folder of this name is here, and none could be fetched from the "
            f"hub ({_said(error)})"
        ) from error
    return Path(folder)


def push(
    folder: str | Path, repository: str, *, private: bool = True, message: str = "Upload model"
) -> str:
    """Upload the model in `folder` to `repository` (made if it is not there); returns its address.

    Needs a token that may write: `HF_TOKEN`, or `hf auth login`.
    """
    root = Path(folder)
    if not (root / "config.json").is_file():
        raise CardiolexError(f"{root}: is no model folder (no config.json), so nothing was pushed")
    if not _NAME.match(repository):
        raise CardiolexError(f"{repository!r}: name the repository as organisation/name")
    hub = _library()
    try:
        hub.create_repo(repository, private=private, exist_ok=True)
        done: Any = hub.upload_folder(
            repo_id=repository,
            folder_path=root,
            allow_patterns=list(FILES),
            commit_message=message,
        )
    except Exception as error:  # of many kinds
        raise CardiolexError(f"{repository}: could not be pushed ({_said(error)})") from error
    return str(getattr(done, "commit_url", done))


def _library() -> Any:
    try:
        import huggingface_hub
    except ImportError as error:
        raise CardiolexError(
            "models on a hub need huggingface_hub: pip install 'cardiolex[hub]'"
        ) from error
    return huggingface_hub


def _said(error: Exception) -> str:
    """The first line of what went wrong."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
