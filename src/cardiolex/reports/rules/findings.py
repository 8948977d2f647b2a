"""Atoms -> findings: named ones, and things with a state ("t waves … are flat")."""

from collections.abc import Sequence

from cardiolex.reports.rules.atoms import Atom
from cardiolex.reports.rules.found import Found
from cardiolex.reports.rules.lexicon import Lexicon
from cardiolex.reports.rules.verdicts import says_ecg, verdicts

__all__ = ["Found", "Reader"]

BESIDE = (
    "qualifier",
    "place",
    "leads",
    "site",
    "age",
    "kind",
    "rate",
    "filler",
    "and",
    "or",
    "state",
)
"""Roles that may stand between a state and the thing that is in it."""

_VAGUE = ("abnormal", "nonspecific", "nondiagnostic")


class Reader:
    """Reads one text; holds what has been named so far and waits for its state."""

    def __init__(self, atoms: Sequence[Atom], lexicon: Lexicon) -> None:
        self.atoms = atoms
        self.lexicon = lexicon
        self.found: list[Found] = []
        self.used: set[int] = set()
        self.subject = ""
        self.subject_at = -1
        self.silent = False  # the subject has been named and nothing said of it yet
        self.waiting: list[int] = []

    def read(self) -> list[Found]:
        """All findings of the text, in order of their first atom."""
        for place, atom in enumerate(self.atoms):
            if atom.ends_sentence:
                self._close()
                self.subject, self.waiting = "", []
            elif "denied" in atom.roles:
                self._name(place, atom.roles["denied"])
                self.found[-1].fixed = "absent"
            elif "pattern" in atom.roles:
                self._name(place, atom.roles["pattern"])
            elif self._left_out(place):
                self._name(place, self._left_out(place))
            elif atom.text == "normal" and says_ecg(self.atoms, place):
                continue
            elif "state" in atom.roles:
                self._state(place, atom.roles["state"])
            elif "subject" in atom.roles and not self._bare_letter(place):
                self._subject(place, atom.roles["subject"])
            elif "entity" in atom.roles and not self._thing_is_normal(atom):
                self._name(place, atom.roles["entity"])
        self._close()
        self.found += verdicts(self.atoms, self.used)
        return sorted(self.found, key=lambda found: (found.first, found.last))

    # ------------------------------------------------------------ named findings
    def _name(self, place: int, name: str) -> None:
        self._close()
        subject = self.lexicon.subject_of.get(name, "")
        states = self._take_waiting(subject) if name in self.lexicon.weak else []
        self._drop_heading(subject, place)
        if states:
            for at, closer in states:
                self._add(closer, at, place, subject)
        else:
            first = self._called_nonspecific(subject, place)
            self._add(name, place, place, subject)
            if first is not None:
                self._add(self.lexicon.says[subject, "nonspecific"], first, place, subject)
        self.subject, self.subject_at, self.silent, self.waiting = (
            subject,
            place,
            False,
            [],
        )

    def _thing_is_normal(self, atom: Atom) -> bool:
        """ "Voltages are within normal limits" is said of the voltages, not of the recording."""
        return self.silent and atom.text.endswith("normal limit")

    def _called_nonspecific(self, subject: str, place: int) -> int | None:
        """ "Non-specific ST depression" is both: where the waiting word stands."""
        for at in self.waiting:
            if self._also_said(subject, self.atoms[at].roles["state"]):
                self.used.add(at)
                return at
        return None

    def _also_said(self, subject: str, state: str) -> bool:
        """Whether being non-specific is said beside what the thing looks like."""
        vague = state == "nonspecific" or (subject == "st" and state == "nondiagnostic")
        return vague and (subject, state) in self.lexicon.says

    def _add(self, name: str, first: int, last: int, subject: str) -> None:
        before = self.found[-1] if self.found else None
        if before is not None and before.name == name and self._touch(before.last, first):
            before.last = max(before.last, last)
        elif name:
            self.found.append(Found(name, first, last, subject))
        self.used.update((first, last))

    def _touch(self, last: int, first: int) -> bool:
        """Whether one finding only goes on in another word: "low or flat", "neg. (inverted)"."""
        between = self.atoms[last + 1 : first]
        states = "state" in self.atoms[last].roles and "state" in self.atoms[first].roles
        return all(
            not atom.is_("leads")
            and (atom.is_("or", "and", "state") or (states and atom.text == ","))
            for atom in between
        )

    def _drop_heading(self, subject: str, place: int) -> None:
        """ "T changes: T flattening" is one finding: the heading goes."""
        if not self.found or not subject:
            return
        last = self.found[-1]
        between = self.atoms[last.last + 1 : place]
        heading = last.name in self.lexicon.weak and last.subject == subject
        if heading and all(atom.is_("mark", "state", "qualifier") for atom in between):
            self.found.pop()

    def _left_out(self, place: int) -> str:
        """ "sinus or … tachycardia" -> "sinus tachycardia"; "" where nothing is left out."""
        word = self.atoms[place].text
        endings = self.lexicon.tables["states"]["left_out"].get(word)
        after = self.atoms[place + 1 : place + 2]
        if not endings or not any("or" in a.roles or a.text == "query" for a in after):
            return ""
        for atom in self.atoms[place + 2 :]:
            if "entity" in atom.roles:
                ending = str(atom.roles["entity"]).rsplit(" ", 1)[-1]
                return f"{word} {ending}" if ending in endings else ""
            if not atom.is_(*BESIDE):
                return ""
        return ""

    # ------------------------------------------------------------ things and their states
    def _bare_letter(self, place: int) -> bool:
        """A lone letter next to a number or slash is a measurement, not a wave."""
        atom = self.atoms[place]
        if len(atom.text) > 1 or atom.text not in "rsqp":
            return False
        nearby = [
            *self.atoms[max(0, place - 1) : place],
            *self.atoms[place + 1 : place + 2],
        ]
        return any(other.text in "/><" or "number" in other.roles for other in nearby)

    def _subject(self, place: int, subject: str) -> None:
        self._close()
        states = self._take_waiting(subject)
        self._drop_heading(subject, place) if states else None
        for at, name in states:
            self._add(name, at, place, subject)
        self.subject, self.subject_at, self.silent = subject, place, not states
        self.waiting = []

    def _take_waiting(self, subject: str) -> list[tuple[int, str]]:
        says = self.lexicon.says
        pairs = [(at, self.atoms[at].roles["state"]) for at in self.waiting]
        pairs = [(at, state) for at, state in pairs if (subject, state) in says]
        exact = [(at, state) for at, state in pairs if state not in _VAGUE]
        also = [(at, state) for at, state in pairs if exact and self._also_said(subject, state)]
        taken = [(at, says[subject, state]) for at, state in [*exact, *also] or pairs]
        self.waiting = []
        self.used.update(at for at, _ in taken)
        return taken

    def _state(self, place: int, state: str) -> None:
        known = (self.subject, state) in self.lexicon.says and not self._of_a_cause(place)
        if self.silent and known and not self._line_between(place):
            self._say(place, state)
        elif self._leads_to_subject(place, state):
            self.waiting.append(place)
        elif known and not self._line_between(place):
            self._say(place, state)

    def _of_a_cause(self, place: int) -> bool:
        """ "…, consistent with a small old infarct": the word belongs to the infarct."""
        if not any("cue" in atom.roles for atom in self.atoms[self.subject_at + 1 : place]):
            return False
        ahead = (a for a in self.atoms[place + 1 :] if not a.is_("age", "place", "site", "kind"))
        following = next(ahead, None)
        return following is not None and "entity" in following.roles

    def _line_between(self, place: int) -> bool:
        atoms = self.atoms[self.subject_at + 1 : place + 1]
        return any(atom.is_("entity") for atom in atoms)

    def _leads_to_subject(self, place: int, state: str) -> bool:
        for atom in self.atoms[place + 1 :]:
            if "subject" in atom.roles:
                return (atom.roles["subject"], state) in self.lexicon.says
            if "entity" in atom.roles:
                name = atom.roles["entity"]
                subject = self.lexicon.subject_of.get(name, "")
                weak = name in self.lexicon.weak and (subject, state) in self.lexicon.says
                return weak or self._also_said(subject, state)
            if not atom.is_(*BESIDE):
                return False
        return False

    def _say(self, place: int, state: str) -> None:
        name = self.lexicon.says[self.subject, state]
        first = self.subject_at if self.silent else place
        last = self.found[-1] if self.found else None
        if last is not None and last.subject == self.subject and not self.silent:
            closer = last.name in self.lexicon.weak and state != "abnormal"
            if closer and name and last.name != name and last.last >= self.subject_at:
                last.name, last.last = name, place
                self.used.add(place)
                return
            if state in _VAGUE:
                self.used.add(place)
                if state == "nonspecific" and last.name not in self.lexicon.weak and name:
                    self.found.append(Found(name, last.first, place, self.subject))
                return
        self._add(name, first, place, self.subject)
        self.silent = False

    def _close(self) -> None:
        """A thing that was only named: some are findings of their own (Q waves, U waves)."""
        if self.silent and self.subject in self.lexicon.named:
            name = self.lexicon.named[self.subject]
            self._add(name, self.subject_at, self.subject_at, self.subject)
        self.silent = False
