"""A small drivable world, rendered in software, that stands in for open-world driving games.

Importing it registers the environment `playhead_streets/Streets-v0` and loads neither Panda3D nor the simulation.
"""

from gymnasium.envs.registration import register, registry

ENVIRONMENT_ID = "playhead_streets/Streets-v0"

if ENVIRONMENT_ID not in registry:
    register(id=ENVIRONMENT_ID, entry_point="playhead_streets.env:StreetsEnv")
