"""Opens parts of a live run, each in a process that Ray makes again whenever it dies."""

from __future__ import annotations

from typing import Any

from playhead.live.cluster import NAMESPACE
from playhead.live.rooms.collector import CollectorRoom
from playhead.live.rooms.page import PageRoom
from playhead.live.rooms.player import PlayerRoom
from playhead.live.rooms.room import Room
from playhead.live.rooms.trainer import TrainerRoom

PARTS_AT_ONCE = 8  # calls that a part answers beside its `run`
KINDS = {"collector": CollectorRoom, "trainer": TrainerRoom, "player": PlayerRoom, "page": PageRoom}


def opened(ray: Any, kind: str, name: str, room: Room) -> Any:
    """Make a part in a process of its own, which Ray makes again whenever it dies.

    Collectors go where there is room among the machines of a cluster; what reads and writes the home stays on this
    one.
    """
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeAffinitySchedulingStrategy(node_id=ray.get_runtime_context().get_node_id(), soft=False)
    actor = ray.remote(max_restarts=-1, max_task_retries=-1, max_concurrency=PARTS_AT_ONCE, num_cpus=0)(
        KINDS[kind]
    )
    where = "SPREAD" if kind == "collector" else here
    return actor.options(name=name, namespace=NAMESPACE, scheduling_strategy=where).remote(room)
