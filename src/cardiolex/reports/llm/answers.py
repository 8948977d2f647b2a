"""The forms of answers, as pydantic models: what is sent as schema and what is checked after."""

import copy
import json
import re
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from cardiolex.reports.llm.failures import Malformed, Refused

Name = Annotated[str, StringConstraints(min_length=1, max_length=160, strip_whitespace=True)]
Names = Annotated[list[Name], Field(max_length=64)]


class Answer(BaseModel):
    """Any answer: values of the right type, further fields ignored."""

    model_config = ConfigDict(strict=True, extra="ignore")


class Entities(Answer):
    """K-MERL step 1: the positive findings of a report."""

    entities: Names


class Verdict(Answer):
    """K-MERL step 2: whether a finding is present."""

    answer: Literal["YES", "NO"]


class Same(Answer):
    """One name and the name it is to be replaced by."""

    name: Name
    same_as: Name


class Merges(Answer):
    """K-MERL step 3: names of equal meaning."""

    merges: Annotated[list[Same], Field(max_length=1000)]


class Superclass(Answer):
    """A broader finding and its members."""

    superclass: Name
    members: Annotated[list[Name], Field(max_length=400)]


class Superclasses(Answer):
    """K-MERL step 4."""

    superclasses: Annotated[list[Superclass], Field(max_length=100)]


class Certainty(Answer):
    """SuPreME: all entities, and the same divided into normal, abnormal and uncertain."""

    entities: Names
    normal: Names
    abnormal: Names
    uncertain: Names


class Term(Answer):
    """SuPreME's filter of terms."""

    is_ecg_term: bool


A = TypeVar("A", bound=Answer)

_FENCE = re.compile(r"\A```(?:json)?\s*(.*?)\s*```\Z", re.DOTALL)
_THOUGHT = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
_REFUSAL = re.compile(
    r"\A\W*(i['’]?m sorry|i am sorry|sorry,|i (can(no|['’])t|am unable|['’]m unable|won['’]t)"
    r"|as an ai\b|unfortunately, i)",
    re.IGNORECASE,
)


def read_answer(content: str, form: type[A]) -> A:
    """Check the text of an answer against its form.

    A fence around the JSON and a reasoning model's thoughts before it are taken off, and raw
    control characters inside strings are allowed; nothing else is repaired.
    Raises Refused for an apology in prose, Malformed for anything else that is not of the form.
    """
    text = _THOUGHT.sub("", content).strip()
    fenced = _FENCE.match(text)
    text = fenced.group(1) if fenced else text
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        if _REFUSAL.match(text):
            raise Refused(text[:200]) from error
        raise Malformed(f"not JSON: {str(error)[:200]}") from error
    try:
        return form.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the answer"
        raise Malformed(f"{place}: {first['msg']}") from error


@lru_cache
def schema(form: type[Answer], *, bounds: bool = True) -> dict[str, Any]:
    """JSON schema of a form: every field required, none added, references written out.

    `bounds` False leaves out lengths, which some servers do not accept.
    """
    whole = form.model_json_schema()
    definitions = whole.pop("$defs", {})
    return _plain(whole, definitions, bounds)


_LENGTHS = ("maxItems", "minItems", "maxLength", "minLength")
_PROSE = ("title", "description")


def _plain(node: dict[str, Any], definitions: dict[str, Any], bounds: bool) -> dict[str, Any]:
    if "$ref" in node:
        node = definitions[node["$ref"].rsplit("/", 1)[-1]]
    node = {k: v for k, v in copy.deepcopy(node).items() if k not in _PROSE}
    if not bounds:
        node = {k: v for k, v in node.items() if k not in _LENGTHS}
    if "properties" in node:
        properties = node["properties"]
        node["properties"] = {k: _plain(v, definitions, bounds) for k, v in properties.items()}
        node["required"] = list(properties)
        node["additionalProperties"] = False
    if "items" in node:
        node["items"] = _plain(node["items"], definitions, bounds)
    return node
