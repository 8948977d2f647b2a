"""Which form of request a server takes: asked once, since servers differ and some only pretend.

vLLM, llama.cpp, Ollama and hosted services take `json_schema`; some take it only without lengths;
llama-cpp-python answers it with HTTP 500 and wants `json_object` with a `schema`; `transformers
serve` takes it and ignores it. Newer hosted models want `max_completion_tokens`, or no temperature.
"""

from dataclasses import dataclass
from typing import Any, Literal

from cardiolex.reports.llm.answers import Answer, schema

Form = Literal["json_schema", "json_schema without lengths", "json_object with schema",
               "json_object", "text"]  # fmt: skip
FORMS: tuple[Form, ...] = (
    "json_schema",
    "json_object with schema",
    "json_schema without lengths",
    "json_object",
    "text",
)


@dataclass(frozen=True)
class Dialect:
    """How a server wants to be asked; `enforced` tells whether it was seen to keep to a schema."""

    form: Form = "text"
    tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    temperature: bool = True
    enforced: bool = False

    def arguments(self, form: type[Answer], max_tokens: int, temperature: float) -> dict[str, Any]:
        """The arguments of a request beside model and messages."""
        arguments: dict[str, Any] = {self.tokens_field: max_tokens}
        if self.temperature:
            arguments["temperature"] = temperature
        wanted = self._response_format(form)
        if wanted is not None:
            arguments["response_format"] = wanted
        return arguments

    def _response_format(self, form: type[Answer]) -> dict[str, Any] | None:
        if self.form == "text":
            return None
        if self.form == "json_object":
            return {"type": "json_object"}
        bounds = self.form != "json_schema without lengths"
        plain = schema(form, bounds=bounds)
        if self.form == "json_object with schema":
            return {"type": "json_object", "schema": plain}
        named = {"name": form.__name__.lower(), "strict": True, "schema": plain}
        return {"type": "json_schema", "json_schema": named}


class Probe(Answer):
    """A form that no model keeps to by chance."""

    ecg_probe_ready: Literal["lead-aVR-42"]
    leads: list[Literal["V1", "V2"]]


PROBE_MESSAGES = [{"role": "user", "content": "Write the name of any colour."}]
