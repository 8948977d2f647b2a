"""The command that serves the HTTP API and the page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from cardiolex.cli.call_error import CallError
from cardiolex.cli.options import ModelFolder
from cardiolex.errors import CardiolexError


def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    token: Annotated[str | None, Parameter(env_var="CARDIOLEX_TOKEN")] = None,
    model: ModelFolder = None,
    index: Path | None = None,
    workers: int = 1,
    upload_mib: int = 32,
    rate: float = 50.0,
    seconds: float = 30.0,
    queue: int = 64,
    batch: int = 8,
) -> int:
    """Serve the HTTP API (/v1) and a page that shows ECG, findings and evidence (/).

    Only this machine can reach it unless --host says otherwise.

    Parameters
    ----------
    host
        Address to listen on; 0.0.0.0 for all of this machine's.
    port
        Port to listen on; 0 for any that is free.
    token
        What clients have to send as `Authorization: Bearer TOKEN`; better given as the environment
        variable CARDIOLEX_TOKEN, which other users of the machine cannot read.
    index
        A folder made by `cardiolex search build`, for /v1/search.
    workers
        Processes that hold the model; one that dies is replaced.
    upload_mib
        Largest request.
    rate
        Requests a second of one client address.
    seconds
        How long a worker may take for one request.
    queue
        Requests that may wait.
    batch
        Most requests in one forward pass.
    """
    from cardiolex.server.limits import Limits

    if workers < 1:
        raise CallError(f"--workers {workers}: give a number from 1")
    if not 0 <= port < 65536:
        raise CallError(f"--port {port}: give a number from 0 to 65535")
    if token is not None and not token.strip():
        raise CallError("--token is blank: give a long random one, or none")
    try:
        limits = replace(
            Limits(),
            upload_mib=upload_mib,
            rate_per_s=rate,
            work_s=seconds,
            queue=queue,
            batch=batch,
        )
    except CardiolexError as error:
        raise CallError(str(error)) from error
    try:
        from cardiolex.server.running import serve as run
    except ModuleNotFoundError as error:
        raise CardiolexError(
            f"the server needs {error.name}; install it with: pip install 'cardiolex[serve]'"
        ) from error
    run(
        host=host,
        port=port,
        token=token,
        model=model,
        index=index,
        workers=workers,
        limits=limits,
    )
    return 0
