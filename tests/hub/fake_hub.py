"""A hub of Hugging Face's kind on the loopback: repositories in memory, plain commits."""

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class FakeHub(ThreadingHTTPServer):
    """`repositories` by name: paths to bytes; `seen` is every request."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.repositories, self.seen = {}, []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, content=b"", headers=()):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Length": len(body), **dict(headers)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        self.server.seen.append((self.command, self.path))
        parts = self.path.split("?")[0].strip("/").split("/")
        at = 2 if parts[:2] == ["api", "models"] else 0
        name = "/".join(parts[at : at + 2])
        files = self.server.repositories.get(name, {})
        if at and files and parts[4:5] == ["tree"]:
            plain = [
                {"type": "file", "path": path, "size": len(content), "oid": COMMIT}
                for path, content in files.items()
            ]
            self.answer(200, plain)
        elif at and files:
            siblings = [{"rfilename": path} for path in files]
            about = {"id": name, "sha": COMMIT, "siblings": siblings, "private": False, "tags": []}
            self.answer(200, about)
        elif parts[2:3] == ["resolve"] and (content := files.get("/".join(parts[4:]))) is not None:
            tag = f'"{hashlib.sha1(content).hexdigest()}"'
            self.answer(200, content, {"ETag": tag, "X-Repo-Commit": COMMIT})
        else:
            self.answer(404, {"error": "none"}, {"X-Error-Code": "RepoNotFound"})

    do_HEAD = do_GET

    def do_POST(self):
        self.server.seen.append((self.command, self.path))
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))) or self.chunks()
        parts = self.path.split("?")[0].strip("/").split("/")
        self.answer(200, self.done(parts, body))

    def done(self, parts, body):
        if parts == ["api", "repos", "create"]:
            given = json.loads(body)
            name = "/".join(filter(None, [given.get("organization"), given["name"]]))
            self.server.repositories.setdefault(name, {})
            return {"url": f"{self.server.endpoint}/{name}", "id": name}
        if parts == ["api", "validate-yaml"]:
            return {"errors": [], "warnings": []}
        name = "/".join(parts[2:4])
        if parts[4] == "preupload":
            files = json.loads(body)["files"]
            plain = {"uploadMode": "regular", "shouldIgnore": False}
            return {"files": [{"path": one["path"], **plain} for one in files]}
        for entry in map(json.loads, body.decode().splitlines()):
            if entry["key"] == "file":
                content = base64.b64decode(entry["value"]["content"])
                self.server.repositories[name][entry["value"]["path"]] = content
        url = f"{self.server.endpoint}/{name}/commit/{COMMIT}"
        return {"success": True, "commitOid": COMMIT, "commitUrl": url}

    def chunks(self):
        body = b""
        while size := int(self.rfile.readline().strip(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body
