"""The film in a video file, picture by picture in rising order of time. The only file that opens videos.

The file is handed over open, so that FFmpeg neither reads its name as an address or a pattern (10:30.mp4, %d.mp4)
nor opens any other; of its formats only those are known here that hold their pictures themselves. What is passed
over or changed is counted: `left_out` says it.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np
import numpy.typing as npt

from playhead.clock import NS_PER_S
from playhead.containers.files import HEAD_BYTES, check_not_hollow, kind_of, open_plain, reason
from playhead.containers.moving import is_moving, lacks_index
from playhead.errors import Damaged, Mismatch, NotFound, PluginError

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

FrameArray = npt.NDArray[np.uint8]

USUAL_HZ = 25.0  # of a video that does not say how many frames a second it has
RATES_HZ = (0.1, 1000.0)  # what it may say; anything else is taken for a slip
MOST_PROBED = 2**26  # pixels, of which a larger picture is not even looked at
MOST_PIXELS = 4096 * 2304  # decoding keeps up to 17 pictures, of 14 MB each at this size
LONGEST_GAP_NS = 60 * NS_PER_S  # between two pictures; a longer one is a slip of the clock, and is closed
_BUFFER_BYTES = 2**18  # a call into Python for each
# FFmpeg's names of formats. None of them opens further files or addresses as it is asked to here.
FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2",
    "matroska,webm",
    "avi",
    "mpegts",
    "mpeg",
    "flv",
    "asf",
    "ogg",
    "ivf",
    "nut",
    "dv",
    "mxf",
    "h264",
    "hevc",
    "m4v",
    "mpegvideo",
    "mjpeg",
    "av1",
    "obu",
    "yuv4mpegpipe",
    "gif",
    "rm",
    "wtv",
    "mp3",
    "wav",
    "flac",
    "aac",
)
_PICTURES = ("picture", "icon")
_HDR = {16: "PQ", 18: "HLG"}  # numbers of transfer curves by ITU-T H.273
_MATRIX = struct.Struct("=5i")


class VideoFile:
    """A video being read from its beginning. Pictures are decoded in order and made arrays only when asked for.

    `track` is which of several films; without, the one that is marked as the default.
    Raises:  Damaged, Mismatch when nothing in it can be shown, NotFound for a track that is not there.
    """

    def __init__(self, path: Path, track: int | None = None) -> None:
        self.path = path
        self._counts: Counter[tuple[str, str]] = Counter()  # what was passed over
        self._notes: dict[str, None] = {}  # what holds for the whole, each once
        self._stack = ExitStack()
        self._converter = _converter()
        try:
            self._container, self._stream = self._opened(track)
        except BaseException:
            self._stack.close()
            raise
        rate = float(self._stream.average_rate or self._stream.guessed_rate or 0)
        rate = rate if RATES_HZ[0] <= rate <= RATES_HZ[1] else USUAL_HZ
        self.interval_ns = round(NS_PER_S / rate)
        self._wider = _shape_of_pixels(self._stream)
        if self._wider != 1:
            self.note("its pixels are not square, it is shown as wide as it says")

    def pass_over(self, why: str, kind: str = "picture", count: int = 1) -> None:
        """Count something of the video that is not shown, and why: "out of order"."""
        self._counts[kind, why] += count

    def note(self, text: str) -> None:
        """Note something that holds for the whole video; said once at its end."""
        self._notes.setdefault(text)

    def left_out(self) -> str:
        """Return what was passed over or changed until now, "" for nothing."""
        counted = [f"{count:,} {kind}{'s' if count > 1 else ''} {why}".rstrip()
                   for (kind, why), count in self._counts.most_common(5) if count]  # fmt: skip
        passed = [f"{', '.join(counted)} passed over"] if counted else []
        return ", ".join([*passed, *self._notes])

    def frames(self) -> Iterator[tuple[int, VideoFrame]]:
        """Yield (nanoseconds since the first picture, picture), in rising order of time.

        A picture whose time lies before that of the one before it is passed over when it stands alone; where the
        times go on from there, as where two videos were joined, they have begun again and go on behind.
        """
        last_ns, shift_ns, waiting = -1, None, None
        for frame in self._decoded():
            own_ns = _time_ns(frame)
            if own_ns is None:
                self.note(f"its times made up from {NS_PER_S / self.interval_ns:g} pictures a second")
                own_ns = last_ns + self.interval_ns - (shift_ns or 0) if last_ns >= 0 else 0
            shift_ns = -own_ns if shift_ns is None else shift_ns
            if own_ns + shift_ns <= last_ns:
                if waiting is None or own_ns <= waiting[0]:
                    self.pass_over("out of order", count=waiting is not None)
                    waiting = own_ns, frame
                    continue
                self.note("its times begin again and go on behind")
                shift_ns = last_ns + self.interval_ns - waiting[0]
                last_ns = waiting[0] + shift_ns
                yield last_ns, waiting[1]
            elif waiting is not None:
                self.pass_over("out of order")
            waiting = None
            if own_ns + shift_ns - last_ns > LONGEST_GAP_NS and last_ns >= 0:
                self.note(f"gaps of more than {LONGEST_GAP_NS // NS_PER_S} s between its pictures closed")
                shift_ns = last_ns + self.interval_ns - own_ns
            last_ns = own_ns + shift_ns
            yield last_ns, frame
        self.pass_over("out of order", count=waiting is not None)

    def packet_times_ns(self) -> Iterator[int]:
        """Yield the times of all pictures as they are stored, undecoded; none is left to `frames` after that."""
        from av.error import FFmpegError

        try:
            for packet in self._container.demux(self._stream):
                if packet.pts is not None and packet.time_base:
                    yield round(packet.pts * packet.time_base * NS_PER_S)
        except (FFmpegError, OSError, ValueError):
            return  # its end is torn off

    def size(self, frame: VideoFrame) -> tuple[int, int]:
        """Return how wide and high a picture is when it is upright."""
        wide, high = round(frame.width * self._wider), frame.height
        return (high, wide) if _turning(frame, self.path)[0] else (wide, high)

    def upright(self, frame: VideoFrame) -> FrameArray:
        """Return a picture as it is to be seen: turned and mirrored as its display matrix says. (H, W, 3) RGB."""
        picture_HWC = self._as_array(frame, "rgb24", round(frame.width * self._wider))
        is_across, flips_x, flips_y = _turning(frame, self.path)
        if is_across:
            picture_HWC = picture_HWC.transpose(1, 0, 2)
        return np.ascontiguousarray(picture_HWC[:: -1 if flips_y else 1, :: -1 if flips_x else 1])

    def grey(self, frame: VideoFrame) -> FrameArray:
        """Return the brightness of a picture as it is stored, which is soon had. (H, W)."""
        return self._as_array(frame, "gray", frame.width)

    def _as_array(self, frame: VideoFrame, format_: str, wide: int) -> FrameArray:
        """Return a picture as pixels, by one converter for all: making a new one takes 2 ms of several threads."""
        made = self._converter.reformat(frame, width=wide, height=frame.height, format=format_)
        return cast("FrameArray", made.to_ndarray())

    def close(self) -> None:
        """Close the file. May be called twice."""
        self._stack.close()

    def _opened(self, track: int | None) -> tuple[InputContainer, VideoStream]:
        av = needed_av()
        file = self._stack.enter_context(open_plain(self.path))
        self._check_kind(file)
        check_not_hollow(file, self.path)
        options = {
            "format_whitelist": ",".join(FORMATS),
            "protocol_whitelist": "none",  # for whatever a format would open beside this file
            "max_pixels": str(MOST_PROBED),  # of which one or two are decoded, to learn what the film is
        }
        try:
            container: Any = av.open(
                _Unnamed(file), options=options, buffer_size=_BUFFER_BYTES, metadata_errors="replace"
            )
        except (av.FFmpegError, OSError, ValueError, EOFError) as error:
            is_unknown = isinstance(error, av.error.ArgumentError | av.error.InvalidDataError)
            said = "its format is none that is known here, or its beginning is damaged" if is_unknown else ""
            if lacks_index(file):
                said = "its index is missing, as of one that was cut short or never closed"
            raise Damaged(f"{self.path} cannot be read as a video: {said or reason(error)}.") from error
        self._stack.callback(container.close)
        return container, self._chosen(container, track)

    def _check_kind(self, file: BinaryIO) -> None:
        """Raise Mismatch for what begins as something that is no video, and say what it is."""
        head = file.read(HEAD_BYTES)
        kind = kind_of(head)
        is_film = kind in ("", "an MP4 file", "an animated AVIF picture") or is_moving(kind, file)
        file.seek(0)
        if not is_film:
            raise Mismatch(f"{self.path} is {kind}, no video. Name a video with --set path=FILE.")

    def _chosen(self, container: InputContainer, track: int | None) -> VideoStream:
        """Return the stream of the film: neither a cover nor a still picture."""
        from av.stream import Disposition

        still = Disposition.attached_pic | Disposition.still_image | Disposition.timed_thumbnails
        covers = [stream for stream in container.streams.video if stream.disposition & still]
        films = [stream for stream in container.streams.video if not stream.disposition & still]
        if not films:
            kinds = sorted({stream.type for stream in container.streams if stream.type != "video"})
            only = " and ".join(kinds + ["a picture that stands still"] * bool(covers)) or "nothing"
            raise Mismatch(f"{self.path} has no pictures in it, only {only}. Name a video with --set path=FILE.")
        film = self._which(films, track, Disposition.default)
        self._check_decodable(film)
        if covers:
            self.note("its cover picture left out")
        if len(films) > 1:
            self.note(f"track {films.index(film)} of {len(films)} shown")
        return film

    def _which(self, films: list[VideoStream], track: int | None, default: Any) -> VideoStream:
        listed = "; ".join(f"track={number} ({_told(film)})" for number, film in enumerate(films[:20]))
        if track is not None:
            if not 0 <= track < len(films):
                raise NotFound(f"{self.path} has no track {track}. It has {listed}.")
            return films[track]
        marked = [film for film in films if film.disposition & default]
        if len(films) > 1 and len(marked) != 1:
            raise Mismatch(
                f"{self.path} has {len(films)} tracks of pictures and does not say which is the film. Name "
                f"one with --set: {listed}."
            )
        return marked[0] if len(films) > 1 else films[0]

    def _check_decodable(self, film: VideoStream) -> None:
        coder: Any = film.codec_context
        if coder is None:
            raise Mismatch(f"{self.path} holds pictures of a kind that nothing here decodes. Convert it to H.264.")
        coder.options = {**coder.options, "max_pixels": str(MOST_PIXELS)}
        if not coder.width * coder.height:
            raise Mismatch(
                f"{self.path} does not say how large its pictures are, or they have more than {MOST_PROBED:,} "
                "pixels."
            )
        if coder.width * coder.height > MOST_PIXELS:
            raise Mismatch(
                f"{self.path} has pictures of {coder.width}x{coder.height}, more than {MOST_PIXELS:,} "
                "pixels. Make it smaller."
            )

    def _decoded(self) -> Iterator[VideoFrame]:
        """Decode packet by packet, passing over what is damaged."""
        from av.error import FFmpegError

        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except (FFmpegError, OSError, ValueError):
                self.pass_over("", "damaged piece")
                self.note("its end is torn off")
                return  # the container itself is torn: nothing after this place can be found
            if packet is None:
                return
            if packet.has_sidedata("encryption_info"):
                raise Mismatch(f"{self.path} is encrypted: its pictures cannot be decoded without their key.")
            try:
                frames = packet.decode()
            except (FFmpegError, OSError, ValueError, MemoryError):
                self.pass_over("", "damaged piece")
                continue
            for frame in frames:
                if frame.is_corrupt or not 0 < frame.width * frame.height <= MOST_PIXELS:
                    self.pass_over("", "damaged piece")
                    continue
                self._note_looks(frame)
                yield frame

    def _note_looks(self, frame: VideoFrame) -> None:
        """Note what of a picture is shown otherwise than it was meant."""
        if frame.interlaced_frame:
            self.note("two half pictures shown as one (interlaced)")
        if curve := _HDR.get(int(frame.color_trc or 0)):
            self.note(f"its {curve} brightness (HDR) shown without mapping")


def needed_av() -> Any:
    """Return PyAV. Raises PluginError where it is not installed, with what to type."""
    try:
        import av
    except ImportError as error:
        raise PluginError(
            'A video needs the package av, which is not installed. Type: pip install "playhead[video]"'
        ) from error
    return av


def _converter() -> Any:
    needed_av()
    from av.video.reformatter import VideoReformatter

    return VideoReformatter()


class _Unnamed:
    """An open file without its name, by which FFmpeg would guess."""

    def __init__(self, file: BinaryIO) -> None:
        self.read, self.seek, self.tell = file.read, file.seek, file.tell


def _told(film: VideoStream) -> str:
    coder: Any = film.codec_context  # None where nothing decodes it, whatever its type says
    count = film.frames
    if coder is None:
        return "of an unknown kind"
    return f"{coder.name}, {coder.width}x{coder.height}" + (f", {count:,} pictures" if count else "")


def _shape_of_pixels(stream: VideoStream) -> Fraction | int:
    """Return how much wider than high a pixel is; within a hundredth it is square."""
    shape = stream.sample_aspect_ratio
    return shape if shape and shape > 0 and abs(shape - 1) > Fraction(1, 100) and shape < 16 else 1


def _time_ns(frame: VideoFrame) -> int | None:
    if frame.pts is None or not frame.time_base:
        return None
    time_ns: int = round(frame.pts * frame.time_base * NS_PER_S)
    return time_ns


def _turning(frame: VideoFrame, path: Path) -> tuple[bool, bool, bool]:
    """Return whether a picture lies across, and is mirrored then from side to side and upside down.

    Source:  the display matrix of ISO/IEC 14496-12, 6.2.2: x' = a x + c y, y' = b x + d y.
    """
    found: Any = frame.side_data.get("DISPLAYMATRIX")
    matrix = b"" if found is None else bytes(found)
    if len(matrix) < _MATRIX.size:
        return False, False, False
    a, b, _, c, d = _MATRIX.unpack_from(matrix)
    small = max(abs(a), abs(b), abs(c), abs(d)) // 64
    if max(abs(b), abs(c)) <= small:
        return False, a < 0, d < 0
    if max(abs(a), abs(d)) <= small:
        return True, c < 0, b < 0
    raise Mismatch(f"{path} is to be shown aslant, at no quarter of a turn. Turn it with a video editor.")
