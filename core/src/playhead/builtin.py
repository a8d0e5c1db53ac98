"""What playhead itself brings, registered by the same road as any plugin."""

from __future__ import annotations

from playhead.hookspecs import hookimpl
from playhead.references import Reference


@hookimpl
def playhead_captures() -> dict[str, Reference]:
    """Return the built-in ways to see a game."""
    return {
        "android": "playhead.capture.android:open_capture",
        "emulator": "playhead.capture.emulator:open_capture",
        "environment": "playhead.capture.environment:open_capture",
        "screen": "playhead.capture.screen:open_capture",
        "video": "playhead.capture.video:open_capture",
    }


@hookimpl
def playhead_inputs() -> dict[str, Reference]:
    """Return the built-in ways to press and hear keys."""
    return {
        "emulator": "playhead.input.emulator:open_input",
        "environment": "playhead.input.environment:open_input",
        "gamepad": "playhead.input.gamepad:open_input",
        "keyboard": "playhead.input.keyboard:open_input",
        "none": "playhead.input.none:open_input",
    }


@hookimpl
def playhead_storages() -> dict[str, Reference]:
    """Return where recordings can lie."""
    objects = dict.fromkeys(("az", "gs", "http", "https", "s3"), "playhead.storage.objects:open_store")
    return {"file": "playhead.storage.local:open_store", **objects}


@hookimpl
def playhead_models() -> dict[str, Reference]:
    """Return the built-in networks."""
    models = "playhead.models"
    return {
        "backbone": f"{models}.backbone:build",
        "camera_history": f"{models}.camera_history:build",
        "conv_lstm": f"{models}.conv_lstm:build",
        "conv_stack": f"{models}.conv_stack:build",
        "detector": f"{models}.detector:build",
        "inverse_dynamics": f"{models}.inverse_dynamics:build",
        "pilotnet": f"{models}.pilotnet:build",
    }


@hookimpl
def playhead_engines() -> dict[str, Reference]:
    """Return what can ask a network."""
    return {
        "torch": "playhead.models.engine:TorchEngine",
        "compiled": "playhead.models.compiled_engine:CompiledEngine",
        "onnx": "playhead.models.onnx_engine:OnnxEngine",
        "onnx-int8": "playhead.models.onnx_engine:OnnxInt8Engine",
        "openvino": "playhead.models.openvino_engine:OpenVinoEngine",
        "openvino-bf16": "playhead.models.openvino_engine:OpenVinoBf16Engine",
        "openvino-int8": "playhead.models.openvino_engine:OpenVinoInt8Engine",
    }


@hookimpl
def playhead_augmentations() -> dict[str, Reference]:
    """Return the built-in changes to pictures."""
    changes = "playhead.data.augment"
    return {
        "colour": f"{changes}.colour:Colour",
        "cutout": f"{changes}.erasing:CutOut",
        "flip": f"{changes}.geometry:Flip",
        "holes": f"{changes}.erasing:Holes",
        "move": f"{changes}.geometry:Move",
        "zoom": f"{changes}.geometry:Zoom",
    }


@hookimpl
def playhead_trainings() -> dict[str, Reference]:
    """Return the built-in training methods."""
    return {"detection": "playhead.training.detection:train", "supervised": "playhead.training.supervised:train"}


@hookimpl
def playhead_guards() -> dict[str, Reference]:
    """Return the built-in guards."""
    return {"contact": "playhead.playing.contact:ContactGuard"}
