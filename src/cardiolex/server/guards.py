"""What every request passes: hosts, token, rate, size, and the log, which names no patient."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import logging
import secrets
import time
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cardiolex.server.limits import Limits
from cardiolex.server.metrics import Metrics
from cardiolex.server.problems import Problem, internal, spot

LOG = logging.getLogger("cardiolex.server")
OPEN = ("/v1/health", "/v1/ready", "/v1/openapi.json")
"""Paths that need no token and count towards no rate."""
MOST_CLIENTS = 10_000
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True)
class Access:
    """Who may ask. `hosts` None = whatever name the server is called by."""

    token: str | None = None
    hosts: frozenset[str] | None = None


class Guards:
    """ASGI middleware around everything."""

    def __init__(self, app: ASGIApp, access: Access, limits: Limits, metrics: Metrics) -> None:
        self.app = app
        self.access = access
        self.limits = limits
        self.metrics = metrics
        self.rates = Rates(limits.rate_per_s)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Admit the request and hand it on, or answer with a problem."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        sent = _Sent(send, secrets.token_hex(8), scope["path"].startswith("/v1"))
        try:
            self._admit(scope)
            await self.app(scope, self._bounded(receive), sent)
        except Problem as refusal:
            await refusal.response()(scope, receive, sent)
        except Exception as error:
            LOG.error("%s", spot(error))
            if not sent.begun:
                await internal(error).response()(scope, receive, sent)
        finally:
            self._note(scope, sent, time.perf_counter() - began)

    def _admit(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if self.access.hosts is not None and _name(host) not in self.access.hosts:
            raise Problem(403, "this name is not served; call the server by its own address")
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2] != host:
            raise Problem(403, "pages of other sites may not ask here")
        if not scope["path"].startswith("/v1") or scope["path"] in OPEN:
            return
        self._check_token(headers)
        client = scope["client"][0] if scope.get("client") else ""
        if not self.rates.admit(client):
            raise Problem(
                429,
                f"more than {self.limits.rate_per_s:g} requests a second; come again in a second",
                headers={"Retry-After": "1"},
            )
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > self.limits.upload_mib << 20:
            raise self._too_large()

    def _check_token(self, headers: Headers) -> None:
        if self.access.token is None:
            return
        kind, _, given = headers.get("authorization", "").partition(" ")
        good = hmac.compare_digest(given.strip().encode(), self.access.token.encode())
        if kind.lower() != "bearer" or not good:
            raise Problem(
                401,
                "send the header Authorization: Bearer TOKEN",
                headers={"WWW-Authenticate": "Bearer"},
            )

    def _too_large(self) -> Problem:
        return Problem(413, f"at most {self.limits.upload_mib} MiB are taken; send less at once")

    def _bounded(self, receive: Receive) -> Receive:
        """`receive` that refuses what is too large and what takes too long to arrive."""
        received = 0
        until = time.monotonic() + self.limits.wait_s
        whole = False

        async def bounded() -> Message:
            nonlocal received, whole
            if whole:  # from here on it tells when the client goes away
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), max(0.0, until - time.monotonic()))
            except TimeoutError:
                detail = f"the body did not arrive within {self.limits.wait_s:g} s"
                raise Problem(408, detail) from None
            received += len(message.get("body", b""))
            if received > self.limits.upload_mib << 20:
                raise self._too_large()
            whole = not message.get("more_body", False)
            return message

        return bounded

    def _note(self, scope: Scope, sent: _Sent, seconds: float) -> None:
        """One line and two counters: the route as it is written in the code, never as asked."""
        route = getattr(scope.get("route"), "path", None) or "other"
        self.metrics.requests.labels(_method(scope), route, str(sent.status)).inc()
        self.metrics.seconds.labels(route).observe(seconds)
        LOG.info(
            "%s %s %s %.0f ms %s", _method(scope), route, sent.status, seconds * 1000, sent.name
        )


class _Sent:
    """`send` that adds headers and remembers the status."""

    def __init__(self, send: Send, name: str, private: bool) -> None:
        self.send = send
        self.name = name
        self.private = private
        self.begun = False
        self.status = 499  # the client went away before there was an answer

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers.update(_HEADERS)
            headers["X-Request-Id"] = self.name
            headers["Cache-Control"] = "no-store" if self.private else "no-cache"
        await self.send(message)


class Rates:
    """A token bucket for each client: `per_s` over a while, twice as many at once."""

    def __init__(self, per_s: float) -> None:
        self.per_s = per_s
        self._buckets: dict[str, tuple[float, float]] = {}

    def admit(self, client: str, now: float | None = None) -> bool:
        """Whether one more request is within the rate."""
        now = time.monotonic() if now is None else now
        most = 2 * self.per_s
        level, since = self._buckets.pop(client, (most, now))
        level = min(most, level + (now - since) * self.per_s)
        if len(self._buckets) >= MOST_CLIENTS:
            del self._buckets[next(iter(self._buckets))]  # who has not asked for longest
        self._buckets[client] = (max(0.0, level - 1), now) if level >= 1 else (level, now)
        return level >= 1


def _method(scope: Scope) -> str:
    known = ("GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH")
    return scope["method"] if scope["method"] in known else "OTHER"


def _name(host: str) -> str:
    """The host without its port: "[::1]:8000" is "::1"."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0].lower() if ":" in host else host.lower()


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
