"""GE MUSE, HL7 aECG, Philips (Sierra) and Apple Health files, as their vendors lay them out.

MUSE: fields and their order as in public RestingECG exports (DTD restecg.dtd): 8 leads, int16 in
base64, 4.88 uV a bit. aECG: the HL7 v3 implementation guide of the FDA (2005): series, sequenceSet,
GLIST_TS, SLIST_PB. Philips: schema 1.04, XLI compression as the documentation of sierra-ecg-tools
describes it (second differences, high and low bytes apart, LZW of 10 bits); encoded here, decoded
by sierraecg. Apple: the export of Health (English, German and Portuguese heads).
"""

import base64

import numpy as np

EIGHT = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")


def _muse_wave(mv, names, kind: str, fs: int, unit: float) -> str:
    leads = []
    for name, row in zip(names, mv, strict=True):
        raw = np.round(row * 1000 / unit).astype("<i2").tobytes()
        leads.append(
            f"<LeadData><LeadByteCountTotal>{len(raw)}</LeadByteCountTotal>"
            f"<LeadSampleCountTotal>{len(raw) // 2}</LeadSampleCountTotal>"
            f"<LeadAmplitudeUnitsPerBit>{unit}</LeadAmplitudeUnitsPerBit>"
            "<LeadAmplitudeUnits>MICROVOLTS</LeadAmplitudeUnits><LeadHighLimit>32767</LeadHighLimit>"
            f"<LeadID>{name}</LeadID><LeadSampleSize>2</LeadSampleSize><LeadOff>FALSE</LeadOff>"
            f"<WaveFormData>\n{base64.encodebytes(raw).decode()}</WaveFormData></LeadData>"
        )
    return (
        f"<Waveform><WaveformType>{kind}</WaveformType><NumberofLeads>{len(names)}</NumberofLeads>"
        f"<SampleBase>{fs}</SampleBase><SampleExponent>0</SampleExponent>{''.join(leads)}</Waveform>"
    )


def muse(mv, names=EIGHT, *, fs: int = 500, unit: float = 4.88) -> str:
    """Return a RestingECG with a median and a rhythm waveform of (L, T) millivolts."""
    return (
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n<!DOCTYPE RestingECG SYSTEM "restecg.dtd">\n'
        "<RestingECG><MuseInfo><MuseVersion>9.0</MuseVersion></MuseInfo><PatientDemographics>"
        "<PatientID>M-7</PatientID><PatientAge>61</PatientAge><AgeUnits>YEARS</AgeUnits>"
        "<Gender>FEMALE</Gender><PatientLastName>Surname</PatientLastName></PatientDemographics>"
        "<TestDemographics><DataType>RESTING</DataType><AcquisitionDevice>MAC55</AcquisitionDevice>"
        "<AcquisitionDate>05-17-2020</AcquisitionDate><AcquisitionTime>13:14:15</AcquisitionTime>"
        "<Status>CONFIRMED</Status></TestDemographics><RestingECGMeasurements>"
        "<VentricularRate>72</VentricularRate><QRSDuration>92</QRSDuration></RestingECGMeasurements>"
        "<OriginalDiagnosis/><Diagnosis><Modality>RESTING</Modality>"
        "<DiagnosisStatement><StmtText>Normal sinus rhythm</StmtText></DiagnosisStatement>"
        "<DiagnosisStatement><StmtFlag>ENDSLINE</StmtFlag><StmtText>with PVCs</StmtText>"
        "</DiagnosisStatement><DiagnosisStatement><StmtFlag>ENDSLINE</StmtFlag>"
        "<StmtText>Abnormal ECG</StmtText></DiagnosisStatement></Diagnosis>"
        + _muse_wave(np.asarray(mv)[:, :300] * 2, names, "Median", fs, unit)
        + _muse_wave(mv, names, "Rhythm", fs, unit)
        + "</RestingECG>"
    )


