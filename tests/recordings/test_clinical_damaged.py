"""Damaged and hostile files of the clinical formats: an error that names file, field and remedy."""

import re
import struct
import time

import edfio
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardiolex.errors import CardiolexError
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.readers import ReadError, read

from . import made_scp as scp
from .made_ishne import ishne
from .made_xml import EIGHT, aecg, apple, lzw, muse, philips
from .making import beats_like
from .test_clinical_formats import discontinuous, edf_signal, group, mdc, write_dicom

MV = beats_like(seconds=2)[0]
START = "20200517131415.000"
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE RestingECG [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">'
    "<!ENTITY c '&b;&b;&b;&b;'>]><RestingECG>&c;</RestingECG>"
)
OUTSIDE = (
    '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    '<AnnotatedECG xmlns="urn:hl7-org:v3">&x;</AnnotatedECG>'
)


def eight():
    return MV[[LEADS.index(name) for name in EIGHT]]


def edf_bytes() -> bytes:
    return edfio.Edf([edf_signal(row, n) for row, n in zip(MV[:2], LEADS, strict=False)]).to_bytes()


def patched(data: bytes, place: int, new: bytes) -> bytes:
    return data[:place] + new + data[place + len(new) :]


def field(text: str, tag: str, new: str) -> bytes:
    return re.sub(f"<{tag}>[^<]*</{tag}>", f"<{tag}>{new}</{tag}>", text).encode()


def resealed(data: bytes) -> bytes:
    """Give an ISHNE file a fitting CRC again."""
    return data[:8] + struct.pack("<H", scp.crc(data[10:522])) + data[10:]


