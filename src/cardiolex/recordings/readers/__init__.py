"""Files of any supported format to `Recording`s; the format is found from the content."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from cardiolex.errors import CardiolexError
from cardiolex.recordings.readers.errors import ReadError, bounded_size
from cardiolex.recordings.readers.folder import find_recordings
from cardiolex.recordings.readers.formats import Format, find_format, header_of
from cardiolex.recordings.readers.part import Part, part
from cardiolex.recordings.readers.silent import without_silent_leads
from cardiolex.recordings.readers.stated import Stated, stated
from cardiolex.recordings.recording import Recording

_MAY_LACK_NAMES = {"DICOM", "EDF", "BDF", "ISHNE"}
_CLINICAL = _MAY_LACK_NAMES | {"aECG", "MUSE", "Philips", "SCP-ECG", "Apple"}

__all__ = ["ReadError", "find_recordings", "read", "read_all"]


def read(
    path: str | Path,
    *,
    fs: float | None = None,
    leads: Sequence[str] | str | None = None,
    unit: str | None = None,
    index: int | None = None,
    exam: int | None = None,
    keep_truncated: bool = False,
    start_s: float | None = None,
    seconds: float | None = None,
) -> Recording:
    """Read one recording.

    `path` is a WFDB header, record name or signal file, or a file of any other format in
    `formats.SUPPORTED`. `fs`, `leads` and `unit` state what an array or table does not say
    itself; they are refused for formats that do say it (`leads` names the channels of DICOM, EDF
    and ISHNE files that do not name theirs). `index` (row) or `exam` (id) chooses from a file of
    many exams. A truncated signal file is an error, unless `keep_truncated` asks for what is
    there. `start_s` and `seconds` choose a part; of ISHNE and EDF only that part is loaded.

    Leads that are zero throughout were not connected: they are left out, with a note. Every
    failure is a ReadError naming the file, the cause and the remedy.
    """
    file = Path(path)
    facts = stated(fs, leads, unit)
    try:
        return _read(file, facts, index, exam, keep_truncated, part(start_s, seconds))
    except ReadError:
        raise
    except CardiolexError as error:
        raise ReadError(file, str(error)) from error
    except Exception as error:  # damage that the libraries below did not foresee
        raise ReadError(file, f"cannot be read ({type(error).__name__}: {error})") from error


def read_all(paths: Iterable[str | Path]) -> Iterator[tuple[Path, Recording | ReadError]]:
    """Read every recording of every file and folder, lazily; failures are yielded, not raised."""
    for path in paths:
        try:
            files = find_recordings(path)
        except ReadError as error:
            yield Path(path), error
            continue
        for file in files:
            for index in _indices(file):
                try:
                    yield file, read(file, index=index)
                except ReadError as error:
                    yield file, error


def _indices(file: Path) -> Iterable[int | None]:
    """Return the rows of a file of many exams, else [None]."""
    from cardiolex.recordings.readers.hdf5 import count_exams

    try:
        several = find_format(file) == "HDF5" and count_exams(file)
    except (ReadError, CardiolexError, OSError):
        several = 0
    return range(several) if several and several > 1 else [None]


def _read(
    path: Path,
    facts: Stated,
    index: int | None,
    exam: int | None,
    keep_truncated: bool,
    wanted: Part,
) -> Recording:
    path = _existing(path)
    header = header_of(path)
    form = find_format(path) if header is None else "WFDB"
    _refuse_unused(path, form, facts, index, exam)
    if form in _CLINICAL:
        recording = _clinical(path, form, facts, keep_truncated, wanted)
    else:
        bounded_size(header or path)
        recording = _by_format(header or path, form, facts, index, exam, keep_truncated)
    if not wanted.whole and form not in ("EDF", "BDF", "ISHNE"):
        recording = _cropped(path, recording, wanted)
    return without_silent_leads(replace(recording, source=f"{form} {path}"), path)


def _existing(path: Path) -> Path:
    if path.is_dir():
        raise ReadError(path, "is a folder", "read_all or find_recordings list what is in it")
    if path.exists():
        return path
    header = path.with_name(path.name + ".hea")  # a WFDB record name
    if not header.is_file():
        raise ReadError(path, "no such file")
    return header


def _refuse_unused(
    path: Path, form: Format, facts: Stated, index: int | None, exam: int | None
) -> None:
    if form != "HDF5" and (exam is not None or index not in (None, 0)):
        raise ReadError(path, "holds one recording", "leave out index and exam")
    given = [name for name in ("fs", "leads", "unit") if getattr(facts, name) is not None]
    if form == "WFDB" and given:
        raise ReadError(path, f"{', '.join(given)} stand in the header", "leave them out")
    if form in _CLINICAL:
        given = [name for name in given if name != "leads" or form not in _MAY_LACK_NAMES]
        if given:
            raise ReadError(path, f"{', '.join(given)} stand in the file", "leave them out")


def _cropped(path: Path, recording: Recording, wanted: Part) -> Recording:
    first, last = wanted.samples(path, recording.fs, recording.mv.shape[1])
    return recording.crop(first / recording.fs, last / recording.fs)


def _clinical(
    path: Path, form: Format, facts: Stated, keep_truncated: bool, wanted: Part
) -> Recording:
    """Call the reader of a format of carts, monitors and archives."""
    if form == "DICOM":
        from cardiolex.recordings.readers.dicom import read_dicom

        return read_dicom(path, facts)
    if form in ("EDF", "BDF"):
        from cardiolex.recordings.readers.edf import read_edf

        return read_edf(path, facts, wanted, keep_truncated)
    if form == "ISHNE":
        from cardiolex.recordings.readers.ishne import read_ishne

        return read_ishne(path, facts, wanted)
    if form == "aECG":
        from cardiolex.recordings.readers.aecg import read_aecg

        return read_aecg(path)
    if form == "MUSE":
        from cardiolex.recordings.readers.muse import read_muse

        return read_muse(path)
    if form == "Philips":
        from cardiolex.recordings.readers.philips import read_philips

        return read_philips(path)
    if form == "SCP-ECG":
        from cardiolex.recordings.readers.scp import read_scp

        return read_scp(path)
    from cardiolex.recordings.readers.apple import read_apple

    return read_apple(path)


def _by_format(
    path: Path,
    form: Format,
    facts: Stated,
    index: int | None,
    exam: int | None,
    keep_truncated: bool,
) -> Recording:
    """Call the reader of the format; imported here because each brings its own library."""
    if form == "WFDB":
        from cardiolex.recordings.readers.wfdb import read_wfdb

        return read_wfdb(path, keep_truncated)
    if form == "MATLAB":
        from cardiolex.recordings.readers.matlab import read_mat

        return read_mat(path, facts)
    if form == "HDF5":
        from cardiolex.recordings.readers.hdf5 import read_hdf5

        return read_hdf5(path, facts, index, exam)
    if form == "table":
        from cardiolex.recordings.readers.table import read_table

        return read_table(path, facts)
    from cardiolex.recordings.readers.npy import read_npy, read_npz

    return read_npy(path, facts) if form == "NPY" else read_npz(path, facts)
