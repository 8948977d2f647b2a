"""When a recording was made, as far as its file said so."""

from datetime import datetime

from cardiolex.recordings.recording import Recording

_FORMS = ("%Y%m%d%H%M%S", "%Y-%m-%d %H:%M:%S", "%Y%m%d", "%Y-%m-%d")


def recorded_at(recording: Recording) -> datetime | None:
    """Return the local time of the recording; None if its file did not say it in a known form."""
    text = recording.details.get("recorded", "").split(".")[0].strip()[:19]
    for form in _FORMS:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return None