def spoilt() -> dict[str, tuple[bytes, str]]:
    """Name -> (content, what the error says)."""
    holter, record, edf = ishne(MV[:2], LEADS[:2]), scp.scp(MV[:2], LEADS[:2]), edf_bytes()
    mus, sierra = muse(eight()), philips(MV, pulse=False)
    annotated = aecg([(MV[:2], LEADS[:2], START)])
    one_wave = {3: scp.leads(["II"], 1, 100), 6: scp.rhythm([scp.encode(np.zeros(100), 2, False)])}
    return {
        "ishne_cut_head": (holter[:300], "cut off within its head"),
        "ishne_cut": (holter[:-400], "states 1000 samples, but holds 900; the file is cut off"),
        "ishne_crc": (patched(holter, 30, b"Eve"), "its head has the CRC"),
        "ishne_no_leads": (resealed(patched(holter, 156, b"\0\0")), "states 0 leads"),
        "ishne_0_hz": (resealed(patched(holter, 272, b"\0\0")), "a sampling rate of 0 Hz"),
        "ishne_0_nv": (resealed(patched(holter, 206, b"\0\0")), "resolutions of [0, 1000] nV"),
        "ishne_huge": (resealed(patched(holter, 14, b"\xff\xff\xff\x7f")), "the file is cut off"),
        "ishne_negative": (resealed(patched(holter, 14, b"\xff" * 4)), "states -1 samples"),
        "ishne_beats": (b"ANN  1.0" + holter[8:], "holds the beats of an ISHNE Holter"),
        "scp_cut": (record[:-100], "but holds"),
        "scp_no_rhythm": (scp.record({3: one_wave[3]}), "has no section 6"),
        "scp_no_leads": (scp.record({6: one_wave[6]}), "has no section 3"),
        "scp_0_us": (
            scp.record(one_wave | {6: scp.rhythm([b"\0" * 200], micros=0)}),
            "section 6 states 1000 nV a count, 0 us a sample",
        ),
        "scp_short": (
            scp.record(one_wave | {3: scp.leads(["II"], 1, 500)}),
            "lead 1 ends after 100 of 500 samples",
        ),
        "scp_huge": (
            scp.record(one_wave | {3: scp.leads(["II"], 1, 1 << 31)}),
            "a lead from sample 1 to 2147483648",
        ),
        "scp_hours": (scp.record(one_wave | {3: scp.leads(["II"], 1, 1 << 24)}), "an hour can be"),
        "scp_bimodal": (
            scp.record(one_wave | {4: bytes(6), 6: scp.rhythm([b"\0" * 200], bimodal=1)}),
            "section 5 does not give the full rate",
        ),
        "scp_endless_table": (
            scp.record(one_wave | {2: struct.pack("<HHBBBhI", 1, 1, 0, 16, 0, 1, 0)}),
            "leads on without a bit",
        ),
        "scp_many_codes": (scp.record(one_wave | {2: struct.pack("<HH", 1, 9999)}), "9999 codes"),
        "scp_no_standard_lead": (
            scp.record(one_wave | {3: bytes([1, 0]) + struct.pack("<IIB", 1, 100, 16)}),
            "no channel is a standard ECG lead: 'X'",
        ),
        "edf_cut_head": (edf[:500], "its head states 768 bytes for 2 signals"),
        "edf_cut": (edf[:-900], "states 2 data records, but holds 1"),
        "edf_no_record": (edf[:768], "holds 0; it is cut off"),
        "edf_0_s": (patched(edf, 244, b"0       "), "states data records of 0 s"),
        "edf_words": (patched(edf, 236, b"many    "), "the number of data records is 'many'"),
        "edf_no_signals": (patched(edf, 252, b"0   "), "states 0 signals"),
        "edf_many_signals": (patched(edf, 252, b"9999"), "states 9999 signals"),
        "edf_0_samples": (patched(edf, 256 + 432, b"0       "), "states 0 samples in a data"),
        "edf_flat_range": (
            patched(edf, 256 + 208, b"5       " * 4),
            "signal 'I' has the physical range 5 to 5",
        ),
        "edf_nan_range": (patched(edf, 256 + 208, b"nan     "), "physical range nan"),
        "muse_bomb": (BOMB.encode(), "declares XML entities (EntitiesForbidden)"),
        "aecg_outside": (OUTSIDE.encode(), "declares XML entities"),
        "muse_cut": (mus[: len(mus) // 2].encode(), "is damaged XML"),
        "muse_median_only": (mus.replace("Rhythm", "Median").encode(), "holds no Rhythm waveform"),
        "muse_0_hz": (field(mus, "SampleBase", "0"), "a sampling rate of 0 Hz"),
        "muse_nan_hz": (field(mus, "SampleBase", "nan"), "SampleBase is 'nan'"),
        "muse_short": (
            field(mus, "LeadSampleCountTotal", "90000"),
            "lead I states 90000 samples, but holds 1000",
        ),
        "muse_0_uv": (field(mus, "LeadAmplitudeUnitsPerBit", "0"), "LeadAmplitudeUnitsPerBit is 0"),
        "muse_unit": (field(mus, "LeadAmplitudeUnits", "MMHG"), "lead 'I' has the unknown unit"),
        "aecg_word": (annotated.replace("<digits>", "<digits>x ").encode(), "a digit is no number"),
        "aecg_0_s": (
            re.sub('increment value="[^"]*"', 'increment value="0"', annotated).encode(),
            "its time increment is 0 s",
        ),
        "aecg_nan": (annotated.replace('scale value="2.5"', 'scale value="nan"').encode(), "'nan'"),
        "aecg_no_series": (b"<AnnotatedECG/>", "holds no rhythm series"),
        "aecg_far": (
            aecg([(MV[:1], ("I",), START), (MV[1:2], ("II",), "20990517131415.000")]).encode(),
            "gaps far longer than what was recorded",
        ),
        "philips_version": (sierra.replace(">1.04<", ">9<").encode("utf-16"), "sierraecg does not"),
        "philips_loop": (
            re.sub("5.0\">[^<]*", '5.0">+P///wAAAAA=', sierra).encode("utf-16"),
            "a compressed lead states -8 bytes",
        ),
        "philips_long": (
            re.sub('nel="[0-9]*"', 'nel="9e9"', sierra).encode("utf-16"),
            "0 to 600 s can be read",
        ),
        "philips_bomb": (philips_bomb(sierra).encode("utf-16"), "more than the stated duration"),
        "xml_other": (b"<ClinicalDocument/>", "is XML with the root 'ClinicalDocument'"),
        "apple_empty": (apple(MV[0][:0], "en").encode(), "has a head but no samples"),
        "apple_words": ((apple(MV[0], "en") + "12,x\n").encode(), "a sample is no number"),
        "apple_0_hz": (apple(MV[0], "en").replace("512 h", "0 h").encode(), "rate of 0 Hz"),
    }  # fmt: skip


def philips_bomb(text: str) -> str:
    import base64

    packed = lzw(bytes(2_000_000))
    data = base64.b64encode(len(packed).to_bytes(4, "little") + bytes(4) + packed).decode()
    return re.sub('resolution="5.0">[^<]*', f'resolution="5.0">{data}', text)


SPOILT = spoilt()


@pytest.mark.parametrize("name", sorted(SPOILT))
def test_the_error_names_the_file_and_the_cause(tmp_path, name):
    content, cause = SPOILT[name]
    (tmp_path / name).write_bytes(content)
    start = time.process_time()
    with pytest.raises(ReadError) as raised:
        read(tmp_path / name)
    message = str(raised.value)
    assert message.startswith(str(tmp_path / name)) and cause in message, message
    assert "\n" not in message and "cannot be read (" not in message
    assert time.process_time() - start < 10


def dicom_cases():
    def without(name):
        return lambda item: delattr(item, name)

    def having(name, value):
        return lambda item: setattr(item, name, value)

    return {
        "no data": (without("WaveformData"), "states 2 x 1000 samples, but holds 0 bytes"),
        "huge": (having("NumberOfWaveformSamples", 1 << 31), "beyond the bounds"),
        "more": (having("NumberOfWaveformSamples", 1001), "it is cut off"),
        "0 Hz": (having("SamplingFrequency", 0), "a sampling rate of multiplex group 1 of 0 Hz"),
        "law": (having("WaveformSampleInterpretation", "MB"), "samples of the kind MB"),
        "definitions": (having("ChannelDefinitionSequence", []), "defines 0 of 2 channels"),
        "no number": (without("NumberOfWaveformSamples"), "no number in NumberOfWaveformSamples"),
    }


@pytest.mark.parametrize("name", sorted(dicom_cases()))
def test_damaged_dicom_groups(tmp_path, name):
    change, cause = dicom_cases()[name]
    item = group(MV[:2], mdc(LEADS[:2]))
    change(item)
    with pytest.raises(ReadError, match=re.escape(cause)):
        read(write_dicom(tmp_path / "x.dcm", [item]))


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("CT_small.dcm", r"without waveforms \(CT Image Storage\)"),
        ("image_dfl.dcm", "stored as Deflated Explicit VR Little Endian, which is not read"),
        ("JPEG2000.dcm", "which is not read; export it as Explicit VR"),
    ],
)
def test_other_and_compressed_dicom_objects(name, cause):
    from pydicom.data import get_testdata_file

    with pytest.raises(ReadError, match=cause):
        read(get_testdata_file(name, download=False))


