"""What comes back, as documented in the OpenAPI description."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str = Field(description="What was wrong and what to do about it.")
    errors: list[dict[str, str]] = Field(default_factory=list)


class Near(BaseModel):
    """A condition of the training vocabulary, and how near it is in meaning."""

    name: str
    cosine: float


class Finding(BaseModel):
    """One condition."""

    condition: str = Field(description="As asked.")
    name: str | None = Field(description="Its name in the vocabulary, if it is there.")
    query: str = Field(description="The text that the model was asked with.")
    probability: float
    decision: bool | None = Field(
        description="probability >= threshold; null: the recording is too poor to decide."
    )
    threshold: float
    seen: bool = Field(description="Whether the condition was a label in training.")
    calibrated: bool = Field(description="Whether the probability was fitted to recordings.")
    window_probabilities: list[float]
    nearest: list[Near] = Field(
        description="Training terms nearest in meaning, of a condition not seen; a far one is a "
        "reason for doubt."
    )


class Interpretation(BaseModel):
    """The findings of one recording, in the order asked."""

    record: str
    source: str
    model: str
    leads: list[str]
    warnings: list[str] = Field(description="Signal quality.")
    window_starts_s: list[float]
    window_s: float
    findings: list[Finding]


class Measurement(BaseModel):
    """An automatic measurement."""

    name: str
    value: float | None
    unit: str
    meaning: str


class SignalPiece(BaseModel):
    """A piece of the signal."""

    from_s: float
    fs_hz: float
    microvolts: dict[str, list[int | None]]


class Inspection(BaseModel):
    """What was understood of a recording, and how good the signal is."""

    record: str
    source: str
    leads: list[str]
    derived: list[str]
    other_channels: list[str]
    fs_hz: float
    duration_s: float
    unit_known: bool
    age: float | None
    sex: str | None
    labels: list[str]
    report: str | None = Field(description="What the file itself says of the ECG.")
    details: dict[str, str] = Field(description="Device, time, filters, its own measurements.")
    not_read: list[str] = Field(description="What of the file was not read.")
    notes: list[str] = Field(description="Every repair and assumption.")
    lead_flags: dict[str, list[str]]
    warnings: list[str]
    measurements: list[Measurement]
    signal: SignalPiece | None


class Embedding(BaseModel):
    """A recording as a vector of unit length."""

    record: str
    model: str
    fingerprint: str = Field(description="Vectors compare only where this is the same.")
    space: str
    leads: list[str]
    embedding: list[float]


class Hit(BaseModel):
    """Something found."""

    kind: str
    rank: int
    similarity: float
    id: str
    report: str
    records: int


class Found(BaseModel):
    """What is nearest; the two kinds are ranked apart."""

    model: str
    hits: list[Hit]


class Deletion(BaseModel):
    """How far the logit falls without what is marked most, and without as much at random."""

    shares: list[float] = Field(description="Shares of the pieces taken away.")
    marked_fall: list[float]
    random_fall: list[float]
    random_low: list[float]
    random_high: list[float]
    draws: int
    removal: str = Field(description="What stands in the place of a piece taken away.")
    beaten: float = Field(description="Share of random draws that lower the logit less.")
    passed: bool


class Place(BaseModel):
    """A stretch of one lead and its relevance."""

    lead: str
    start_s: float
    end_s: float
    relevance: float


class SpeakingValue(BaseModel):
    """A measured value without which the logit falls."""

    name: str
    value: float
    unit: str
    fall: float


class Explained(BaseModel):
    """Relevance (windows, 12 leads, pieces); null where nothing was recorded."""

    record: str
    model: str
    condition: str
    query: str
    method: str
    probability: float
    logit: float
    leads: list[str]
    segment_s: float
    window_starts_s: list[float]
    windows: int
    relevance: list[list[list[float | None]]]
    by_lead: dict[str, float]
    strongest: list[Place]
    deletion: Deletion
    signal_share: float = Field(description="How much the network that reads the signal counts.")
    measured: list[SpeakingValue]
    text: str = Field(description="The evidence and its test in words.")


class SufficientLeads(BaseModel):
    """A few leads that give the answer of all."""

    record: str
    model: str
    condition: str
    leads: list[str]
    probability: float = Field(description="With these leads alone.")
    whole: float = Field(description="With all leads.")
    within: float
    smallest: bool = Field(description="Whether every smaller subset was tried.")
    tried: int = Field(description="Subsets that were asked.")


class Condition(BaseModel):
    """A condition of the vocabulary. Any other words can be asked too."""

    name: str
    is_a: list[str]
    synonyms: list[str]
    codes: dict[str, list[str]]
    seen: bool
    calibrated: bool
    default: bool = Field(description="Whether it is asked where a request names none.")


class Conditions(BaseModel):
    """The vocabulary, or the part that was looked for."""

    resolved: str | None = Field(description="The name that the text is a wording of, if any.")
    conditions: list[Condition]


class Model(BaseModel):
    """The model and its card."""

    model: str
    version: str
    system: str
    fingerprint: str
    fs_hz: float
    window_s: float
    answers: bool
    texts: bool
    searches: bool
    calibrated_on: str
    operating_point: str
    card: str = Field(description="Markdown.")


class BundledSample(BaseModel):
    """A real recording that comes with the package."""

    sample: str
    dataset: str
    diagnosis: str
    age: float | None
    sex: str | None


class Samples(BaseModel):
    """The bundled recordings."""

    samples: list[BundledSample]


class Health(BaseModel):
    """Whether the server lives, or is ready."""

    status: str
