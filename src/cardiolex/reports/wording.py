"""When two wordings are the same: case, hyphens, plural, British spelling, degrees, A-V and AV.

A key is for comparing only; it is never shown to a person and never embedded.
"""

import re
import unicodedata
from collections.abc import Sequence

_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "å": "a", "ø": "oe"})
_PHRASES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"[°º]", " degree "),
        (r"['’`]", ""),
        (r"\(s\)", "s"),
        (r"[+&]", " and "),
        (r"(?<!\d):|:(?!\d)", " "),
        (r"[^a-z0-9:<>]+", " "),
        (r"ae|oe", "e"),
        (r"isation\b", "ization"),
        (r"\batrio ?ventricular\b|\ba v\b", "av"),
        (r"\bsino ?atrial\b|\bs a(?= block)", "sa"),
        (r"\bnon (?=\w)", "non"),
        (r"\bpre (?=excit)", "pre"),
        (r"\b(anti clock|counter ?clock|anticlock)wise", "counterclockwise"),
        (r"\b(?:1st|first|1|i) (?:degree|deg|grades?|grads?)\b", "degree1"),
        (r"\b(?:2nd|second|2|ii) (?:degree|deg|grades?|grads?)\b", "degree2"),
        (r"\b(?:3rd|third|3|iii) (?:degree|deg|grades?|grads?)\b", "degree3"),
        (r"\b(?:degree|grade|grad) (?:1|i)\b", "degree1"),
        (r"\b(?:degree|grade|grad) (?:2|ii)\b", "degree2"),
        (r"\b(?:degree|grade|grad) (?:3|iii)\b", "degree3"),
        (r"\b(type|mobitz) 1\b", r"\1 i"),
        (r"\b(type|mobitz) 2\b", r"\1 ii"),
        (r"\b(\d) to 1\b", r"\1:1"),
        (r"\bst segments?\b", "st"),
    )
)
_WORDS = {
    "infarct": "infarction",
    "ekg": "ecg",
    "electrocardiogram": "ecg",
    "electrocardiographic": "ecg",
    "unspecific": "nonspecific",
    "unspec": "nonspecific",
    "nonspec": "nonspecific",
    "ventricle": "ventricular",
    "atrium": "atrial",
    "repol": "repolarization",
    "alteration": "change",
}
_FILLERS = frozenset(
    {"the", "of", "in", "is", "are", "on", "at", "lead", "wave", "interval", "segment", "time"}
    | {"pattern"}
)


def _singular(word: str) -> str:
    if len(word) < 4 or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith("xes"):
        return word[:-2]
    return word[:-1] if word.endswith("s") else word


def words(text: str) -> list[str]:
    """The normalised words of `text`, in order."""
    text = unicodedata.normalize("NFKC", text).lower().translate(_LETTERS)
    for pattern, replacement in _PHRASES:
        text = pattern.sub(replacement, text)
    singular = (_singular(word) for word in text.split())
    return [_WORDS.get(word, word) for word in singular]


def key(text: str) -> str:
    """The form in which two equal wordings are the same string."""
    return " ".join(words(text))


def bag(text: str) -> tuple[str, ...]:
    """The words that carry meaning, in no order; empty where fewer than two are left.

    "T abnormalities, lateral leads" and "lateral T wave abnormality" have the same bag.
    """
    meaningful = sorted(word for word in words(text) if word not in _FILLERS)
    return tuple(meaningful) if len(meaningful) > 1 else ()


def alternatives(pattern: str) -> list[str]:
    """All readings of a wording with "(a|b|)" groups; a group without a bar is plain text."""
    match = re.search(r"\(([^()|]*(?:\|[^()|]*)+)\)", pattern)
    if match is None:
        return [" ".join(pattern.split())]
    before, after = pattern[: match.start()], pattern[match.end() :]
    readings = [
        reading
        for choice in match.group(1).split("|")
        for reading in alternatives(before + choice + after)
    ]
    return list(dict.fromkeys(readings))


def contains(text_key: str, phrase_keys: Sequence[str]) -> frozenset[str]:
    """Which of the phrases stand in the text as whole words; both are keys."""
    padded = f" {text_key} "
    return frozenset(phrase for phrase in phrase_keys if f" {phrase} " in padded)