def test_a_cut_dicom_file_is_called_damaged(tmp_path):
    path = write_dicom(tmp_path / "x.dcm", [group(MV[:2], mdc(LEADS[:2]))])
    whole = path.read_bytes()
    for kept in (140, 250, 420, 700, len(whole) - 900):
        path.write_bytes(whole[:kept])
        with pytest.raises(ReadError, match=r"x\.dcm: .*(damaged|cut off|not read|without wavef)"):
            read(path)


def test_edf_plus_d_with_absurd_gaps_is_refused(tmp_path):
    path = discontinuous(tmp_path / "x.edf", gap_s=2)
    data = path.read_bytes().replace(b"+11\x14\x14", b"+1\x14\x14\0")
    path.write_bytes(data)
    with pytest.raises(ReadError, match="not in the order of time"):
        read(path)


def test_a_flood_of_nan_in_xml_is_no_lead(tmp_path):
    text = re.sub("<digits>[^<]*", f"<digits>{'nan ' * 1000}", aecg([(MV[:1], ("I",), START)]))
    (tmp_path / "x").write_text(text)
    with pytest.raises(ReadError, match="every lead is zero or missing throughout"):
        read(tmp_path / "x")


def good(tmp_path_factory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("good")
    small = MV[:, :300]
    dicom = write_dicom(folder / "x", [group(small[:2], mdc(LEADS[:2]))]).read_bytes()
    return {
        "dicom": dicom,
        "edf": edf_bytes(),
        "edf+d": discontinuous(folder / "y").read_bytes(),
        "ishne": ishne(small[:2], LEADS[:2]),
        "scp": scp.scp(small[:2], LEADS[:2]),
        "muse": muse(eight()[:, :300]).encode(),
        "aecg": aecg([(small[:2], LEADS[:2], START)]).encode(),
        "philips": philips(small[:, :120], pulse=False).encode("utf-16"),
        "apple": apple(small[0], "en").encode(),
    }


KINDS = ["dicom", "edf", "edf+d", "ishne", "scp", "muse", "aecg", "philips", "apple"]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_flipped_and_cut_bytes_give_a_recording_or_an_error(tmp_path_factory, kind, data):
    content = bytearray(CONTENT.setdefault("all", good(tmp_path_factory))[kind])
    limit = data.draw(st.sampled_from([min(600, len(content)), len(content)]))
    for place in data.draw(st.lists(st.integers(0, limit - 1), max_size=4)):
        content[place] = data.draw(st.integers(0, 255))
    if kind == "scp":  # past the CRC, else nothing behind it is tried
        content = bytearray(scp_resealed(bytes(content)))
    if kind == "ishne":
        content = bytearray(resealed(bytes(content)))
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(1, len(content)))]
    path = tmp_path_factory.getbasetemp() / f"flipped-{kind}"
    path.write_bytes(content)
    start = time.process_time()
    try:
        recording = read(path)
        assert recording.mv.shape[0] == len(recording.leads) and recording.fs > 0
    except CardiolexError as error:
        assert path.name in str(error)
    assert time.process_time() - start < 10


CONTENT: dict[str, dict[str, bytes]] = {}


def scp_resealed(data: bytes) -> bytes:
    """Give every section that is where its pointer says a fitting CRC."""
    for n in range(12):
        place = 22 + 10 * n
        number, length, index = struct.unpack_from("<HII", data.ljust(place + 10, b"\0"), place)
        if n and 16 < length <= len(data) and 6 < index <= len(data) - length + 1 and number < 12:
            part = data[index + 1 : index - 1 + length]
            data = patched(data, index - 1, struct.pack("<H", scp.crc(part)))
    return patched(data, 6, struct.pack("<H", scp.crc(data[8:142])))
