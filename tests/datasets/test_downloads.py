"""Downloads against a server of our own that drops, corrupts, ignores ranges and refuses."""

import hashlib
import io
import json
import re
import tarfile
import threading
import zipfile
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cardiolex.cli import main
from cardiolex.datasets.downloads import fetching, http
from cardiolex.datasets.downloads.addresses import Address, addresses
from cardiolex.datasets.downloads.downloading import download, list_files, plan
from cardiolex.datasets.downloads.fetching import Fetching
from cardiolex.datasets.set_names import DataSet
from cardiolex.errors import CardiolexError


class Unreliable(ThreadingHTTPServer):
    """Serves `content`; `harm` maps a path to (what goes wrong, how many times)."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answers)
        self.content: dict[str, bytes] = {}
        self.harm: dict[str, tuple[str, int]] = {}
        self.asked: list[tuple[str, str | None]] = []
        self.base = f"http://127.0.0.1:{self.server_port}/"

    def folder(self, files: dict[str, bytes], base: str = "set/1.0/") -> Address:
        """Serve files as a PhysioNet-style folder with its checksums."""
        sums = "".join(f"{hashlib.sha256(c).hexdigest()} {n}\n" for n, c in files.items())
        self.content.update({base + name: content for name, content in files.items()})
        self.content[f"{base}SHA256SUMS.txt"] = sums.encode()
        return Address("ludb", "A set", "folder", self.base + base, 0.1, "CC BY 4.0", "Doe 2020")


class Answers(BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def do_GET(self):  # the name http.server calls
        path, ranged = self.path[1:], self.headers.get("Range")
        self.server.asked.append((path, ranged))
        kind, times = self.server.harm.get(path, ("", 0))
        if times:
            self.server.harm[path] = (kind, times - 1)
        else:
            kind = ""
        if kind.isdecimal():
            self.send_error(int(kind))
            return
        if kind == "away":
            self.send_response(302)
            self.send_header("Location", "file:///etc/hostname")
            self.end_headers()
            return
        if path not in self.server.content:
            self.send_error(404)
            return
        body = self.server.content[path]
        first = int(re.fullmatch(r"bytes=(\d+)-", ranged)[1]) if ranged else 0
        if ranged and first >= len(body):
            self.send_error(416)
            return
        if ranged and kind != "no ranges":
            self.send_response(206)
            start = 0 if kind == "other range" else first
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            body = body[first:]
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if kind == "corrupt":
            body = bytes([body[0] ^ 1]) + body[1:]
        self.wfile.write(body[: len(body) // 2] if kind == "drop" else body)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(http, "TIMEOUT_S", 10.0)
    with Unreliable() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()


FILES = {
    "RECORDS": b"data/1\ndata/2\n",
    **{f"data/{n}{e}": (f"{n}{e} " * 2000).encode() for n in (1, 2) for e in (".hea", ".dat")},
}
AT_ONCE = Fetching(tries=4, sleep=lambda seconds: None)


def fetched(address, folder, **options):
    return download(list_files(address, folder, AT_ONCE), how=AT_ONCE, **options)


def everything(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")}


def test_a_folder_arrives_whole_and_is_not_fetched_twice(server, tmp_path):
    address = server.folder(FILES)
    counts = []
    first = fetched(address, tmp_path, progress=lambda *count: counts.append(count))
    assert (first.files, first.fetched, first.failures) == (5, 5, ())
    assert counts == [(n, 5) for n in range(1, 6)]
    assert all((tmp_path / name).read_bytes() == content for name, content in FILES.items())
    asked = len(server.asked)
    assert fetched(address, tmp_path).fetched == 0
    assert len(server.asked) == asked


@pytest.mark.parametrize(
    ("harm", "times"),
    [("drop", 2), ("corrupt", 1), ("500", 2), ("503", 1), ("429", 1), ("no ranges", 1)],
)
def test_what_goes_wrong_for_a_while_is_made_good(server, tmp_path, harm, times):
    address = server.folder(FILES)
    server.harm["set/1.0/data/1.dat"] = (harm, times)
    assert fetched(address, tmp_path).failures == ()
    assert all((tmp_path / name).read_bytes() == content for name, content in FILES.items())
    assert not list(tmp_path.rglob("*.part"))


def test_a_dropped_file_goes_on_from_where_it_ended(server, tmp_path):
    address = server.folder(FILES)
    server.harm["set/1.0/data/1.dat"] = ("drop", 1)
    fetched(address, tmp_path)
    half = len(FILES["data/1.dat"]) // 2
    ranges = [r for path, r in server.asked if path.endswith("1.dat")]
    assert ranges == [None, f"bytes={half}-"]


@pytest.mark.parametrize("harm", ["no ranges", "other range"])
def test_an_interrupted_download_goes_on_in_another_process(server, tmp_path, harm):
    address = server.folder(FILES)
    part = tmp_path / "data" / ".2.dat.part"
    part.parent.mkdir()
    part.write_bytes(FILES["data/2.dat"][:777])
    server.harm["set/1.0/data/2.dat"] = (harm, 1)
    assert fetched(address, tmp_path).failures == ()
    assert (tmp_path / "data/2.dat").read_bytes() == FILES["data/2.dat"]
    assert ("set/1.0/data/2.dat", "bytes=777-") in server.asked


def test_too_many_bytes_of_a_former_version_are_thrown_away(server, tmp_path):
    address = server.folder(FILES)
    part = tmp_path / "data" / ".2.dat.part"
    part.parent.mkdir()
    part.write_bytes(FILES["data/2.dat"] + b"and more")
    assert fetched(address, tmp_path).failures == ()
    assert (tmp_path / "data/2.dat").read_bytes() == FILES["data/2.dat"]


def test_what_fails_for_good_is_listed_and_never_half_there(server, tmp_path):
    address = server.folder(FILES)
    server.harm = {
        "set/1.0/data/1.dat": ("corrupt", 99),
        "set/1.0/data/2.dat": ("404", 99),
        "set/1.0/data/1.hea": ("drop", 99),
    }
    result = fetched(address, tmp_path)
    reasons = dict(result.failures)
    assert set(reasons) == {"data/1.dat", "data/2.dat", "data/1.hea"}
    assert "differs from its sha256 checksum (after 4 tries)" in reasons["data/1.dat"]
    assert "404" in reasons["data/2.dat"] and "tries" not in reasons["data/2.dat"]
    assert not any((tmp_path / name).exists() for name in reasons)
    assert Counter(path for path, _ in server.asked)["set/1.0/data/2.dat"] == 1
    server.harm = {}
    assert fetched(address, tmp_path).failures == ()


def test_waits_grow_and_the_server_may_ask_for_more(server, tmp_path):
    waits = []
    address = server.folder({"a.csv": b"x"})
    server.harm["set/1.0/a.csv"] = ("500", 3)
    how = Fetching(tries=4, wait_s=1.0, sleep=waits.append)
    assert download(list_files(address, tmp_path), how=how).failures == ()
    assert waits == [1.0, 2.0, 4.0]


@pytest.mark.parametrize("path", ["../evil", "/etc/evil", "a/../../evil", "a\\..\\evil", "C:evil"])
def test_paths_that_leave_the_folder_are_refused_before_anything_is_fetched(server, tmp_path, path):
    address = server.folder({"good.csv": b"x", path: b"evil"})
    with pytest.raises(CardiolexError, match="must stay inside the folder"):
        list_files(address, tmp_path / "in")
    assert not [p for p, _ in server.asked if not p.endswith("SHA256SUMS.txt")]
    assert list((tmp_path / "in").iterdir()) == [tmp_path / "in" / "SHA256SUMS.txt"]


def test_nothing_is_written_through_a_link(server, tmp_path):
    address = server.folder({"data/1.dat": b"x"})
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "in" / "data").symlink_to(tmp_path / "out")
    with pytest.raises(CardiolexError, match="reached through a link"):
        fetched(address, tmp_path / "in")
    assert not list((tmp_path / "out").iterdir())


def test_only_http_is_followed(server, tmp_path):
    address = server.folder({"a.csv": b"x"})
    server.harm["set/1.0/a.csv"] = ("away", 9)
    assert "not allowed" in dict(fetched(address, tmp_path).failures)["a.csv"]


def test_only_the_parts_asked_for(server, tmp_path):
    address = server.folder({"training/georgia/E1.hea": b"x", "training/ptb/S1.hea": b"y"})
    some = Address(**{**address.__dict__, "parts": ("training/georgia/",)})
    assert fetched(some, tmp_path).files == 1
    none = Address(**{**address.__dict__, "parts": ("training/nowhere/",)})
    with pytest.raises(CardiolexError, match="names no file below training/nowhere/"):
        list_files(none, tmp_path)


def test_a_record_without_header_makes_the_download_incomplete(server, tmp_path):
    result = fetched(server.folder({"RECORDS": b"data/7\n", "LICENSE.txt": b"x"}), tmp_path)
    assert result.failures == (("data/7", "is named in RECORDS, but its header is not there"),)


@pytest.mark.parametrize("harm", ["drop", "503"])
def test_a_listing_is_asked_for_again(server, tmp_path, harm):
    address = server.folder(FILES)
    server.harm["set/1.0/SHA256SUMS.txt"] = (harm, 2)
    assert fetched(address, tmp_path).failures == ()
    server.harm["set/1.0/SHA256SUMS.txt"] = (harm, 99)
    with pytest.raises(CardiolexError, match="after 4 tries"):
        list_files(address, tmp_path / "other", AT_ONCE)
    assert not (tmp_path / "other").exists() or not list((tmp_path / "other").iterdir())


def test_an_interruption_stops_the_threads_and_leaves_what_can_be_gone_on_with(server, tmp_path):
    address = server.folder({f"data/{n}.dat": b"x" * 5000 for n in range(200)})

    def interrupt(done, total):
        raise KeyboardInterrupt

    how = Fetching(tries=4, sleep=lambda seconds: None)
    with pytest.raises(KeyboardInterrupt):
        download(list_files(address, tmp_path), how=how, threads=2, progress=interrupt)
    assert len(list(tmp_path.rglob("*.dat"))) < 50
    assert fetched(address, tmp_path).failures == ()
    assert len(list(tmp_path.rglob("*.dat"))) == 200


@pytest.mark.parametrize(
    ("status", "message"),
    [("404", "Without checksums nothing is fetched"), ("403", "signed its agreement")],
)
def test_a_listing_that_is_not_given_is_explained(server, tmp_path, status, message):
    address = server.folder({"a.csv": b"x"})
    server.harm["set/1.0/SHA256SUMS.txt"] = (status, 9)
    with pytest.raises(CardiolexError, match=message):
        list_files(address, tmp_path)


def zipped(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def tarred(files: dict[str, bytes], link: bool = False) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            if link:
                info.type, info.linkname, info.size = tarfile.SYMTYPE, "/etc", 0
            archive.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def zenodo(server, files: dict[str, bytes]) -> Address:
    """Serve files as a Zenodo record."""
    server.content.update({f"files/{name}": content for name, content in files.items()})
    listed = [
        {
            "key": name,
            "size": len(content),
            "checksum": f"md5:{hashlib.md5(content).hexdigest()}",
            "links": {"self": f"{server.base}files/{name}"},
        }
        for name, content in files.items()
    ]
    server.content["api/records/1"] = json.dumps({"files": listed}).encode()
    return Address("code-15", "C", "zenodo", f"{server.base}api/records/1", 1, "CC BY", "R")


def test_archives_are_unpacked_once_and_removed(server, tmp_path):
    archive = zipped({"exams_part0.hdf5": b"h" * 9999, "__MACOSX/._x": b"no"})
    address = zenodo(server, {"exams.csv": b"exam_id\n", "exams_part0.zip": archive})
    server.harm["files/exams_part0.zip"] = ("drop", 1)
    assert plan(list_files(address, tmp_path)).bytes_listed == len(archive) + 8
    assert fetched(address, tmp_path).failures == ()
    assert set(everything(tmp_path)) == {
        "exams.csv",
        "exams_part0.hdf5",
        ".exams_part0.zip.unpacked",
    }
    assert fetched(address, tmp_path).fetched == 0


def test_a_figshare_collection_is_listed_by_its_articles(server, tmp_path):
    packed = tarred({"records/A00001.h5": b"h5"})
    server.content["files/9"] = packed
    listed = {"name": "records.tar.gz", "size": len(packed), "supplied_md5": ""}
    listed["computed_md5"] = hashlib.md5(packed).hexdigest()
    listed["download_url"] = f"{server.base}files/9"
    server.content["v2/articles/5"] = json.dumps({"files": [listed]}).encode()
    server.content["v2/c/articles"] = json.dumps([{"url": f"{server.base}v2/articles/5"}]).encode()
    address = Address("sph", "S", "figshare", f"{server.base}v2/c/articles", 1, "CC BY", "L")
    assert fetched(address, tmp_path).failures == ()
    assert (tmp_path / "records/A00001.h5").read_bytes() == b"h5"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.zip", zipped({"../evil": b"x"}), "must stay inside"),
        ("a.tar.gz", tarred({"/evil": b"x"}), "must stay inside"),
        ("a.tar.gz", tarred({"evil": b""}, link=True), "no plain file"),
        ("a.zip", b"PK but no archive", "cannot be unpacked"),
    ],
    ids=["up and out", "from the root", "a link", "no archive"],
)
def test_archives_that_are_not_what_they_should_be(server, tmp_path, name, content, message):
    failures = fetched(zenodo(server, {name: content}), tmp_path / "in").failures
    assert message in dict(failures)[name]
    assert not (tmp_path / "evil").exists() and not (tmp_path / "in" / "evil").exists()


def test_the_table_of_addresses_covers_every_data_set():
    assert set(addresses()) == set(DataSet.__args__)
    for address in addresses().values():
        assert address.address.startswith("https://")
        assert address.licence and "doi" in address.citation and address.size_gb > 0
        if address.kind == "folder":
            assert address.address.endswith("/")


def command(*words):
    with pytest.raises(SystemExit) as ended:
        main(["download", *map(str, words)])
    return ended.value.code


def test_the_command_plans_fetches_and_reports(server, tmp_path, capsys, monkeypatch):
    address = server.folder(FILES).address
    monkeypatch.setattr(fetching.Fetching, "wait_s", 0.0, raising=False)
    assert command("ludb", tmp_path, "--address", address, "--dry-run") == 0
    said = capsys.readouterr().out
    assert "5 files, about 0.03 GB; 0 are there" in said and "ODC-By" in said
    assert not (tmp_path / "data").exists()
    server.harm["set/1.0/data/1.dat"] = ("404", 1)
    assert command("ludb", tmp_path, "--address", address) == 1
    said = capsys.readouterr()
    assert "4 files fetched" in said.out
    assert "1 of 5 files not fetched; run the same command again" in said.err
    assert command("ludb", tmp_path, "--address", address) == 0
    assert command("ludb", tmp_path, "--threads", 0) == 2
