"""Philips (Sierra) XML, versions 1.03 to 1.04.02: waveforms through sierraecg, the rest from here.

The library undoes the compression and restores the limb leads; it knows no units, so resolution
(microvolts per count), person and statements are read here. What could make it run without end or
fill the memory is refused first: block sizes that lead backwards, streams that unpack to more
than the stated duration.
"""

import base64
import binascii
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.readers.comments import parse_sex
from cardiolex.recordings.readers.errors import ReadError, bounded_shape
from cardiolex.recordings.readers.person import age_in, day_of, years_between
from cardiolex.recordings.readers.pieces import require_rate
from cardiolex.recordings.readers.xml_tree import (
    as_report,
    attribute,
    filled,
    number,
    parse_xml,
    text_at,
)
from cardiolex.recordings.recording import Recording

MOST_PHILIPS = 8 << 20
MOST_SECONDS = 600.0
_WAVES = "waveforms/parsedwaveforms"
_SIGNALS = "dataacquisition/signalcharacteristics"
_PERSON = "patient/generalpatientdata"
_MEASURED = {
    "meanventrate": "ventricular rate, /min",
    "meanprint": "PR interval, ms",
    "meanqrsdur": "QRS duration, ms",
    "meanqtint": "QT interval, ms",
    "meanqtc": "QTc, ms",
}
_READ = {"documentinfo", "patient", "dataacquisition", "interpretations", "waveforms"}
_READ |= {"internalmeasurements"}


def read_philips(path: Path) -> Recording:
    """Read the rhythm waveforms; the calibration pulse at the end of some files is cut off."""
    _require_library(path)
    root = parse_xml(path, MOST_PHILIPS)
    fs = require_rate(path, number(path, text_at(root, f"{_SIGNALS}/samplingrate"), "samplingrate"))
    resolution = number(
        path,
        attribute(root, _WAVES, "resolution") or text_at(root, f"{_SIGNALS}/resolution"),
        "the resolution (microvolts per count)",
    )
    if not resolution > 0:
        raise ReadError(path, f"states a resolution of {resolution:g} uV", "it is damaged")
    _require_bounded(path, root, fs)
    names, counts = _decoded(path)
    counts, notes = _without_calibration(counts, fs)
    born = text_at(root, f"{_PERSON}/age/dateofbirth")
    day = attribute(root, "dataacquisition", "date")
    age, odd = age_in(text_at(root, f"{_PERSON}/age/years"), "years")
    return Recording.from_channels(
        counts,
        names,
        fs,
        unit="uV",
        gain=1 / resolution,
        id=path.stem,
        patient=text_at(root, f"{_PERSON}/patientid") or None,
        age=years_between(day_of(born), day_of(day)) if age is None else age,
        sex=parse_sex(text_at(root, f"{_PERSON}/sex")),
        report=_statements(root),
        notes=(*notes, *odd),
        details=_details(root),
        unread=_unread(root),
    )


def _require_library(path: Path) -> None:
    if find_spec("sierraecg") is None:
        raise ReadError(
            path, "is Philips XML, which needs sierraecg", "pip install cardiolex[formats]"
        )


def _require_bounded(path: Path, root: Element, fs: float) -> None:
    """Refuse what the library would not bound: long claims, loops, streams that unpack too far."""
    waves = root.find(_WAVES)
    duration = number(path, attribute(root, _WAVES, "durationperchannel"), "durationperchannel")
    if waves is None or not 0 < duration <= 1000 * MOST_SECONDS:
        raise ReadError(path, f"states {duration:g} ms a channel", "0 to 600 s can be read")
    bounded_shape(path, 12, int(duration / 1000 * fs))
    method = waves.get("compressmethod", waves.get("compression", "Uncompressed"))
    if method != "XLI":
        return
    try:
        packed = base64.b64decode("".join(waves.itertext()))
    except (binascii.Error, ValueError) as error:
        raise ReadError(path, f"its waveforms are no base64 ({error})") from error
    most = int(duration / 1000 * fs) * 2 + 4096
    for chunk in _chunks(path, packed):
        _require_unpacked(path, chunk, most)


