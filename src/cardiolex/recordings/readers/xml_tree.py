"""XML from strangers: bounded, without entities, with plain tag names."""

from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from cardiolex.recordings.readers.errors import ReadError, bounded_size

MOST_XML = 64 << 20
"""Largest XML file: ten minutes of twelve leads as text."""


def parse_xml(path: Path, most: int = MOST_XML) -> Element:
    """Return the root; tags lose their namespace. ReadError for damage and for XML entities."""
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import parse

    bounded_size(path, most)
    try:
        root: Element = parse(path).getroot()
    except DefusedXmlException as error:
        raise ReadError(
            path, f"declares XML entities ({type(error).__name__})", "export it without them"
        ) from error
    except (ParseError, LookupError, ValueError) as error:  # LookupError: unknown encoding
        raise ReadError(path, f"is damaged XML ({error})", "fetch it again") from error
    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = element.tag.rpartition("}")[2]
    return root


def text_at(element: Element | None, place: str) -> str:
    """Return the text at a path below `element`, without blanks around it; "" if absent."""
    found = None if element is None else element.find(place)
    return "" if found is None or found.text is None else found.text.strip()


def attribute(element: Element | None, place: str, name: str) -> str:
    """Return an attribute of the element at a path; "" if absent."""
    found = None if element is None else element.find(place)
    return "" if found is None else found.get(name, "").strip()


def number(path: Path, text: Any, what: str) -> float:
    """Return a finite number, or ReadError naming what it should have been."""
    try:
        value = float(text)
    except (TypeError, ValueError):
        raise ReadError(path, f"{what} is {text!r}, not a number") from None
    if not abs(value) < float("inf"):
        raise ReadError(path, f"{what} is {text!r}", "it must be finite")
    return value


def filled(pairs: dict[str, str]) -> dict[str, str]:
    """Return the pairs that say something, on one line each."""
    return {key: " ".join(value.split()) for key, value in pairs.items() if value.strip()}


def as_report(lines: list[str]) -> str | None:
    """Return statements as one text, or None if there is none."""
    kept = [" ".join(line.split()).rstrip(".") for line in lines]
    return ". ".join(dict.fromkeys(line for line in kept if line)) or None