def _sequence_set(mv, names, fs: float, start: str, scale: float) -> str:
    rows = "".join(
        f'<component><sequence classCode="OBS"><code code="MDC_ECG_LEAD_{name.upper()}" '
        'codeSystem="2.16.840.1.113883.6.24" codeSystemName="MDC"/>'
        '<value xsi:type="SLIST_PB"><origin value="0" unit="uV"/>'
        f'<scale value="{scale}" unit="uV"/><digits>'
        f"{' '.join(str(round(float(v) * 1000 / scale)) for v in row)}</digits></value>"
        "</sequence></component>"
        for name, row in zip(names, mv, strict=True)
    )
    return (
        '<component><sequenceSet><component><sequence><code code="TIME_ABSOLUTE" '
        'codeSystem="2.16.840.1.113883.5.4"/><value xsi:type="GLIST_TS">'
        f'<head value="{start}"/><increment value="{1 / fs:.6g}" unit="s"/></value></sequence>'
        f"</component>{rows}</sequenceSet></component>"
    )


def aecg(sets, *, fs: float = 500, scale: float = 2.5, beats=None) -> str:
    """Return an AnnotatedECG; `sets` are (mv, names, "20200517131415.000")."""
    derived = "" if beats is None else (
        '<derivation><derivedSeries><code code="REPRESENTATIVE_BEAT"/>'
        f"{_sequence_set(*beats, fs, '20200517131415.000', scale)}</derivedSeries></derivation>"
    )  # fmt: skip
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<AnnotatedECG xmlns="urn:hl7-org:v3" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><id root="1.2.3"/>'
        '<code code="93000"/><effectiveTime><low value="20200517131415"/></effectiveTime>'
        "<componentOf><timepointEvent><componentOf><subjectAssignment><subject><trialSubject>"
        '<id root="1.2" extension="SUBJ-1"/><subjectDemographicPerson>'
        '<administrativeGenderCode code="M"/><birthTime value="19590401"/>'
        "</subjectDemographicPerson></trialSubject></subject></subjectAssignment></componentOf>"
        "</timepointEvent></componentOf><component><series>"
        '<code code="RHYTHM"/><author><seriesAuthor>'
        "<manufacturedSeriesDevice><manufacturerModelName>EL250</manufacturerModelName>"
        "</manufacturedSeriesDevice><manufacturerOrganization><name>Maker</name>"
        "</manufacturerOrganization></seriesAuthor></author>"
        + "".join(_sequence_set(mv, names, fs, start, scale) for mv, names, start in sets)
        + '<subjectOf><annotationSet><component><annotation><code code="MDC_ECG_HEART_RATE"/>'
        '<value xsi:type="PQ" value="72" unit="/min"/></annotation></component><component>'
        '<annotation><code code="MDC_ECG_INTERPRETATION"/><component><annotation>'
        '<code code="MDC_ECG_INTERPRETATION_STATEMENT"/><value xsi:type="ST">Sinus rhythm</value>'
        "</annotation></component></annotation></component><component><annotation>"
        '<code code="MDC_ECG_WAVC"/>'
        f"</annotation></component></annotationSet></subjectOf>{derived}</series></component>"
        "</AnnotatedECG>"
    )


def lzw(data: bytes) -> bytes:
    """Compress with LZW, every code 10 bits, highest bit first."""
    known = {bytes([n]): n for n in range(256)}
    codes, run = [], b""
    for byte in data:
        longer = run + bytes([byte])
        if longer in known:
            run = longer
            continue
        codes.append(known[run])
        if len(known) < 1023:
            known[longer] = len(known)
        run = bytes([byte])
    bits = "".join(format(code, "010b") for code in [*codes, known[run]])
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def xli(row: np.ndarray) -> bytes:
    """Compress a lead: the first two counts, then 64 more than the next surprise of a line."""
    x = [int(v) for v in row]
    start = 0 if len(x) < 3 else 2 * x[1] - x[0] - x[2]
    deltas = x[:2]
    for n in range(2, len(x)):
        surprise = 0 if n + 1 >= len(x) else 2 * x[n] - x[n - 1] - x[n + 1]
        deltas.append(surprise + 64)
    words = np.array(deltas).astype(">i2").tobytes()
    packed = lzw(words[::2] + words[1::2])
    head = len(packed).to_bytes(4, "little") + b"\0\0" + start.to_bytes(2, "little", signed=True)
    return head + packed


