"""Makes data sets as the original made them: pictures named by uuid beside one sqlite file."""

from __future__ import annotations

import sqlite3
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from playhead.storage.pictures import JpegPicture

# As systems.md section 1 gives them, not as dataset.py writes them.
TABLES = """
CREATE TABLE models(id INT UNIQUE, name TEXT, color TEXT, PRIMARY KEY(name, color));
CREATE TABLE hats(id INT UNIQUE, name TEXT, color TEXT, PRIMARY KEY(name, color));
CREATE TABLE wheels(id INT UNIQUE, name TEXT, color TEXT, PRIMARY KEY(name, color));
CREATE TABLE skins(id INT UNIQUE, name TEXT, color TEXT, model INT, PRIMARY KEY(name, color, model));
CREATE TABLE data(uuid TEXT NOT NULL UNIQUE PRIMARY KEY, model INT NOT NULL, team INT NOT NULL,
    primary_color REAL NOT NULL, secondary_color REAL NOT NULL, hat INT NOT NULL, skin INT NOT NULL,
    wheel INT NOT NULL, x_rotation INT NOT NULL, y_rotation INT NOT NULL,
    FOREIGN KEY(hat) REFERENCES hats(id), FOREIGN KEY(wheel) REFERENCES wheels(id),
    FOREIGN KEY(skin) REFERENCES skins(id), FOREIGN KEY(model) REFERENCES models(id));
"""
Row = tuple[Any, ...]


def jpeg(shade: int, width: int = 400, height: int = 150) -> bytes:
    frame_HWC = np.full((height, width, 3), shade % 256, np.uint8)
    frame_HWC[:, : 1 + shade % width] //= 2
    return JpegPicture(quality=75, colour="rgb", subsampling="420").encode(frame_HWC)


def uuid_of(number: int) -> str:
    return f"{number:08x}-ada0-11ec-9621-0242ac130002"


def row_of(number: int) -> Row:
    """Ten rotations of a loadout follow one another, bodies take turns."""
    loadout = number // 10
    return uuid_of(number), loadout % 4, loadout % 2, loadout % 3 / 2, 0.0, loadout % 23, 1, 4, number % 10, 0


@dataclass
class Original:
    """A data set to be changed before it is written."""

    rows: list[Row]
    pictures: dict[str, bytes]
    names: dict[str, Sequence[Row]]
    tables: str = TABLES

    @classmethod
    def of(cls, count: int) -> Original:
        rows = [row_of(number) for number in range(count)]
        return cls(rows, {f"{row[0]}.jpg": jpeg(number) for number, row in enumerate(rows)}, {})

    def write_database(self, file: Path) -> Path:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        database = sqlite3.connect(file)
        database.executescript(self.tables)
        for table, rows in {**self.names, "data": self.rows}.items():
            for row in rows:
                database.execute(f"INSERT INTO {table} VALUES({','.join('?' * len(row))})", row)
        database.commit()
        database.close()
        return file

    def folder(self, place: Path, database: str = "dataset.db") -> Path:
        self.write_database(place / database)
        for name, data in self.pictures.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(data)
        return place

    def zip(self, file: Path, also: Mapping[str | zipfile.ZipInfo, bytes] | None = None) -> Path:
        file.parent.mkdir(parents=True, exist_ok=True)
        database = self.write_database(file.with_suffix(".tmp"))
        with zipfile.ZipFile(file, "w") as packed:
            packed.write(database, "index.db")
            for name, data in {**self.pictures, **(also or {})}.items():
                packed.writestr(name, data)
        database.unlink()
        return file
