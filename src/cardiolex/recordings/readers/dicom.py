"""DICOM ECG waveforms (PS3.3 A.34, C.10.9): 12-lead, general, ambulatory; leads by code."""

import warnings
from pathlib import Path
from typing import Any

from cardiolex.errors import CardiolexError
from cardiolex.recordings.leads import standard_name
from cardiolex.recordings.readers.comments import parse_sex
from cardiolex.recordings.readers.dicom_groups import Group, read_group
from cardiolex.recordings.readers.errors import ReadError, bounded_size
from cardiolex.recordings.readers.named import named_channels
from cardiolex.recordings.readers.person import age_in, day_of, years_between
from cardiolex.recordings.readers.pieces import Piece, join_pieces
from cardiolex.recordings.readers.stated import Stated
from cardiolex.recordings.readers.told import parse_told
from cardiolex.recordings.readers.xml_tree import as_report, filled
from cardiolex.recordings.recording import Recording

MOST_DICOM = 1 << 30
_READABLE = {"1.2.840.10008.1.2": "implicit", "1.2.840.10008.1.2.1": "explicit, little endian"}
_MOST_ANNOTATIONS = 500
NEVER = "19000101"
"""Stands for a day that is not known in files that must state one."""


def read_dicom(path: Path, facts: Stated) -> Recording:
    """Read the multiplex groups that were recorded; derived ones (median beats) are told of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom warns of odd values in fields not needed here
        try:
            return _read(path, facts)
        except CardiolexError:
            raise
        except Exception as error:  # pydicom reads fields when they are asked for
            raise ReadError(path, f"is a damaged DICOM file ({error})", "fetch it again") from error


def _read(path: Path, facts: Stated) -> Recording:
    data = _opened(path)
    groups = [read_group(path, item, n + 1) for n, item in enumerate(data.WaveformSequence)]
    recorded = [group for group in groups if not group.derived] or groups
    aside = tuple(group.piece.says() for group in groups if group not in recorded)
    joined = join_pieces(path, _named(path, recorded, facts))
    texts, measured = _annotations(data)
    told = parse_told(texts)
    person, notes = _person(data)
    notes += [note for group in recorded for note in group.notes]
    known = all(group.unit_known for group in recorded)
    if not known:
        notes.append("unit unknown: a lead states no sensitivity, its numbers are counts")
    return Recording.from_channels(
        joined.values,
        joined.names,
        joined.fs,
        id=path.stem,
        report=as_report([told.report or "", *told.others]),
        labels=told.labels,
        derived=told.derived & {standard_name(name) or "" for name in joined.names},
        unit_known=known,
        notes=(*joined.notes, *notes, *told.notes),
        details=filled(_details(data) | measured),
        unread=(*joined.unread, *aside, *_unread(data)),
        **person,
    )


def _opened(path: Path) -> Any:
    """Return the data set, after its transfer syntax has been looked at."""
    import pydicom
    from pydicom.filereader import read_file_meta_info
    from pydicom.uid import UID

    bounded_size(path, MOST_DICOM)
    try:
        syntax = UID(str(read_file_meta_info(path).get("TransferSyntaxUID", "")))
        if syntax not in _READABLE:
            cause = f"is stored as {syntax.name or 'an unknown transfer syntax'}, which is not read"
            raise ReadError(path, cause, "export it as Explicit VR Little Endian")
        data = pydicom.dcmread(path, stop_before_pixels=True)
    except ReadError:
        raise
    except Exception as error:  # pydicom has many for a damaged file
        raise ReadError(path, f"is a damaged DICOM file ({error})", "fetch it again") from error
    if not data.get("WaveformSequence"):
        kind = UID(str(data.get("SOPClassUID", ""))).name or "of unknown class"
        raise ReadError(
            path,
            f"is a DICOM object without waveforms ({kind})",
            "12-lead, general and ambulatory ECG waveform objects are read",
        )
    return data


def _named(path: Path, groups: list[Group], facts: Stated) -> list[Piece]:
    """Return the pieces; one group whose leads have no code may be named by caller or sidecar."""
    pieces = [group.piece for group in groups]
    if len(pieces) > 1 or (pieces[0].has_lead and facts.leads is None):
        if facts.leads is not None:
            raise ReadError(path, f"holds {len(pieces)} groups: leads cannot be stated")
        return pieces
    (one,) = pieces
    names = tuple(named_channels(path, one.names, facts))
    return [Piece(one.values, names, one.fs, one.start_s, one.title)]


def _person(data: Any) -> tuple[dict[str, Any], list[str]]:
    text = str(data.get("PatientAge", "") or "")
    age, notes = age_in(text[:-1], text[-1:]) if text else (None, [])
    if age is None:
        day = day_of(str(data.get("AcquisitionDateTime", "") or data.get("StudyDate", "") or ""))
        age = years_between(day_of(str(data.get("PatientBirthDate", "") or "")), day)
    person = {
        "patient": str(data.get("PatientID", "") or "").strip() or None,
        "age": age,
        "sex": parse_sex(data.get("PatientSex", "") or ""),
    }
    return person, notes


def _details(data: Any) -> dict[str, str]:
    recorded = str(data.get("AcquisitionDateTime", "") or data.get("StudyDate", "") or "")
    maker, model = (str(data.get(k, "") or "") for k in ("Manufacturer", "ManufacturerModelName"))
    return {
        "device": f"{maker} {model}".strip(),
        "software": str(data.get("SoftwareVersions", "") or ""),
        "recorded": "" if recorded.startswith(NEVER) else recorded,
        "kind of object": str(getattr(data.get("SOPClassUID", ""), "name", "")),
    }


def _annotations(data: Any) -> tuple[list[str], dict[str, str]]:
    """Return the texts, and the numbers with their names and units."""
    statements: list[str] = []
    measured: dict[str, str] = {}
    for item in list(data.get("WaveformAnnotationSequence") or ())[:_MOST_ANNOTATIONS]:
        if item.get("UnformattedTextValue"):
            statements.append(str(item.UnformattedTextValue))
        name, value = item.get("ConceptNameCodeSequence"), item.get("NumericValue")
        if name and value is not None:
            units = item.get("MeasurementUnitsCodeSequence")
            unit = str(units[0].get("CodeValue", "")) if units else ""
            meaning = str(name[0].get("CodeMeaning", "value"))
            measured.setdefault(f"the device's {meaning}", f"{value} {unit}")
    return statements, measured


def _unread(data: Any) -> list[str]:
    count = len(data.get("WaveformAnnotationSequence") or ())
    left = [f"{count - _MOST_ANNOTATIONS} more annotations"] if count > _MOST_ANNOTATIONS else []
    if str(data.get("PatientName", "") or ""):
        left.append("the name")
    if "EncapsulatedDocument" in data:
        left.append("the encapsulated document")
    return left
