"""Requests with time limits, over HTTP(S) only, with errors told apart by what helps.

urllib is used as it is: it knows the proxies of the environment and checks certificates.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

from cardiolex.errors import CardiolexError

TIMEOUT_S = 60.0
MOST_LISTING = 1 << 30


class Refused(CardiolexError):
    """An answer that asking again will not change."""


class Unavailable(CardiolexError):
    """An answer that may be another one later; `wait_s` is what the server asked for."""

    def __init__(self, message: str, wait_s: float = 0.0) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows to HTTP(S) only, and never from HTTPS back to HTTP."""

    def redirect_request(
        self, req: Any, fp: Any, code: Any, msg: Any, headers: Any, newurl: str
    ) -> Any:
        schemes = (urlsplit(req.full_url).scheme, urlsplit(newurl).scheme)
        if schemes[1] not in ("http", "https") or schemes == ("https", "http"):
            raise Refused(f"{req.full_url}: leads to {newurl}, which is not followed")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


_opener = urllib.request.build_opener(_SafeRedirects)


@contextmanager
def opened(url: str, headers: Mapping[str, str] | None = None) -> Iterator[HTTPResponse]:
    """Yield the answer to a GET; `Refused` or `Unavailable` for anything but success."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise Refused(f"{url}: only http and https are fetched")
    agent = {"User-Agent": "cardiolex", **(headers or {})}
    try:
        with _opener.open(urllib.request.Request(url, headers=agent), timeout=TIMEOUT_S) as answer:
            yield answer
    except urllib.error.HTTPError as error:
        raise _told(url, error) from error
    except (urllib.error.URLError, HTTPException, ConnectionError, TimeoutError) as error:
        reason = getattr(error, "reason", error)
        raise Unavailable(f"{url}: {reason or type(error).__name__}") from error


def _told(url: str, error: urllib.error.HTTPError) -> CardiolexError:
    what = f"{url}: {error.code} {error.reason}"
    if error.code in (401, 403):
        return Refused(
            f"{what}; this data set is given to registered users who have signed its agreement. "
            "Sign it on the data set's page, fetch the files as that page says, and go on with "
            "`cardiolex prepare`"
        )
    if error.code in (408, 425, 429) or error.code >= 500:
        asked = error.headers.get("Retry-After", "")
        return Unavailable(what, min(float(asked), 120.0) if asked.isdecimal() else 0.0)
    return Refused(what)


def fetch_json(url: str) -> Any:
    """What a listing says; CardiolexError if it is no JSON."""
    with opened(url, {"Accept": "application/json"}) as answer:
        content = answer.read(MOST_LISTING)
    try:
        return json.loads(content)
    except ValueError as error:
        raise Refused(f"{url}: is no JSON listing: {error}") from error