def _chunks(path: Path, packed: bytes) -> list[bytes]:
    chunks: list[bytes] = []
    offset = 0
    while offset < len(packed):
        size = int.from_bytes(packed[offset : offset + 4], "little", signed=True)
        offset += 8
        if size < 4 or offset + size > len(packed) or len(chunks) >= 64:
            raise ReadError(path, f"a compressed lead states {size} bytes", "it is cut off")
        chunks.append(packed[offset : offset + size])
        offset += size
    return chunks


def _require_unpacked(path: Path, chunk: bytes, most: int) -> None:
    from sierraecg.lzw import LzwDecoder

    decoder = LzwDecoder(chunk, bits=10)
    unpacked = 0
    while decoder.read() != -1:
        unpacked += 1
        if unpacked > most:
            raise ReadError(
                path, "a lead unpacks to more than the stated duration", "it is damaged"
            )


def _decoded(path: Path) -> tuple[list[str], NDArray[np.int64]]:
    """Return the names and counts (C, T) that sierraecg reads."""
    import sierraecg

    try:
        content: Any = BytesIO(path.read_bytes())  # the library does not close a path
        read = sierraecg.read_file(content)
    except sierraecg.UnsupportedXmlFileError as error:
        raise ReadError(
            path, f"sierraecg does not read it ({error})", "versions 1.03 to 1.04.02"
        ) from error
    except (
        sierraecg.MissingXmlElementError,
        sierraecg.MissingXmlAttributeError,
    ) as error:
        raise ReadError(path, f"lacks the field {error}", "it is damaged") from error
    except Exception as error:  # what the library did not foresee
        raise ReadError(
            path, f"its waveforms cannot be decoded ({error})", "it is damaged"
        ) from error
    sizes = {lead.samples.size for lead in read.leads}
    if len(sizes) != 1 or not sizes.pop():
        raise ReadError(path, "its leads differ in their number of samples", "it is cut off")
    return [lead.label for lead in read.leads], np.array(
        [lead.samples for lead in read.leads], np.int64
    )


def _without_calibration(
    counts: NDArray[np.int64], fs: float
) -> tuple[NDArray[np.int64], list[str]]:
    """Cut off the end after 10 s if it is the same, changing signal in every lead."""
    ten = round(10 * fs)
    tail = counts[:, ten:]
    if tail.shape[1] < 0.2 * fs or not tail.any() or np.ptp(tail, axis=0).any():
        return counts, []
    cut = f"the last {tail.shape[1] / fs:g} s hold the calibration pulse and were cut off"
    return counts[:, :ten], [cut]


def _statements(root: Element) -> str | None:
    lines = [
        " ".join((text_at(one, "leftstatement"), text_at(one, "rightstatement"))).strip()
        for one in root.iterfind("interpretations/interpretation/statement")
    ]
    return as_report(lines)


def _details(root: Element) -> dict[str, str]:
    measured = {
        f"the cart's {name}": text_at(root, f"internalmeasurements/crossleadmeasurements/{tag}")
        for tag, name in _MEASURED.items()
    }
    place = "dataacquisition"
    recorded = f"{attribute(root, place, 'date')} {attribute(root, place, 'time')}"
    device = attribute(root, f"{place}/machine", "detaildescription")
    return filled(
        {
            "device": text_at(root, f"{place}/machine") or device,
            "recorded": recorded,
            "version": text_at(root, "documentinfo/documentversion"),
            **measured,
        }
    )


def _unread(root: Element) -> tuple[str, ...]:
    beats = ["representative beats"] * (root.find("waveforms/repbeats") is not None)
    named = any(text_at(root, f"{_PERSON}/name/{part}name") for part in ("first", "last"))
    return (*sorted({e.tag for e in root if e.tag not in _READ} | {*beats}), *["the name"] * named)
