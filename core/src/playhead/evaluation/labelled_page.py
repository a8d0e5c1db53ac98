"""A page of a recording that a run has labelled: pictures with what it said on them, and when it said what."""

from __future__ import annotations

import html

import numpy as np

from playhead.agreement import HELD
from playhead.clock import NS_PER_S
from playhead.data.source import Source
from playhead.evaluation import plots
from playhead.evaluation.pictures import data_uri, encode, with_keys
from playhead.events import Origin
from playhead.labels import Keys
from playhead.names import visible
from playhead.storage.layers import Layer

SHOWN_S, PICTURES = 30.0, 48  # of a recording, from its beginning
_PAGE = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>:root {{ color-scheme: light dark; --ink: CanvasText; --quiet: GrayText; --rule: GrayText }}
body {{ font: 16px/1.5 sans-serif; margin: 2rem }} figure {{ margin: 0; font-size: .8rem }}
.shots {{ display: grid; gap: .6rem; grid-template-columns: repeat(auto-fill, minmax(14rem, 1fr)) }}
img, svg {{ width: 100%; height: auto }}</style></head>
<body><h1>{title}</h1><p>{said}</p>{plots}<div class="shots">{shots}</div></body></html>
"""


def labelled_page(recording: Source, layer: Layer) -> str:
    """Return the page: its first SHOWN_S, every key drawn as full as the run is sure that it is held."""
    times_ns = recording.frame_time_ns[: recording.length]
    time_s_T = (times_ns - times_ns[:1]) / NS_PER_S
    frames = np.flatnonzero(time_s_T <= SHOWN_S)
    heads = {name: head for name, head in layer.schema.items() if isinstance(head, Keys)}
    drawn = [_timeline(recording, layer, name, head, time_s_T, frames) for name, head in heads.items()]
    shots = []
    for frame in np.unique(np.linspace(0, frames[-1], PICTURES).astype(np.int64)):
        held = {
            key: float(share)
            for name, head in heads.items()
            for key, share in zip(head.names, layer.probabilities[name][frame], strict=True)
        }
        picture_HWC = np.empty(recording.header.frame.shape, np.uint8)
        recording.read_frame_into(int(frame), picture_HWC)
        uri = data_uri(encode(with_keys(picture_HWC, held)))
        shots.append(
            f'<figure><img src="{uri}" alt="" loading="lazy"><figcaption>{time_s_T[frame]:.2f} s</figcaption>'
            "</figure>"
        )
    title = html.escape(visible(f"{recording.name}, layer {layer.name}"))
    said = html.escape(visible(f"Labelled by {layer.header.run or 'somebody'}. {layer.header.notes}"))
    return _PAGE.format(title=title, said=said, plots="".join(drawn), shots="".join(shots))


def _timeline(
    recording: Source, layer: Layer, name: str, head: Keys, time_s_T: np.ndarray, frames: np.ndarray
) -> str:
    """Draw what was recorded, where somebody said it, else what the layer decided, and how probable it was."""
    is_told = bool((np.asarray(recording.label_origin)[frames] != int(Origin.NONE)).all())
    rows_TK = np.asarray(recording.labels[name] if is_told and name in recording.labels else layer.labels[name])
    likely_TK = layer.probabilities[name][frames].astype(np.float64)
    return plots.timeline_plot(time_s_T[frames], rows_TK[frames] >= HELD, likely_TK, head.names)
