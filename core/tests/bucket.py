"""A bucket on this machine that speaks as much S3 as copying and reading need, and fails as it is told to."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest

REGION = "us-east-1"


class Bucket:
    """What lies in it, and how it behaves. `asked` counts requests by method."""

    name = "bucket"

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.asked: Counter[str] = Counter()
        self.refuses = False  # whatever keys come
        self.cuts_after: int | None = None  # bytes of each answer, then the connection is closed
        self.lists_without_end = False
        self.keeps_less = False  # of what is put, and says nothing
        self.sends_more = 0  # bytes behind each part that is asked for
        self.port = 0

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": self.endpoint,
        }  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one packet for head and body: two would wait 40 ms for one another
    bucket: Bucket

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _key(self) -> str | None:
        """Return the key asked for, None when the bucket is another one."""
        bucket, _, key = unquote(urlsplit(self.path).path).lstrip("/").partition("/")
        return key if bucket == self.bucket.name else None

    def _refused(self) -> bool:
        self.bucket.asked[self.command] += 1
        if self.bucket.refuses:
            self._fail(403, "SignatureDoesNotMatch")
        elif self._key() is None:
            self._fail(404, "NoSuchBucket")
        else:
            return False
        return True

    def _fail(self, status: int, code: str) -> None:
        self._answer(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", headers.get("length", str(len(body))))
        self.end_headers()
        cut = self.bucket.cuts_after
        if self.command != "HEAD":
            self.wfile.write(body if cut is None else body[:cut])
        if cut is not None and len(body) > cut:
            self.close_connection = True

    def do_GET(self) -> None:
        if self._refused():
            return
        key = self._key() or ""
        query = parse_qs(urlsplit(self.path).query)
        if "list-type" in query:
            self._answer(200, self._listing(query).encode(), Content_Type="application/xml")
        elif key not in self.bucket.objects:
            self._fail(404, "NoSuchKey")
        else:
            self._send(self.bucket.objects[key])

    do_HEAD = do_GET

    def _send(self, data: bytes) -> None:
        told = {"ETag": f'"{hash(data)}"', "Last_Modified": "Sat, 21 Nov 2026 00:00:00 GMT"}
        asked = self.headers.get("Range")
        if not asked:
            self._answer(200, data, **told)
            return
        first, _, last = asked.removeprefix("bytes=").partition("-")
        begin, end = int(first), min(int(last) + 1 if last else len(data), len(data))
        if begin >= len(data):
            self._fail(416, "InvalidRange")
            return
        told["Content_Range"] = f"bytes {begin}-{end - 1}/{len(data)}"
        self._answer(206, data[begin:end] + b"?" * self.bucket.sends_more, **told)

    def _listing(self, query: dict[str, list[str]]) -> str:
        """Return all keys below a prefix; with a delimiter only those up to it, a thousand at a time."""
        prefix, delimiter = query.get("prefix", [""])[0], query.get("delimiter", [""])[0]
        after = query.get("continuation-token", [""])[0]
        found: dict[str, int | None] = {}
        for key in sorted(self.bucket.objects):
            if key.startswith(prefix):
                rest = key[len(prefix) :]
                is_below = delimiter and delimiter in rest
                found[prefix + rest.partition(delimiter)[0] + delimiter if is_below else key] = (
                    None if is_below else len(self.bucket.objects[key])
                )
        page = [one for one in found if one > after][:1000]
        is_more = bool(page) and page[-1] != list(found)[-1]
        if self.bucket.lists_without_end:
            page, is_more = list(found)[:1000], True
        parts = [f"<IsTruncated>{str(is_more).lower()}</IsTruncated>"]
        parts += [f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>"] if is_more else []
        for one in page:
            if found[one] is None:
                parts.append(f"<CommonPrefixes><Prefix>{escape(one)}</Prefix></CommonPrefixes>")
            else:
                when = "<LastModified>2026-11-21T00:00:00.000Z</LastModified>"
                parts.append(f"<Contents><Key>{escape(one)}</Key>{when}<Size>{found[one]}</Size></Contents>")
        return f"<ListBucketResult><Name>{self.bucket.name}</Name>{''.join(parts)}</ListBucketResult>"

    def do_PUT(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self._refused():
            return
        self.bucket.objects[self._key() or ""] = data[:-1] if self.bucket.keeps_less else data
        self._answer(200, b"", ETag=f'"{hash(data)}"')


@contextmanager
def served() -> Iterator[Bucket]:
    """Serve an empty bucket until the block ends."""
    bucket = Bucket()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"bucket": bucket}))
    server.daemon_threads = True
    bucket.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield bucket
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """Serve an empty bucket, and say in the environment where it is."""
    with served() as made:
        for name, value in made.environment().items():
            monkeypatch.setenv(name, value)
        yield made
