"""A collector in a process: it drives, and sends its sets to the trainer until they are taken."""

from __future__ import annotations

import time
from contextlib import suppress

from playhead.live.cluster import other
from playhead.live.collector import Collector
from playhead.live.facts import of_collector
from playhead.live.rooms.room import Part, Room
from playhead.live.sending import Sender


class CollectorRoom(Part):
    """A collector in a process."""

    def __init__(self, room: Room) -> None:
        super().__init__(room, f"collector {room.number}")
        self._collector = Collector(
            room.live(), room.number, driver=room.driver, home=room.opened_home(), stop=self.ends.is_set
        )

    def run(self) -> int:
        """Collect until it is ended; return the sets that were sent."""
        self.say("The collector drives.")
        self.telling(lambda: (of_collector(self._collector.status), {}))
        sender = Sender(self.ends, self._refused)
        self._collector.run(sender.send, first_drive=int(time.time()) % 1_000_000)
        return self._collector.status.sets

    def say(self, said: str, batch: int = 0) -> None:
        """Have the trainer write into the diary: this may be another machine."""
        with suppress(Exception):  # there is none just now
            other("trainer").write.remote(self.name, said, batch)

    def _refused(self, said: str, is_news: bool) -> None:
        self._collector.status.said = said
        if is_news:
            self.say(said)
