"""Changes to pictures that a network should not mind, or whose effect on the labels is known.

Made on batches, the same for all frames of a window. Regions such as a minimap are protected: filled in from
their surroundings before anything moves, put back at the end, mirrored in place where the picture was.

A recipe says how often, and how: {"flip": 0.5, "colour": {"share": 0.5, "hue": 0.5}}. A game adds its own: a
subclass of Augmentation, registered by the hook `playhead_augmentations`.

`augmentation.py` says what one change is, `augmenter.py` makes those of a recipe and applies them, `filling.py`
fills protected regions in. The changes lie in `colour.py`, `geometry.py`, where labels are mirrored too, and
`erasing.py`.
"""

from playhead.data.augment.augmentation import Augmentation, ByteAugmentation, FrameArray, Labels, uniform
from playhead.data.augment.augmenter import Augmenter
from playhead.data.augment.geometry import warp

__all__ = ["Augmentation", "Augmenter", "ByteAugmentation", "FrameArray", "Labels", "uniform", "warp"]
