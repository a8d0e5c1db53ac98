"""The page of a live run: one file of HTML, pictures as MJPEG, facts as server-sent events. On loopback alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from playhead.errors import BadValue, DeviceFailed
from playhead.live.board import Board
from playhead.live.extra import needed

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request

LOOPBACK = "127.0.0.1"
FACTS_S, PICTURES_S = 0.5, 0.1
SAFE = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self' data:; connect-src 'self'; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def app_of(board: Board) -> Starlette:
    """Return the ASGI application that shows a board. Requests to another host's name are refused."""
    with needed("starlette"):
        from starlette.applications import Starlette
        from starlette.middleware import Middleware
        from starlette.middleware.trustedhost import TrustedHostMiddleware
        from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
        from starlette.routing import Route

    async def page(request: Request) -> Response:
        return HTMLResponse(files("playhead.live").joinpath("page.html").read_text("utf-8"), headers=SAFE)

    async def facts(request: Request) -> Response:
        return JSONResponse(board.now(), headers=SAFE)

    async def events(request: Request) -> Response:
        return StreamingResponse(_events(board), media_type="text/event-stream", headers=SAFE)

    async def stream(request: Request) -> Response:
        name = request.path_params["name"]
        kind = "multipart/x-mixed-replace; boundary=picture"
        return StreamingResponse(_stream(board, name), media_type=kind, headers=SAFE)

    async def picture(request: Request) -> Response:
        data = board.picture(request.path_params["name"])
        return Response(data or b"", 200 if data else 404, media_type="image/jpeg", headers=SAFE)

    return Starlette(
        routes=[
            Route("/", page), Route("/facts", facts), Route("/events", events),
            Route("/stream/{name}", stream), Route("/picture/{name}", picture),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[LOOPBACK, "localhost", "testserver"])],
    )  # fmt: skip


async def _events(board: Board) -> AsyncIterator[bytes]:
    """Yield the facts whenever they have changed."""
    before = ""
    while True:
        told = json.dumps(board.now(), allow_nan=False)
        if told != before:
            yield f"data: {told}\n\n".encode()
        before = told
        await asyncio.sleep(FACTS_S)


async def _stream(board: Board, name: str) -> AsyncIterator[bytes]:
    """Yield a picture whenever there is another one."""
    before: bytes | None = None
    while True:
        data = board.picture(name)
        if data is not None and data is not before:
            head = f"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
            yield head.encode() + data + b"\r\n"
        before = data
        await asyncio.sleep(PICTURES_S)


def server_of(board: Board, port: int) -> Any:
    """Return a server of the page on loopback; its `run` serves until `should_exit` is set.

    Raises:  BadValue for a port that is none; DeviceFailed where another program has it.
    """
    check_port(port)
    with needed("uvicorn"):
        import uvicorn
    config = uvicorn.Config(
        app_of(board), host=LOOPBACK, port=port, log_config=None, access_log=False, lifespan="off",
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    return uvicorn.Server(config)


def check_port(port: int) -> None:
    """Raise BadValue for a port that is none, DeviceFailed where nothing can listen on it, on loopback."""
    import socket

    if not 1 <= port <= 65_535:
        raise BadValue(f"--port {port} is no port. Choose one from 1024 to 65535.")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((LOOPBACK, port))
        except OSError as error:
            raise DeviceFailed(
                f"The page cannot be shown on {LOOPBACK}:{port}: {error.strerror}. Choose another port: "
                f"--port {port + 1 if port < 65_535 else 8642}."
            ) from error
