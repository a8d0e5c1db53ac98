import subprocess
import sys

import gymnasium
from gymnasium.utils.env_checker import check_env

import playhead_streets


def test_telemetry_environment_passes_the_checker() -> None:
    env = gymnasium.make(f"playhead_streets:{playhead_streets.ENVIRONMENT_ID}", observation="telemetry")
    check_env(env.unwrapped, skip_render_check=True)


def test_importing_the_package_loads_neither_panda3d_nor_the_simulation() -> None:
    heavy = "[name for name in sys.modules if name.startswith(('panda3d', 'playhead_streets.'))]"
    code = f"import sys, playhead_streets; print({heavy})"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
