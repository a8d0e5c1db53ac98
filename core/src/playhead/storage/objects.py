"""Object stores: buckets of S3, Google and Azure, servers of HTTP. The only file that imports obstore.

Endpoint, region and keys come from the environment as these stores have them (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL,
GOOGLE_APPLICATION_CREDENTIALS, AZURE_STORAGE_ACCOUNT_NAME ...); nothing of them is kept.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from zarr.abc.store import RangeByteRequest
from zarr.storage import ObjectStore

from playhead.errors import BadValue, NotFound

if TYPE_CHECKING:
    from zarr.abc.store import ByteRequest
    from zarr.core.buffer import Buffer, BufferPrototype

_RETRIES = 4  # of a request whose connection is lost, .1 s to some seconds apart
_RETRIED_S = 30
_TIMEOUT_S = 60  # of one request: a block of 4 MiB through a thin line
_CONNECT_S = 5
_ENDPOINTS = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT", "GOOGLE_BASE_URL", "AZURE_ENDPOINT")


class BoundedStore(ObjectStore[Any]):
    """Holds no more of an answer than was asked for: what sends it may send without end."""

    async def get(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Return a file or a part of one. Raises OSError for more than the part."""
        if not isinstance(byte_range, RangeByteRequest):
            return await super().get(key, prototype, byte_range)
        length = byte_range.end - byte_range.start
        found = await self.store.get_async(key, options={"range": (byte_range.start, byte_range.end)})
        parts, held = [], 0
        async for part in found.stream(min_chunk_size=length):
            parts.append(part)
            held += len(part)
            if held > length:
                raise OSError(f"more was sent of {key} than the {length:,} bytes that were asked for")
        return prototype.buffer.from_bytes(b"".join(parts))


def open_store(url: str) -> ObjectStore[Any]:
    """Open a bucket, or a folder of one, as a Zarr store.

    Raises:  NotFound saying what to install, BadValue for an address or an environment that makes no store.
    """
    try:
        from obstore.exceptions import BaseError
        from obstore.store import from_url
    except ImportError:
        raise NotFound(
            "Addresses of object stores need the package obstore, which is not installed. "
            'Type: pip install "playhead[objects]"'
        ) from None
    try:
        store = from_url(
            url,
            client_options={
                "allow_http": _is_plain(url), "connect_timeout": f"{_CONNECT_S}s", "timeout": f"{_TIMEOUT_S}s",
            },
            retry_config={"max_retries": _RETRIES, "retry_timeout": timedelta(seconds=_RETRIED_S)},
        )  # fmt: skip
    except (BaseError, ValueError, TypeError) as error:
        raise BadValue(f"{url} cannot be opened: {str(error).splitlines()[0]}.") from error
    return BoundedStore(store)


def _is_plain(url: str) -> bool:
    """Whether the address, or the endpoint that the person has set, is plain HTTP: then it is meant to be."""
    named = (os.environ.get(name, "") for name in _ENDPOINTS)
    return any(one.lower().startswith("http://") for one in (url, *named))
