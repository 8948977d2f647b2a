"""Running the server until it is told to stop."""

from __future__ import annotations

import logging
import socket
import sys
from functools import partial
from pathlib import Path

import uvicorn

from cardiolex.errors import CardiolexError
from cardiolex.server.app import make_app
from cardiolex.server.crew import Crew
from cardiolex.server.desk import open_desk
from cardiolex.server.guards import Access, is_loopback
from cardiolex.server.limits import Limits
from cardiolex.workers import cores

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


def serve(
    *,
    host: str,
    port: int,
    token: str | None,
    model: Path | None,
    index: Path | None,
    workers: int,
    limits: Limits,
) -> None:
    """Serve until interrupted; OSError if the address is taken, CardiolexError for the model."""
    _log_to_stderr()
    listening = _listen(host, port)
    address = _address(host, listening.getsockname()[1])
    threads = max(1, cores() // workers)
    crew = Crew(partial(open_desk, model, index, threads, limits), workers, limits)
    try:
        about = crew.start()
        local = is_loopback(host)
        access = Access(token, frozenset({*LOCAL, host.lower()}) if local else None)
        if not local and token is None:
            print(
                f"cardiolex: {address} can be reached from other machines and asks for no token; "
                "set one with --token or CARDIOLEX_TOKEN",
                file=sys.stderr,
            )
        print(f"{about['model']}: research software, not a medical device", flush=True)
        print(f"serving {address} (stop with Ctrl-C)", flush=True)
        _run(make_app(crew, about, access, limits), listening)
    finally:
        crew.close()
        listening.close()


def _run(app: object, listening: socket.socket) -> None:
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]
        log_config=None,
        access_log=False,  # it would name what was asked
        server_header=False,
        proxy_headers=False,  # an address that a client states is not believed
        timeout_graceful_shutdown=10,
        lifespan="off",
    )
    uvicorn.Server(config).run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except (OSError, OverflowError) as error:
        listening.close()
        words = getattr(error, "strerror", None) or str(error)
        raise CardiolexError(
            f"cannot listen on {_address(host, port)}: {words}; choose another --port or --host"
        ) from error
    listening.listen(512)
    return listening


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _log_to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    form = logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    handler.setFormatter(form)
    log = logging.getLogger("cardiolex.server")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
