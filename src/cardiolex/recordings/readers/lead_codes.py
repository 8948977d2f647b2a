"""Numbers of ECG leads that SCP-ECG, DICOM and the ISO/IEEE 11073 nomenclature have in common.

EN 1064 / ISO 11073-91064, table "lead identification"; MDC code 2:n and SCP-ECG code 5.6.3-9-n of
DICOM PS3.16 CID 3001 carry the same n.
"""

LEAD_OF_NUMBER = {
    1: "I",
    2: "II",
    **{n: f"V{n - 2}" for n in range(3, 10)},  # V1 to V7
    **{n: f"V{n - 8}R" for n in range(10, 16)},  # V2R to V7R
    16: "X",
    17: "Y",
    18: "Z",
    61: "III",
    62: "aVR",
    63: "aVL",
    64: "aVF",
    65: "-aVR",
    66: "V8",
    67: "V9",
    68: "V8R",
    69: "V9R",
}

NUMBER_OF_LEAD = {lead: number for number, lead in LEAD_OF_NUMBER.items()}


def lead_of_code(scheme: str, code: str) -> str | None:
    """Return the lead of a coded channel source ("MDC" 2:61, "SCPECG" 5.6.3-9-61), or None."""
    start = {"MDC": "2:", "SCPECG": "5.6.3-9-"}.get(scheme.strip().upper())
    if start is None or not code.strip().startswith(start):
        return None
    number = code.strip().removeprefix(start)
    return LEAD_OF_NUMBER.get(int(number)) if number.isdecimal() and len(number) < 6 else None
