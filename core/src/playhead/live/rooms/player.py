"""A player in a process: the run is the trainer's, on this machine, and newer weights are offered to it."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from playhead.live.cluster import other
from playhead.live.facts import of_player
from playhead.live.player import Player
from playhead.live.rooms.room import Part, Room
from playhead.live.weights import Weights
from playhead.threads import one_thread_each


class PlayerRoom(Part):
    """A player in a process."""

    def __init__(self, room: Room) -> None:
        super().__init__(room, "player")
        live = room.live()
        folder = room.opened_home().runs(live.game.name, live.settings.recipe_name) / live.run_names[0]
        self._player = Player(
            live, folder, swap="always" if room.swap == "always" else "episode", say=self.say,
            stop=self.ends.is_set, way=room.unstick,
        )  # fmt: skip

    def run(self) -> int:
        """Play until it is ended; return the drives."""
        import ray

        self.say("The player waits for a network.")
        self.telling(lambda: (of_player(self._player), self._player.status.pictures))
        with suppress(Exception):  # the trainer is just being made again: it sends them when it has some
            weights = ray.get(other("trainer").weights.remote(), timeout=10)
            if weights is not None:
                self.offer(weights)
        with one_thread_each():
            self._player.run(first=int(time.time()) % 1_000_000)
        return len(self._player.status.drives)

    def offer(self, weights: Weights) -> None:
        """Take newer weights."""
        self._player.offer(weights)

    def status(self) -> dict[str, Any]:
        """Return how it gets on."""
        status = self._player.status
        return {
            "weights_of": status.weights_of, "swaps": status.swaps, "refused": status.refused,
            "frames": status.frames, "drives": status.drives, "fps": status.fps, "pps": status.pps,
            "stuck": dict(status.stuck),
        }  # fmt: skip
