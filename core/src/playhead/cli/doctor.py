"""`playhead doctor`: does this machine, and a game on it, do what recording and playing need?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from playhead.cli.context import Desk, pass_desk
from playhead.cli.options import device_set_option, engine_option, json_option, number, text
from playhead.errors import BadValue, DeviceFailed

if TYPE_CHECKING:
    from playhead.doctor.examination import Machine, Patient
    from playhead.doctor.finding import Finding


@click.command(short_help="Check window, capture, keys, disk and delay of a game on this machine.")
@click.argument("game", default="", required=False)
@text("--on", "DEVICE", "Device to check. Default: the game's window, else its world.")
@text("--run", "RUN", "Network to time. Default: the newest run.", "run_name")
@number("--seconds", "How long to look for each measurement, in seconds.", 2.0)
@click.option("--hotkeys", "presses_hotkeys", is_flag=True,
              help="Press playhead's hotkeys in the game's window, and say which the game uses too.")  # fmt: skip
@device_set_option("Option of the device, as rate_hz=40.")
@engine_option
@json_option("what was found as JSON")
@pass_desk
def doctor(desk: Desk, game: str, as_json: bool, **asked: Any) -> None:
    """Check what GAME needs on this machine, and measure the delay from look to press; without GAME the machine.

    Shift is pressed for a moment to see that keys arrive. The delay is kept for `train --latency auto`.

    Example: playhead doctor gta5
    """
    desk.say_home()
    if asked["presses_hotkeys"]:
        desk.say(
            "Go to the game's window, somewhere nothing can be lost, and leave it in front for half a minute: "
            "each hotkey is pressed there once."
        )
    from playhead.threads import one_thread_each

    patient = _patient(desk, game, asked) if game else None
    subject = patient or _machine(desk, asked)
    found: list[Finding] = []
    with one_thread_each():
        for finding in subject.findings():
            found.append(finding)
            if not as_json:
                _show(desk, finding)
    delay_s = _keep(desk, patient) if patient else None
    if as_json:
        told = {"game": game or None, "device": patient.device if patient else None, "delay_s": delay_s}
        desk.tell_json({**told, "findings": [finding.to_json() for finding in found]})
    fatal = [finding.name for finding in found if finding.is_fatal]
    if fatal:
        raise DeviceFailed(f"Not ok, and needed{f' by {game}' if game else ''}: {', '.join(fatal)}.")


def _machine(desk: Desk, asked: dict[str, Any]) -> Machine:
    from playhead.doctor.examination import Machine

    if asked["on"] or asked["run_name"] or asked["settings"] or asked["presses_hotkeys"]:
        raise BadValue("--on, --run, --set and --hotkeys are about a game. Name one: playhead doctor GAME.")
    return Machine(home=desk.home)


def _patient(desk: Desk, name: str, asked: dict[str, Any]) -> Patient:
    from playhead.doctor.examination import Patient
    from playhead.models import EngineSpec
    from playhead.sessions.devices import choose_device

    if asked["seconds"] <= 0:
        raise BadValue(f"--seconds {asked['seconds']:g} is no time to look. Try --seconds 2.")
    game = desk.game(name)
    return Patient(
        home=desk.home,
        plugins=desk.plugins,
        game=game,
        device=choose_device(desk.place(name), asked["on"], asked["settings"]),
        options=asked["settings"],
        run_name=asked["run_name"],
        engine=EngineSpec(name=asked["engine"], device=asked["device"]),
        seconds=asked["seconds"],
        presses_hotkeys=asked["presses_hotkeys"],
    )


def _show(desk: Desk, finding: Finding) -> None:
    """Print one line, and below it what to do."""
    desk.tell(f"  {finding.name:<9} {finding.says:<66} {finding.status}")
    if finding.then:
        desk.tell(f"  {'':<9} {finding.then}")


def _keep(desk: Desk, patient: Patient) -> float | None:
    """Keep the delay that was measured for training and playing, and return it."""
    from playhead.doctor.machine import Delay, remember

    sections_ms = patient.sections_ms
    if not sections_ms:
        return None
    delay = Delay(delay_s=sum(sections_ms.values()) / 1000, sections_ms=dict(sections_ms), by="doctor")
    remember(desk.home, patient.game.name, patient.device, delay, desk.say)
    desk.say(f"A delay of {1000 * delay.delay_s:.1f} ms is kept; to shift labels by it: train --latency auto.")
    return delay.delay_s
