"""Videos that are damaged, are none, or name other files."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from random import Random

from fuzzing import harm, hostile
from fuzzing.sandbox import Sandbox
from fuzzing.seeds import WATCHED, Seeds, picture, write_video

Commands = list[tuple[str, ...]]
CONTAINERS = {
    "mp4": "mpeg4",
    "mkv": "mpeg4",
    "avi": "mjpeg",
    "mov": "mjpeg",
    "ts": "mpeg2video",
    "webm": "libvpx",
    "gif": "gif",
    "mpg": "mpeg1video",
}

MPD = """<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S"><Period>
<AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>TARGET</BaseURL><SegmentBase/>
</Representation></AdaptationSet></Period></MPD>"""


def make(rng: Random, box: Sandbox, seeds: Seeds) -> tuple[str, Commands]:
    """Make one file to watch."""
    box.may_read = False
    box.canary("canary.mp4", seeds.video)
    file, what = rng.choice(WAYS)(rng, box, seeds)
    more = rng.choice(((), (), ("--set", "crop=[0,0,40,30]"), ("--json",)))
    path = f"path={file}"
    watch = ("play", WATCHED, "--on", "video", "--set", path, "--terminal", "--seconds", "1", *more)
    record = (*watch, "--record")
    return f"video: {what}", [watch, record] if rng.random() < 0.4 else [watch]


def _written(rng: Random, box: Sandbox) -> Path:
    ending = rng.choice(("mp4", "mkv", "avi", "mov", "ts", "mpg"))
    try:
        return write_video(box.given / f"clip.{ending}", codec=CONTAINERS[ending])
    except (OSError, ValueError):
        return write_video(box.given / "clip.mp4")


def _harmed(rng: Random, box: Sandbox, seeds: Seeds) -> tuple[Path, str]:
    file = _written(rng, box)
    return file, f"{file.suffix}: {harm.anything(file, rng)}"


def _torn(rng: Random, box: Sandbox, seeds: Seeds) -> tuple[Path, str]:
    file = _written(rng, box)
    told = [rng.choice(harm.BYTES[:-1])(file, rng) for _ in range(rng.choice((1, 4)))]
    return file, f"{file.suffix}: {'; '.join(told)}"


def _playlist(rng: Random, box: Sandbox, seeds: Seeds) -> tuple[Path, str]:
    """Name other files in a text that counts as a video."""
    target = rng.choice(
        (
            str(box.outside / "canary.mp4"),
            "../outside/canary.mp4",
            f"file://{box.outside}/canary.mp4",
            f"concat:{box.outside}/canary.mp4",
            str(box.outside / "secret.txt"),
            "/dev/zero",
            "http://127.0.0.1:9/x.mp4",
        )
    )
    texts = {
        "m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{target}\n#EXT-X-ENDLIST\n",
        "ffconcat": f"ffconcat version 1.0\nfile '{target}'\n",
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
        "xspf": f"<playlist><trackList><track><location>{target}</location></track></trackList></playlist>",
        "mpd": MPD.replace("TARGET", target),
        "pls": f"[playlist]\nFile1={target}\nNumberOfEntries=1\n",
        "svg": f'<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><image href="{target}"/></svg>',
        "smil": f'<smil><body><video src="{target}"/></body></smil>',
        "imf": f"<AssetMap><Asset><Path>{target}</Path></Asset></AssetMap>",
        "txt": hostile.CONTROLS,
    }
    kind = rng.choice(("m3u8", "m3u8", "ffconcat", "ffconcat", *texts))
    file = box.given / f"clip.{rng.choice((kind, kind, 'mp4', 'mkv'))}"
    file.write_text(texts[kind])
    return file, f"a {kind} called {file.name}"


def _raw(rng: Random, box: Sandbox, seeds: Seeds) -> tuple[Path, str]:
    """Say a size that no memory has, in a format that says it in a line."""
    width, height = rng.choice(
        ((65535, 65535), (100000, 100000), (0, 0), (1, 1), (16384, 16384), (-1, 5), (2**31, 1))
    )
    kind = rng.choice(("y4m", "ppm", "bmp", "gif"))
    rate = rng.choice(("10:1", "1000000000:1", "0:0", "1:1000000"))
    data = {
        "y4m": f"YUV4MPEG2 W{width} H{height} F{rate} C420\nFRAME\n".encode() + b"\x80" * 5000,
        "ppm": f"P6\n{width} {height}\n255\n".encode() + b"\x80" * 5000,
        "bmp": b"BM"
        + b"\0" * 12
        + (40).to_bytes(4, "little")
        + (width % 2**32).to_bytes(4, "little")
        + (height % 2**32).to_bytes(4, "little")
        + b"\1\0\x18\0"
        + b"\0" * 5000,
        "gif": b"GIF89a"
        + (width % 65536).to_bytes(2, "little")
        + (height % 65536).to_bytes(2, "little")
        + b"\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0"
        + (width % 65536).to_bytes(2, "little")
        + (height % 65536).to_bytes(2, "little")
        + b"\0\2\2D\1\0;",
    }[kind]
    file = box.given / f"clip.{kind}"
    file.write_bytes(data)
    return file, f"{kind} of {width}x{height}"


def _tracks(rng: Random, box: Sandbox, seeds: Seeds) -> tuple[Path, str]:
    """Put several tracks into one file, some of them empty, small or of sound."""
    import av

    file = box.given / f"clip.{rng.choice(('mkv', 'mp4'))}"
    sizes = [rng.choice(((96, 64), (16, 16), (320, 240), (64, 96))) for _ in range(rng.choice((2, 3)))]
    empty = rng.choice((None, 0, 1))
    with av.open(str(file), "w") as opened:
        streams = []
        for size in sizes:
            stream = opened.add_stream("mpeg4", rate=10)
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            streams.append(stream)
        for number in range(6):
            for place, (stream, size) in enumerate(zip(streams, sizes, strict=True)):
                if place != empty or number == 0:
                    frame = av.VideoFrame.from_ndarray(picture(number, (size[1], size[0], 3)), format="rgb24")
                    opened.mux(stream.encode(frame.reformat(format="yuv420p")))
        for stream in streams:
            opened.mux(stream.encode(None))
    return file, f"tracks of {sizes}, {empty} all but empty"


def _times(rng: Random, box: Sandbox, seeds: Seeds) -> tuple[Path, str]:
    """Give pictures times that jump, go back, or are far away."""
    import av

    file = box.given / "clip.mkv"
    steps = [rng.choice((1, 1, 1, 10**4, 10**7, 0)) for _ in range(8)]
    with av.open(str(file), "w") as opened:
        stream = opened.add_stream("mpeg4", rate=rng.choice((10, 1000, 1)))
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        at = rng.choice((0, 0, 10**6))
        for number, step in enumerate(steps):
            frame = av.VideoFrame.from_ndarray(picture(number, (64, 96, 3)), format="rgb24").reformat(
                format="yuv420p"
            )
            at += step
            frame.pts, frame.time_base = at, Fraction(1, 1000)
            try:
                opened.mux(stream.encode(frame))
            except (OSError, ValueError):
                break
    return file, f"times after {steps}"


def _joined(rng: Random, box: Sandbox, seeds: Seeds) -> tuple[Path, str]:
    """Let the size change, or times begin again, in the middle of a stream."""
    parts = [
        write_video(box.given / f"part{n}.ts", codec="mpeg2video", size=size)
        for n, size in enumerate(((96, 64), (320, 240), (96, 64)))
    ]
    file = box.given / "clip.ts"
    file.write_bytes(b"".join(part.read_bytes() for part in rng.sample(parts, 2)))
    return file, "streams one behind the other"


def _named(rng: Random, box: Sandbox, seeds: Seeds) -> tuple[Path, str]:
    """Call a healthy video something that means something else elsewhere."""
    name = rng.choice(
        (
            "concat:x.mp4",
            "http:x.mp4",
            "a|b.mp4",
            "%03d.mp4",
            "pipe:0",
            "-i.mp4",
            "a\nb.mp4",
            "\x1b[31m.mp4",
            "x" * 250 + ".mp4",
            "file:x.mp4",
            "data:x",
            "subfile,,start,0,end,0,,:x.mp4",
            "ü ä.mp4",
            "\udcff.mp4",
            "[1,2].mp4",
            "1",
            "null",
            "x.m3u8",
            "x.jpg",
        )
    )
    file = box.given / name
    shutil.copyfile(seeds.video, file)
    return file, f"called {name[:30]!a}"


def _thing(rng: Random, box: Sandbox, seeds: Seeds) -> tuple[Path, str]:
    file = box.given / "clip.mp4"
    return file, rng.choice(harm.THINGS)(file, rng) if rng.random() < 0.7 else _no_file(rng, box)


def _no_file(rng: Random, box: Sandbox) -> str:
    (box.given / "clip.mp4").write_bytes(rng.randbytes(5000))
    return "noise"


WAYS: tuple[Callable[[Random, Sandbox, Seeds], tuple[Path, str]], ...] = (
    _harmed,
    _torn,
    _torn,
    _playlist,
    _playlist,
    _raw,
    _tracks,
    _times,
    _joined,
    _named,
    _thing,
)
