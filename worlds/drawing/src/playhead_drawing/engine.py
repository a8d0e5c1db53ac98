"""Everything Panda3D: faces become its geometry, and its software rasteriser fills a buffer in memory.

No window, no OpenGL, no X, no ShowBase. Each Canvas has a GraphicsEngine of its own, because an engine
draws all of its buffers whenever it draws one.
Shape legend: Q faces, H x W pixels, C colours.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Self

import cv2
import numpy as np
from panda3d.core import (
    Camera,
    ColorAttrib,
    CullBinAttrib,
    DepthTestAttrib,
    DepthWriteAttrib,
    FrameBufferProperties,
    Geom,
    GeomEnums,
    GeomNode,
    GeomTriangles,
    GeomVertexData,
    GeomVertexFormat,
    GraphicsEngine,
    GraphicsOutput,
    GraphicsPipe,
    GraphicsPipeSelection,
    LODNode,
    NodePath,
    PandaNode,
    PerspectiveLens,
    RenderState,
    SamplerState,
    Texture,
    TextureAttrib,
    WindowProperties,
    load_prc_file_data,
)

from playhead_drawing.quads import ByteArray, Colour, Quads

# Must be set before anything of Panda3D is made; without it each start prints lines about missing displays.
load_prc_file_data(
    "playhead_drawing",
    "notify-level error\nnotify-level-display error\naudio-library-name null\nmodel-cache-dir\n"
    # Panda3D would put a position that was drawn before in the place of one that is nearly the same, and what a
    # process drew earlier would decide pixels.
    "transform-cache false\n",
)

_VERTEX = np.dtype([("position", "<f4", 3), ("colour", "u1", 4), ("texture", "<f4", 2)])  # get_v3c4t2


class Canvas:
    """A picture in memory with a scene and a camera."""

    def __init__(self, width: int, height: int, clear: Colour) -> None:
        self.width, self.height = width, height
        self._engine = GraphicsEngine()
        # By name: the module's first pipe would try to open an X display.
        pipe = GraphicsPipeSelection.get_global_ptr().make_pipe("TinyOffscreenGraphicsPipe", "p3tinydisplay")
        if pipe is None:
            raise RuntimeError("Panda3D's software renderer p3tinydisplay is missing. Reinstall panda3d.")
        wanted = FrameBufferProperties()
        wanted.set_rgb_color(True)
        wanted.set_depth_bits(24)
        size = WindowProperties.size(width, height)
        self._buffer = self._engine.make_output(pipe, "picture", 0, wanted, size, GraphicsPipe.BF_refuse_window)
        if self._buffer is None:
            raise RuntimeError(f"Panda3D gave no {width}x{height} buffer to draw into.")
        self._buffer.set_clear_color((*(value / 255 for value in clear), 1))
        self._picture = Texture("picture")
        self._buffer.add_render_texture(self._picture, GraphicsOutput.RTM_copy_ram)
        self.scene = NodePath("scene")
        self._lens = PerspectiveLens()
        self.camera = self.scene.attach_new_node(Camera("camera", self._lens))
        self._buffer.make_display_region().set_camera(self.camera)

    def set_view(self, degrees: float, near_m: float, far_m: float) -> None:
        """Set the angle of view across a 4:3 picture, and how far one sees.

        Pictures of another shape see as much up and down, and more or less to the sides.
        """
        up = np.tan(np.radians(degrees / 2)) * 0.75
        across = up * self.width / self.height
        self._lens.set_fov(*(float(2 * np.degrees(np.arctan(half))) for half in (across, up)))
        self._lens.set_near_far(near_m, far_m)

    def draw(self) -> ByteArray:
        """Draw the scene and return a new picture.

        Shapes:  returns (H, W, 3) uint8 RGB.
        """
        return np.asarray(cv2.cvtColor(self._rendered()[::-1], cv2.COLOR_BGRA2RGB), np.uint8)

    def draw_cut_out(self, finer: int) -> tuple[ByteArray, ByteArray]:
        """Draw the scene and shrink it, `finer` pixels to one each way, to be laid over another picture.

        The clear colour must be black, and nothing in the scene may be. Another picture times what is bare, plus
        the cut-out, is the scene before that picture, with smooth edges.
        Shapes:  returns the cut-out (H, W, 3) RGB and what is bare (H, W), 255 where nothing is; both uint8,
                 H and W those of the canvas divided by `finer`.
        """
        raw_HWC = self._rendered()
        size = (self.width // finer, self.height // finer)
        _, bare_HW = cv2.threshold(cv2.cvtColor(raw_HWC, cv2.COLOR_BGRA2GRAY), 0, 255, cv2.THRESH_BINARY_INV)
        bare_HW = cv2.resize(bare_HW, size, interpolation=cv2.INTER_AREA)
        small_HWC = cv2.resize(raw_HWC, size, interpolation=cv2.INTER_AREA)
        cut_out_HWC = cv2.cvtColor(small_HWC[::-1], cv2.COLOR_BGRA2RGB)
        return np.asarray(cut_out_HWC, np.uint8), np.ascontiguousarray(bare_HW[::-1], np.uint8)

    def _rendered(self) -> ByteArray:
        """Render and return the buffer as it lies in memory: BGRA, the lowest row first."""
        self._engine.render_frame()
        return np.frombuffer(self._picture.get_ram_image(), np.uint8).reshape(self.height, self.width, -1)

    def close(self) -> None:
        """Give the buffer and the scene back."""
        self._engine.remove_all_windows()
        self.scene.remove_node()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def texture(name: str, picture_HWC: ByteArray) -> Texture:
    """Load a picture (RGB, sides powers of two) as a repeating texture with mipmaps."""
    height, width, _ = picture_HWC.shape
    loaded = Texture(name)
    loaded.setup_2d_texture(width, height, Texture.T_unsigned_byte, Texture.F_rgb)
    loaded.set_ram_image(np.ascontiguousarray(picture_HWC[::-1, :, ::-1]).tobytes())
    loaded.set_wrap_u(SamplerState.WM_repeat)
    loaded.set_wrap_v(SamplerState.WM_repeat)
    loaded.set_minfilter(SamplerState.FT_nearest_mipmap_nearest)
    loaded.set_magfilter(SamplerState.FT_nearest)
    return loaded


def flat_state(order: int, picture: Texture | None = None) -> RenderState:
    """Return the state of a layer on the ground: drawn in the order given, without depth.

    Without depth nothing flickers. A picture is painted as it is, whatever colour the faces
    have: multiplying the two costs twice the time.
    """
    state = RenderState.make(
        CullBinAttrib.make("background", order),
        DepthTestAttrib.make(DepthTestAttrib.M_none),
        DepthWriteAttrib.make(DepthWriteAttrib.M_off),
    )
    if picture is None:
        return state
    return state.set_attrib(TextureAttrib.make(picture)).set_attrib(ColorAttrib.make_flat((1, 1, 1, 1)))


def solid_state(picture: Texture | None = None) -> RenderState:
    """Return the state of what stands on the ground; a picture is multiplied by the colours of the faces."""
    # In the scene's own order: sorted by state, the order and with it the winner of a tie in depth would
    # depend on addresses in memory, and two processes would draw different pixels.
    state = RenderState.make(CullBinAttrib.make("unsorted", 0))
    return state if picture is None else state.set_attrib(TextureAttrib.make(picture))


def shown_within(metres: float, middle_2: tuple[float, float], child: PandaNode) -> PandaNode:
    """Return a node that shows its child while the camera is that near to a point on the ground."""
    made = LODNode("within")
    made.set_center((*middle_2, 0.0))
    made.add_switch(metres, 0.0)
    made.add_child(child)
    return made


def node(name: str, parts: Iterable[tuple[RenderState, Quads]]) -> PandaNode:
    """Make one node of faces, each lot in its state."""
    made = GeomNode(name)
    for state, quads in parts:
        if len(quads):
            made.add_geom(_geom(quads), state)
    return made


def _geom(quads: Quads) -> Geom:
    """Copy faces into Panda3D's own arrays, two triangles each."""
    vertices = np.zeros(4 * len(quads), _VERTEX)
    vertices["position"] = quads.corners_Q43.reshape(-1, 3)
    vertices["colour"][:, :3] = np.clip(quads.colours_Q43.reshape(-1, 3), 0, 255)
    vertices["colour"][:, 3] = 255
    vertices["texture"] = quads.texture_Q42.reshape(-1, 2)
    data = GeomVertexData("faces", GeomVertexFormat.get_v3c4t2(), GeomEnums.UH_static)
    data.unclean_set_num_rows(len(vertices))
    data.modify_array_handle(0).copy_data_from(vertices.tobytes())

    triangles = GeomTriangles(GeomEnums.UH_static)
    triangles.set_index_type(GeomEnums.NT_uint32)
    indices = triangles.modify_vertices()
    indices.unclean_set_num_rows(6 * len(quads))
    indices.modify_handle().copy_data_from(_corner_numbers(len(quads)))
    geom = Geom(data)
    geom.add_primitive(triangles)
    return geom


@lru_cache(maxsize=256)
def _corner_numbers(faces: int) -> bytes:
    """Return which corners the triangles of so many faces have, as Panda3D wants them."""
    corners_Q6 = 4 * np.arange(faces, dtype=np.uint32)[:, None] + np.array([0, 1, 2, 0, 2, 3], np.uint32)
    return corners_Q6.tobytes()