def philips(mv, *, fs: int = 500, resolution: float = 5.0, pulse: bool = True) -> str:
    """Return a PhilipsECG 1.04 of twelve leads (12, T) in mV, with the calibration pulse."""
    counts = np.round(np.asarray(mv) * 1000 / resolution).astype(int)
    if pulse:
        mark = np.zeros(fs, int)
        mark[fs // 4 : fs // 2] = round(1000 / resolution)
        counts = np.concatenate([counts, np.tile(mark, (12, 1))], axis=1)
    one, two = counts[0], counts[1]
    stored = counts.copy()  # the limb leads as what differs from Einthoven's and Goldberger's laws
    stored[2] = two - one - counts[2]
    stored[3] = -counts[3] - (one + two) // 2
    stored[4] = (one - counts[2]) // 2 - counts[4]
    stored[5] = (two + counts[2]) // 2 - counts[5]
    data = base64.encodebytes(b"".join(map(xli, stored))).decode()
    duration = counts.shape[1] * 1000 // fs
    names = "I II III aVR aVL aVF V1 V2 V3 V4 V5 V6"
    return (
        '<?xml version="1.0" encoding="UTF-16"?>\n'
        '<restingecgdata xmlns="http://www3.medical.philips.com"><documentinfo>'
        "<documenttype>PhilipsECG</documenttype><documentversion>1.04</documentversion>"
        '</documentinfo><dataacquisition date="2020-05-17" time="13:14:15">'
        '<machine machineid="7">PageWriter TC</machine>'
        f"<signalcharacteristics><samplingrate>{fs}</samplingrate>"
        f"<resolution>{resolution}</resolution><acquisitiontype>STD-12</acquisitiontype>"
        "<numberchannelsallocated>12</numberchannelsallocated>"
        "</signalcharacteristics></dataacquisition><patient><generalpatientdata>"
        "<patientid>PH-3</patientid><age><years>61</years></age><sex>Female</sex>"
        "</generalpatientdata></patient><internalmeasurements><crossleadmeasurements>"
        "<meanqrsdur>92</meanqrsdur></crossleadmeasurements></internalmeasurements><interpretations>"
        "<interpretation><statement><leftstatement>Sinus rhythm</leftstatement>"
        "<rightstatement>normal P axis</rightstatement></statement></interpretation>"
        "</interpretations><waveforms>"
        '<parsedwaveforms dataencoding="Base64" compression="XLI" numberofleads="12" '
        f'leadlabels="{names}" '
        f'durationperchannel="{duration}" resolution="{resolution}">{data}</parsedwaveforms>'
        "</waveforms></restingecgdata>"
    )


APPLE = {
    "en": ("Name,Jane Roe", 'Date of Birth,"1959-04-01"', "Recorded Date,2020-05-17 13:14:15 +0100",
           "Classification,Sinus Rhythm", "Symptoms,", "Software Version,1.90", 'Device,"Watch4,4"',
           "Sample Rate,512 hertz", "", "", "Lead,Lead I", "Unit,µV", "", ""),
    "de": ("Name", 'Geburtstag,"01.04.1959"', "Aufzeichnungsdatum,2020-05-17 13:14:15 +0100",
           "Klassifizierung,Sinusrhythmus", "Symptome,Ohne", "Softwareversion,2.0",
           'Gerät,"Watch6,7"', "Messrate,512 Hertz", "", "", "Ableitung,Ableitung I", "Einheit,µV",
           "", ""),
    "pt": ("Nome,Jane Roe", 'Data de nascimento,"4 Jan 1992"',
           "Data da gravação,2026-08-26 18:15:35 +0100", "Classificação,Ritmo sinusal",
           "Sintomas,", "Versão,1.90", 'Dispositivo,"Watch7,11"', "Taxa,511,297 hertz", "", "",
           "Derivação,Derivação I",
           "Unidade,µV", "", ""),
}  # fmt: skip


def apple(mv: np.ndarray, language: str) -> str:
    """Return the CSV of one lead (T,) in mV."""
    point = "." if language == "en" else ","
    rows = [f"{float(v) * 1000:.3f}".replace(".", point) for v in mv]
    return "\n".join([*APPLE[language], *rows]) + "\n"
