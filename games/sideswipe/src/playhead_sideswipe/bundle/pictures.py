"""Which files of a bundle are its pictures and which its database, by their names; the contents come later."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from playhead.containers.jpeg import end_of_picture
from playhead.errors import NotFound
from playhead.storage.importing import LeftOut

HEAD_BYTES = 16  # of a file, so that a database is known
MOST_PICTURE_BYTES = 2**20  # raw, a picture has 180,000 bytes: nothing larger is one
_PICTURE = re.compile(r"([0-9A-Za-z_-]{1,36})(\.(?:jpe?g|jpe|jfif))", re.IGNORECASE)
_OTHER_PICTURE = re.compile(r".*\.(png|webp|avif|heic|gif|bmp|tiff?|jxl|jp2)", re.IGNORECASE | re.DOTALL)
_UNKNOWN_PICTURE = re.compile(r".*\.(jpe?g|jpe|jfif)", re.IGNORECASE | re.DOTALL)
_SIDECAR = "._"  # begins the name of what a Mac writes beside a file: no picture
MOST_NAMED = 5  # files of a bundle without a database

NameArray = npt.NDArray[np.bytes_]


@dataclass(frozen=True)
class BadPicture:
    """A picture that cannot be read, and why."""

    why: str


@dataclass(kw_only=True)
class Pictures:
    """Where each picture lies: `places[place_N[i]]` is the folder and the ending of the name `uuid_N[i]`.

    `found_N` says the how-manieth picture found each was; `left_out`, which files are no pictures of the bundle.
    Shapes:  uuid_N (N,) sorted, each once; place_N, found_N (N,).
    """

    uuid_N: NameArray
    place_N: npt.NDArray[np.int32]
    found_N: npt.NDArray[np.int64]
    places: list[tuple[str, str]]
    left_out: list[LeftOut]

    def path(self, row: int) -> str:
        """Return the path of a picture inside its bundle."""
        folder, ending = self.places[self.place_N[row]]
        return f"{folder}{self.uuid_N[row].decode()}{ending}"


@dataclass
class Finder:
    """Gathers the pictures of a bundle in 40 bytes each."""

    _names: list[str] = field(default_factory=list)
    _parts: list[tuple[NameArray, npt.NDArray[np.int32]]] = field(default_factory=list)
    _places: dict[tuple[str, str], int] = field(default_factory=dict)
    _place_of: list[int] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    def add(self, folder: str, name: str) -> bool:
        """Note a file when its name is that of a picture, and say whether it is."""
        found = _PICTURE.fullmatch(name)
        if found is None:
            if not name.startswith(_SIDECAR):
                self._note_unknown(folder, name)
            return False
        self._names.append(found[1])
        self._place_of.append(self._places.setdefault((folder, found[2]), len(self._places)))
        if len(self._names) == 2**14:
            self._pack()
        return True

    def _note_unknown(self, folder: str, name: str) -> None:
        """Note a file that is called a picture and cannot be one of the bundle."""
        if _OTHER_PICTURE.fullmatch(name):
            self.left_out.append(LeftOut(what=f"picture {folder}{name}", why="it is no JPEG; convert it"))
        elif _UNKNOWN_PICTURE.fullmatch(name):
            why = "no row can name it: pictures are called UUID.jpg"
            self.left_out.append(LeftOut(what=f"picture {folder}{name}", why=why))

    def note_no_file(self, path: str) -> None:
        """Note what has the name of a picture and is no file."""
        if _OTHER_PICTURE.fullmatch(path) or _UNKNOWN_PICTURE.fullmatch(path):
            why = "it is no plain file, or a link that leads nowhere"
            self.left_out.append(LeftOut(what=f"picture {path}", why=why))

    def note_other(self, name: str, why: str = "") -> None:
        """Note a file that is neither picture nor database, for the case that a database is missed."""
        if len(self.others) < MOST_NAMED or why:
            self.others.append(f"{ascii(name)[1:200]} ({why})".replace("'", "") if why else name[:200])

    def _pack(self) -> None:
        self._parts.append((np.array(self._names, "S36"), np.array(self._place_of, np.int32)))
        self._names.clear()
        self._place_of.clear()

    def pictures(self) -> Pictures:
        """Return all of them sorted; of two with one name the first counts."""
        self._pack()
        uuid_N = np.concatenate([names for names, _ in self._parts])
        place_N = np.concatenate([places for _, places in self._parts])
        order = np.argsort(uuid_N, kind="stable")
        uuid_N, place_N = uuid_N[order], place_N[order]
        again_N = np.zeros(len(uuid_N), bool)
        again_N[1:] = uuid_N[1:] == uuid_N[:-1]
        for uuid in uuid_N[again_N].tolist():
            self.left_out.append(
                LeftOut(what=f"picture {uuid.decode()}", why="there are two pictures of this name")
            )
        return Pictures(
            uuid_N=uuid_N[~again_N],
            place_N=place_N[~again_N],
            found_N=order[~again_N],
            places=list(self._places),
            left_out=self.left_out,
        )


def too_long(data: bytes) -> str:
    """Say what is wrong with a file of more bytes than a picture has, of which the first are given."""
    where = ", most of them behind the end of its picture" if end_of_picture(data) else ""
    return f"it has more than {MOST_PICTURE_BYTES:,} bytes{where}"


def only_database(databases: list[str], where: str, finder: Finder, then: str) -> str:
    """Return the one database there is; `then` is what to do about several.

    Raises:  NotFound for none, with what there is instead, and for several.
    """
    if len(databases) == 1:
        return databases[0]
    if not databases:
        refused = [str(one) for one in finder.left_out if not one.what.startswith("picture ")]
        others = (refused + finder.others)[:MOST_NAMED]
        there = f" What there is beside pictures: {'; '.join(others)}." if others else ""
        raise NotFound(
            f"There is no sqlite file in {where} that can be read: a data set has one beside its pictures "
            f"(dataset.db).{there} Put it there, or pass the path of the file; its folder is looked through then."
        )
    named = ", ".join(sorted(databases)[:5])
    raise NotFound(f"There are {len(databases)} sqlite files in {where} ({named}). {then}")
