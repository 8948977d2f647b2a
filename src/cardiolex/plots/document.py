"""An HTML document that needs no network, no script and no other file: what all pages share.

Everything written on it is escaped, and a content security policy forbids the browser to run or
load anything, so that a hostile patient name or file name stays text.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from importlib.resources import files

from cardiolex.errors import CardiolexError

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
STYLE = "document.css"


def document(
    title: str,
    *,
    notice: str,
    style: str,
    introduction: Sequence[str],
    contents: str,
    main: Sequence[str],
    footer: Sequence[str] = (),
) -> str:
    """A whole page as HTML: text is escaped, `contents` and `main` are HTML already.

    `style` is a file beside this module, for what the page has beyond `STYLE`.
    """
    here = files("cardiolex.plots")
    styles = "".join(here.joinpath(name).read_text(encoding="utf-8") for name in (STYLE, style))
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title>",
        f"<style>\n{styles}</style>",
        "</head>",
        "<body>",
        "<header>",
        f"<h1>{escape(title)}</h1>",
        f'<p class="notice" role="note">{escape(notice)}</p>',
        *paragraphs(introduction),
        contents,
        "</header>",
        "<main>",
        *main,
        "</main>",
    ]
    if footer:
        lines += ["<footer>", *paragraphs(footer), "</footer>"]
    return "\n".join([*lines, "</body>", "</html>", ""])


def paragraphs(lines: Sequence[str]) -> list[str]:
    """Lines as paragraphs, escaped."""
    return [f"<p>{escape(line)}</p>" for line in lines]


def contents(label: str, anchor: str, titles: Sequence[str]) -> str:
    """Links to the sections `anchor`-1, `anchor`-2, …"""
    items = [
        f'<li><a href="#{anchor}-{number}">{escape(title)}</a></li>'
        for number, title in enumerate(titles, start=1)
    ]
    return f'<nav aria-label="{label}"><ul>{"".join(items)}</ul></nav>'


def warning_box(warnings: Sequence[str], heading: str = "") -> str:
    """A box with a line per warning."""
    items = "".join(f"<li>{escape(warning)}</li>" for warning in warnings)
    strong = f"<strong>{escape(heading)}</strong>" if heading else ""
    return f'<div class="warnings" role="note">{strong}<ul>{items}</ul></div>'


def figure(picture: bytes, text: str, title: str) -> str:
    """The bytes of a PNG or SVG file, embedded, and what they show."""
    data = base64.b64encode(picture).decode("ascii")
    return (
        f'<figure><img src="data:{media_type(picture, title)};base64,{data}" alt="{escape(text)}">'
        f"<figcaption>{escape(text)}</figcaption></figure>"
    )


def media_type(picture: bytes, title: str) -> str:
    """Of a PNG or SVG file; CardiolexError naming `title` for anything else."""
    if picture.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    start = picture[:200].lstrip()
    if start.startswith((b"<?xml", b"<svg")):
        return "image/svg+xml"
    raise CardiolexError(f"the picture of {title!r} is neither a PNG nor an SVG file")
