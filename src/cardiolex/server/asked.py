"""What can be asked, as typed bodies: JSON as it stands, multipart forms field by field."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from cardiolex.server.jobs import Signal, Source

Words = Annotated[str, Field(min_length=1, max_length=300, pattern=r"\S")]
LeadName = Annotated[str, Field(min_length=1, max_length=32)]
Sample = Annotated[float, Field(allow_inf_nan=False)]

_STRICT = ConfigDict(extra="forbid")


class SignalBody(BaseModel):
    """A recording as numbers."""

    model_config = _STRICT

    channels: Annotated[
        dict[Annotated[str, Field(min_length=1, max_length=64)], list[Sample | None]],
        Field(min_length=1, max_length=64),
    ] = Field(
        description="Samples by lead name (I, II, …, V6, any alias); null where one is missing. "
        "All channels are of one length."
    )
    fs: float = Field(ge=20, le=50_000, description="Sampling rate in Hz.")
    unit: Literal["V", "mV", "uV", "nV"] = Field("mV", description="Unit of the samples.")
    id: str = Field("", max_length=128, description="Comes back as `record`.")

    def signal(self) -> Signal:
        """The same for a worker."""
        return Signal(self.channels, self.fs, self.unit, self.id)


class Recorded(BaseModel):
    """A recording, and which of its leads to use."""

    model_config = _STRICT

    signal: SignalBody | None = Field(None, description="The recording as numbers.")
    sample: str | None = Field(
        None, max_length=64, description="A bundled recording, as /v1/samples lists them."
    )
    leads: list[LeadName] | None = Field(
        None,
        min_length=1,
        max_length=64,
        description="Use these leads only; III, aVR, aVL, aVF are derived from I and II if need be."
        " All recorded leads by default.",
    )


class InterpretBody(Recorded):
    """Which conditions does this recording show?"""

    conditions: list[Words] | None = Field(
        None,
        min_length=1,
        description="Conditions in plain words. The model's own list by default.",
    )


class InspectBody(Recorded):
    """What is in this recording?"""

    with_signal: bool = Field(False, description="Also return the signal, in microvolts.")
    from_s: float = Field(0.0, ge=0, le=1e6, description="Where that signal begins, in seconds.")
    seconds: float = Field(10.0, ge=0.1, le=300, description="How long it is.")


class EmbedBody(Recorded):
    """The recording as a vector."""

    aligned: bool = Field(False, description="In the space that the model shares with texts.")


class SearchBody(Recorded):
    """What is like this recording, or fits these words?"""

    text: Words | None = Field(None, description="Words to search with, in place of a recording.")
    among: Literal["recordings", "reports", "both"] = "both"
    top: int = Field(5, ge=1, le=100, description="How many of each kind.")

    @model_validator(mode="after")
    def _one_query(self) -> Self:
        if self.text is not None and (self.signal or self.sample):
            raise ValueError("give a recording or a text, not both")
        return self


class ExplainBody(Recorded):
    """Where in the recording does the evidence for a condition lie?"""

    condition: Words = Field(description="One condition in plain words.")


class UploadFields(BaseModel):
    """What a multipart form says of its files."""

    model_config = _STRICT

    fs: float | None = Field(
        None, ge=20, le=50_000, description="Sampling rate in Hz, of files that do not state it."
    )
    unit: str | None = Field(
        None, max_length=16, description="Unit of the samples, of files that do not state it."
    )
    index: int | None = Field(
        None, ge=0, le=10_000_000, description="Which recording of a file that holds many."
    )
    channels: list[Annotated[str, Field(min_length=1, max_length=64)]] | None = Field(
        None,
        min_length=1,
        max_length=64,
        description="Names of the leads in the order of the file, of files that do not name them.",
    )

    @field_validator("fs", "unit", "index", mode="before")
    @classmethod
    def _blank_is_none(cls, value: Any) -> Any:
        return None if value == "" else value

    def source(self, files: tuple[tuple[str, bytes], ...], sample: str | None) -> Source:
        """The same for a worker."""
        named = None if self.channels is None else tuple(self.channels)
        return Source(files, None, sample, self.fs, self.unit, self.index, named)


class LeadsBody(ExplainBody):
    """Which few leads suffice for the answer to a condition?"""

    within: float = Field(
        0.1, ge=0, le=1, description="How far the probability may lie from that of all leads."
    )
