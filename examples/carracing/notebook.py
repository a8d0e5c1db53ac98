"""CarRacing from a notebook: cells for Jupyter, VS Code or Spyder, or a script of its own.

A driver that knows the track is recorded, a network that sees only the picture learns from it, drives and is
corrected once (DAgger), and is measured on tracks that it has not seen.
"""

# %%
import tempfile
from pathlib import Path

import playhead
from playhead.progress import Progress
from playhead.storage.reader import open_recording

EPISODES, SECONDS, STEPS = 10, 20, 600
HOME = Path(tempfile.mkdtemp())  # or leave `home` out everywhere, for the one that the commands use


class Curve(Progress):
    """Says what is said, and keeps what a notebook would plot."""

    def __init__(self) -> None:
        self.losses: list[float] = []

    def note(self, sentence: str) -> None:
        """Print a sentence."""
        print(sentence)

    def step(self, step: int, steps: int, loss: float) -> None:
        """Keep a loss."""
        self.losses.append(loss)


# %% [markdown]
# ## Behaviour cloning
# Wrong keys now and then (action noise) show how to get back onto the road; the true keys stay the labels.

# %%
print(playhead.record("carracing", episodes=EPISODES, seconds=SECONDS, seed=1, action_noise=True, home=HOME))

# %%
recording = open_recording(playhead.recordings("carracing", home=HOME)[-1].path)
held = recording.labels["drive"].mean(0).round(2)
print(recording.name, recording.length, "frames,", dict(zip(("left", "right", "gas", "brake"), held, strict=True)))

# %%
curve = Curve()
first = playhead.train("carracing", steps=STEPS, home=HOME, progress=curve)
print(first.name, f"loss {curve.losses[0]:.2f} -> {curve.losses[-1]:.2f}")

# %% [markdown]
# ## DAgger
# The network drives, and the script that knows the track says what it would have pressed.

# %%
print(
    playhead.record(
        "carracing", run=first, teacher="expert", beta=0.3, episodes=EPISODES, seconds=SECONDS, home=HOME
    )
)
second = playhead.train("carracing", steps=STEPS, home=HOME, progress=curve)

# %% [markdown]
# ## How good is it?
# On tracks of their own, against the script and against doing the same thing all the time.

# %%
evaluation = playhead.evaluate("carracing", run=second, episodes=2, seconds=SECONDS, home=HOME)
print(evaluation.to_text())
print("A page with pictures:", evaluation.page)

# %%
played = playhead.play("carracing", run=second, seconds=SECONDS, seed=7, home=HOME)
print(played.episodes[0].measures)
