"""A finding under way, before its name, place and assertion are settled."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Found:
    """A finding under way: the atoms that name it and all that is said of it."""

    name: str
    first: int
    last: int
    subject: str = ""
    assertion: str = "present"
    fixed: str = ""
    places: list[str] = field(default_factory=list)
    leads: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    qualifiers: list[str] = field(default_factory=list)
    either: bool = False
    """Whether its place is one of several alternatives."""
    deaf: tuple[int, ...] = ()
    """Cues inside it that are meant for another place."""
