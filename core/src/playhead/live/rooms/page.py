"""The page in a process: it hears from every part, and follows the diary."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playhead.live.board import Board
from playhead.live.diary import DiaryTail
from playhead.live.page import server_of
from playhead.live.rooms.room import TELL_S, Part, Room


class PageRoom(Part):
    """The page in a process."""

    def __init__(self, room: Room) -> None:
        super().__init__(room, "page")
        self._board = Board(f"playhead live: {room.settings.game}, run {room.settings.name}")
        self._server = server_of(self._board, room.port)

    def run(self) -> int:
        """Serve until it is ended."""
        threading.Thread(target=self._follow_diary, name="diary", daemon=True).start()
        self._server.run()
        return 0

    def _follow_diary(self) -> None:
        """Show what the diary says, also of before."""
        tail = DiaryTail(Path(self.room.folder))
        while not self.ends.wait(TELL_S):
            for entry in tail.read():
                self._board.write(entry)

    def tell(self, part: str, facts: Mapping[str, Any], pictures: Mapping[str, bytes]) -> None:
        """Take how a part gets on."""
        self._board.tell(part, facts, pictures)

    def end(self) -> None:
        """Have it end."""
        super().end()
        self._server.should_exit = True
