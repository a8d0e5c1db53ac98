"""A hub on this machine that speaks as Hugging Face's does, as far as needed, and fails as it is told to."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

REPOSITORY = "me/drives"
KEY = "hf_secret"
_LARGE = 2_000  # bytes: from here on a file is sent by its digest


class Hub:
    """What lies in its one repository, and how it behaves. `asked` counts requests by method and what they ask."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] | None = None  # no repository yet
        self.large: dict[str, bytes] = {}  # by SHA-256: what was sent and is perhaps in no commit
        self.asked: Counter[str] = Counter()
        self.status = 0  # whatever is asked
        self.breaks_after: int | None = None  # bytes of each file, then the connection is closed
        self.refuses_large_after: int | None = None  # files that were sent
        self.listed: dict[str, dict[str, Any]] = {}  # said of files in place of the truth
        self.moved_to = ""  # another server that has the files
        self.flips = ""  # a file that is sent with a bit changed
        self.page = 1000  # files of an answer
        self.port = 0

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def tree(self) -> list[dict[str, Any]]:
        rows = []
        for path, data in sorted((self.files or {}).items()):
            row: dict[str, Any] = {"type": "file", "path": path, "size": len(data)}
            row["oid"] = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
            if len(data) >= _LARGE:
                digest = hashlib.sha256(data).hexdigest()
                row["lfs"] = {"oid": digest, "size": len(data), "pointerSize": 130}
            rows.append(row | self.listed.get(path, {}))
        return rows

    @property
    def commit(self) -> str:
        return hashlib.sha1(json.dumps(self.tree()).encode()).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    hub: Hub

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _answer(self, body: bytes | Any, status: int = 200, **headers: str) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _refused(self, what: str) -> bool:
        self.hub.asked[what] += 1
        status = self.hub.status
        if not status and self.headers.get("Authorization") != f"Bearer {KEY}":
            status = 401
        if not status and self.hub.files is None and what != "create":
            status = 404
        if status:
            code = "RepoNotFound" if status == 404 else ""
            self._answer({"error": "no"}, status, X_Error_Code=code, X_Error_Message="no\x1b[31m")
        return bool(status)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        if path == f"/api/datasets/{REPOSITORY}":
            if not self._refused("info"):
                self._answer({"id": REPOSITORY, "sha": self.hub.commit})
        elif path.startswith(f"/api/datasets/{REPOSITORY}/tree/"):
            if not self._refused("tree"):
                self._tree(path)
        elif not self._refused("file"):
            self._file(path)

    def _tree(self, path: str) -> None:
        rows, found = self.hub.tree(), re.search(r"after=(\d+)", self.path)
        first = int(found[1]) if found else 0
        page = rows[first : first + self.hub.page]
        last = first + len(page)
        after = f'<{self.hub.endpoint}{path}?recursive=true&after={last}>; rel="next"'
        self._answer(page, **({"Link": after} if last < len(rows) else {}))

    def _file(self, path: str) -> None:
        if self.hub.moved_to:
            self._answer(b"", 302, Location=f"{self.hub.moved_to}file")
            return
        name = path.removeprefix(f"/datasets/{REPOSITORY}/resolve/{self.hub.commit}/")
        data = (self.hub.files or {}).get(name)
        if data is None:
            self._answer({"error": "no"}, 404, X_Error_Code="EntryNotFound")
            return
        begin, end = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers["Range"]).groups()  # type: ignore[union-attr]
        part = bytearray(data[int(begin) : int(end) + 1])
        if name == self.hub.flips:
            part[0] ^= 1
        self.send_response(206)
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part[: self.hub.breaks_after])
        self.close_connection = self.hub.breaks_after is not None and len(part) > self.hub.breaks_after

    def do_POST(self) -> None:
        path, body = urlsplit(self.path).path, self._body()
        what = path.rsplit("/", 2)[1] if "/preupload/" in path or "/commit/" in path else path.rsplit("/", 1)[1]
        if not self._refused(what):
            getattr(self, f"_{what}")(body)

    def _create(self, body: bytes) -> None:
        if self.hub.files is not None:
            self._answer({"error": "there", "url": f"{self.hub.endpoint}/datasets/{REPOSITORY}"}, 409)
            return
        self.hub.files = {}
        self._answer({"url": f"{self.hub.endpoint}/datasets/{REPOSITORY}"})

    def _preupload(self, body: bytes) -> None:
        files = json.loads(body)["files"]
        modes = [
            {"path": one["path"], "uploadMode": "lfs" if one["size"] >= _LARGE else "regular",
             "shouldIgnore": False, "oid": None}
            for one in files
        ]  # fmt: skip
        self._answer({"files": modes})

    def _batch(self, body: bytes) -> None:
        rows = []
        for one in json.loads(body)["objects"]:
            upload = {"upload": {"href": f"{self.hub.endpoint}/large/{one['oid']}"}}
            rows.append(one | ({} if one["oid"] in self.hub.large else {"actions": upload}))
        self._answer({"objects": rows})

    def do_PUT(self) -> None:
        data, limit = self._body(), self.hub.refuses_large_after
        self.hub.asked["large"] += 1
        if limit is not None and len(self.hub.large) >= limit:
            self._answer({"error": "no"}, 403)
            return
        self.hub.large[self.path.rsplit("/", 1)[1]] = data
        self._answer(b"", ETag="x")

    def _commit(self, body: bytes) -> None:
        files = self.hub.files if self.hub.files is not None else {}
        for line in body.decode().splitlines():
            one = json.loads(line)
            if one["key"] == "file":
                files[one["value"]["path"]] = base64.b64decode(one["value"]["content"])
            elif one["key"] == "lfsFile":
                files[one["value"]["path"]] = self.hub.large[one["value"]["oid"]]
        there = f"{self.hub.endpoint}/datasets/{REPOSITORY}/commit/{self.hub.commit}"
        self._answer({"commitUrl": there, "commitOid": self.hub.commit})


@contextmanager
def served() -> Iterator[Hub]:
    """Serve a hub without a repository until the block ends."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    server.daemon_threads = True
    hub.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """Serve a hub, its address and a key for it in the environment."""
    with served() as one:
        monkeypatch.setenv("HF_ENDPOINT", one.endpoint)
        monkeypatch.setenv("HF_TOKEN", KEY)
        yield one
