"""Age and dates as clinical formats write them."""

import re
from datetime import date

from cardiolex.recordings.readers.comments import parse_age

_DAYS_PER_UNIT = {"Y": 365.25, "M": 365.25 / 12, "W": 7.0, "D": 1.0, "H": 1 / 24}


def calendar_day(year: int, month: int, day: int) -> date | None:
    """Return a date, or None where the numbers are no day between 1850 and 2200."""
    try:
        return date(year, month, day) if 1850 <= year <= 2200 else None
    except ValueError:
        return None


def day_of(text: str) -> date | None:
    """Return the date at the start of "20240131…", "2024-01-31…", "31.01.2024…", or None."""
    match = re.match(r"\s*(\d{4})[-./]?(\d{2})[-./]?(\d{2})", text)
    if match:
        return calendar_day(*map(int, match.groups()))
    match = re.match(r"\s*(\d{1,2})\.(\d{1,2})\.(\d{4})", text)
    return calendar_day(*map(int, match.groups()[::-1])) if match else None


def years_between(born: date | None, day: date | None) -> float | None:
    """Return the completed years of age on `day`, or None if unknown or not possible."""
    if born is None or day is None or day < born:
        return None
    years = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    return parse_age(years)[0]


def age_in(number: object, unit: str) -> tuple[float | None, list[str]]:
    """Return an age in years from a number of years, months, weeks, days or hours, and notes."""
    days = _DAYS_PER_UNIT.get(unit.strip()[:1].upper())
    try:
        years = float(str(number)) * (days or 0.0) / 365.25
    except (ValueError, OverflowError):
        return None, []
    return parse_age(round(years, 2)) if days else (None, [])
