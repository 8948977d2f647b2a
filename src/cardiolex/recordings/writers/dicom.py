"""DICOM ECG waveform objects through pydicom (PS3.3 A.34.3 to A.34.5)."""

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from cardiolex.errors import CardiolexError
from cardiolex.files import atomic_write
from cardiolex.recordings.readers.dicom import NEVER
from cardiolex.recordings.readers.lead_codes import NUMBER_OF_LEAD
from cardiolex.recordings.readers.told import NOTE
from cardiolex.recordings.recording import Recording
from cardiolex.recordings.writers.counts import MISSING, to_counts
from cardiolex.recordings.writers.names import told_texts
from cardiolex.recordings.writers.when import recorded_at

_TWELVE = "1.2.840.10008.5.1.4.1.1.9.1.1"
_GENERAL = "1.2.840.10008.5.1.4.1.1.9.1.2"
_AMBULATORY = "1.2.840.10008.5.1.4.1.1.9.1.3"
_NEVER = datetime.strptime(NEVER, "%Y%m%d")
"""Stands where DICOM demands a time of acquisition and none is known; an annotation says so."""


def write_dicom(recording: Recording, stem: Path, deidentify: bool) -> None:
    """Write `stem`.dcm: 12-lead ECG where its bounds allow, else general or ambulatory ECG.

    What is not known stays empty. With `deidentify` the object says that identity was removed.
    """
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

    kind = UID(_kind(recording))
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = kind
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset(stem.name, {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID = kind
    data.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    data.StudyInstanceUID, data.SeriesInstanceUID = generate_uid(), generate_uid()
    _describe(data, recording, deidentify)
    data.WaveformSequence = [_group(recording)]
    texts = _texts(recording)
    if texts:
        data.WaveformAnnotationSequence = [_annotation(text) for text in texts]
    with atomic_write(stem.with_name(f"{stem.name}.dcm")) as temporary:
        data.save_as(temporary, enforce_file_format=True)


def _kind(recording: Recording) -> str:
    """Return the SOP class whose bounds the recording keeps (PS3.3 A.34.3 to A.34.5)."""
    samples = recording.mv.shape[1]
    if 200 <= recording.fs <= 1000:
        return _TWELVE if samples <= 16384 else _GENERAL
    if 50 <= recording.fs <= 1000:
        return _AMBULATORY
    raise CardiolexError(
        f"recording {recording.id!r} has {recording.fs:g} Hz, but DICOM ECGs have 50 to 1000 Hz; "
        "resample it first"
    )


def _describe(data: Any, recording: Recording, deidentify: bool) -> None:
    when = recorded_at(recording)
    data.SpecificCharacterSet = "ISO_IR 192"
    data.Modality = "ECG"
    data.PatientName = ""
    data.PatientID = recording.patient or ""
    data.PatientBirthDate = ""
    data.PatientSex = {"male": "M", "female": "F"}.get(recording.sex or "", "")
    if recording.age is not None:
        data.PatientAge = f"{int(recording.age):03d}Y"
    if deidentify:
        data.PatientIdentityRemoved = "YES"
        data.DeidentificationMethod = "cardiolex: id, report, device, times, age above 89 left out"
    for empty in ("StudyID", "AccessionNumber", "ReferringPhysicianName", "SeriesNumber"):
        setattr(data, empty, None if empty == "SeriesNumber" else "")
    data.StudyDate = when.strftime("%Y%m%d") if when else ""
    data.StudyTime = when.strftime("%H%M%S") if when else ""
    data.Manufacturer = recording.details.get("device", "")[:64]
    data.InstanceNumber = 1
    moment = when or _NEVER
    data.AcquisitionDateTime = moment.strftime("%Y%m%d%H%M%S")
    data.ContentDate, data.ContentTime = moment.strftime("%Y%m%d"), moment.strftime("%H%M%S")
    data.AcquisitionContextSequence = []


def _group(recording: Recording) -> Any:
    from pydicom.dataset import Dataset

    counts = to_counts(recording)
    group = Dataset()
    group.WaveformOriginality = "ORIGINAL"
    group.NumberOfWaveformChannels, group.NumberOfWaveformSamples = recording.mv.shape
    group.SamplingFrequency = f"{recording.fs:.10g}"
    group.MultiplexGroupLabel = "RHYTHM"
    group.ChannelDefinitionSequence = [
        _channel(lead, n + 1, 1000 / counts.per_mv) for n, lead in enumerate(recording.leads)
    ]
    group.WaveformBitsAllocated = 16
    group.WaveformSampleInterpretation = "SS"
    if (counts.values == MISSING).any():
        group.WaveformPaddingValue = np.int16(MISSING).tobytes()
    group.WaveformData = np.ascontiguousarray(counts.values.T, "<i2").tobytes()
    group["WaveformData"].VR = "OW"
    if "WaveformPaddingValue" in group:
        group["WaveformPaddingValue"].VR = "OW"
    return group


def _channel(lead: str, number: int, microvolts: float) -> Any:
    from pydicom.dataset import Dataset

    channel = Dataset()
    channel.WaveformChannelNumber = number
    channel.ChannelLabel = lead
    channel.ChannelSourceSequence = [_code(f"2:{NUMBER_OF_LEAD[lead]}", "MDC", f"Lead {lead}")]
    channel.ChannelSensitivity = f"{microvolts:.10g}"
    channel.ChannelSensitivityUnitsSequence = [_code("uV", "UCUM", "microvolt")]
    channel.ChannelSensitivityCorrectionFactor = "1"
    channel.ChannelBaseline = "0"
    channel.ChannelSampleSkew = "0"
    channel.WaveformBitsStored = 16
    return channel


def _code(value: str, scheme: str, meaning: str) -> Any:
    from pydicom.dataset import Dataset

    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code


def _texts(recording: Recording) -> list[str]:
    texts = told_texts(recording)
    if recorded_at(recording) is None:
        texts.append(f"{NOTE}the time of recording is not known; 1900-01-01 stands in its place")
    return texts


def _annotation(text: str) -> Any:
    from pydicom.dataset import Dataset

    annotation = Dataset()
    annotation.ReferencedWaveformChannels = [1, 0]
    annotation.UnformattedTextValue = text[:1024]
    return annotation
