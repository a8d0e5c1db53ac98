"""The walk over the loadouts on drawn phones: every picture shows what it is labelled as, whatever goes wrong."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
import pytest
from phones import STOCK, HalfSize, check_truth, collector_on, phone

from playhead.clock import FakeClock
from playhead.errors import DeviceFailed
from playhead.phone.adb import AdbPhone
from playhead.recording.collector import Item
from playhead.testing.adb import AdbServer
from playhead_sideswipe.acquisition import NO_BODY, GarageCollector
from playhead_sideswipe.labels import BODIES
from playhead_sideswipe.loadout import COLUMNS
from playhead_sideswipe.screen.phone import GaragePhone


def collect_all(collector: GarageCollector) -> list[Any]:
    return [picture for item in collector.items() for picture in collector.collect(item)]


@pytest.mark.parametrize("seed", range(4))
def test_every_picture_shows_what_it_says(seed: int) -> None:
    collector = collector_on(phone(seed), sample=25, sample_seed=seed, secondary="0,0.3,1")
    pictures = collect_all(collector)
    assert len(pictures) == 250
    check_truth(pictures)
    assert [picture.columns["x_rotation"] for picture in pictures] == [*range(10)] * 25
    assert {tuple(picture.columns) for picture in pictures} == {tuple(COLUMNS)}
    times = [picture.time_ns for picture in pictures]
    assert times == sorted(set(times))
    assert all(picture.labels["car"] == [picture.columns["model"]] for picture in pictures)


def test_pictures_are_named_by_uuid1_without_the_machines_address() -> None:
    names = [uuid.UUID(one.columns["uuid"]) for one in collect_all(collector_on(phone(), sample=3))]
    assert len(set(names)) == 30
    assert {name.version for name in names} == {1}
    assert {name.node for name in names} != {uuid.getnode()}
    assert all(name.node >> 40 & 1 for name in names)  # marked as made up


def test_the_walk_in_order_touches_only_what_changed() -> None:
    worked = phone()
    collector = collector_on(worked, wheels=0, bodies="octane", stickers=0, hats="0,1", rotations=1)
    opened = _pages_opened(worked)
    visits = []
    for item in collector.items():
        opened.clear()
        check_truth(list(collector.collect(item)))
        visits.append(list(opened))
    around = [(visit[:2], visit[-3:]) for visit in visits[1:]]
    assert around == [(["cars", "edit"], ["edit", "cars", "home"])] * 11
    menus = [visit[2:-3] for visit in visits[1:]]
    assert menus == [["colour"]] * 5 + [["hat", "colour"]] + [["colour"]] * 5  # team and colours are fastest


def _pages_opened(worked: GaragePhone) -> list[str]:
    """Return a list that every page is added to when it is opened."""
    opened: list[str] = []
    go = worked.screen._go

    def noting(page: str) -> None:
        opened.append(page)
        go(page)

    worked.screen._go = noting  # type: ignore[method-assign]
    return opened


@pytest.mark.parametrize("seed", range(6))
def test_taps_that_are_lost_are_noticed(seed: int) -> None:
    pictures = collect_all(collector_on(phone(seed, lost_taps=0.1), sample=12, sample_seed=seed, rotations=2))
    check_truth(pictures)
    assert len(pictures) == 24


def test_from_any_page_and_any_state() -> None:
    for number, page in enumerate(("cars", "edit", "hat", "sticker", "colour")):
        worked = phone(number)
        worked.screen.page = page
        check_truth(collect_all(collector_on(worked, sample=2, rotations=1)))


def test_a_menu_that_never_opens_is_named() -> None:
    collector = collector_on(phone(stuck_menu="hat"), sample=5)
    with pytest.raises(DeviceFailed, match=r'The page "hat" did not open after 4 tries. Look at the phone'):
        collect_all(collector)


def test_a_menu_that_stops_opening_is_named() -> None:
    worked = phone()
    collector = collector_on(worked, wheels=0, bodies="octane", stickers=0, hats="0-5", rotations=1)
    items = collector.items()
    check_truth(list(collector.collect(items[0])))
    worked.screen.stuck_menu = "colour"
    with pytest.raises(DeviceFailed, match='The page "colour" did not open'):
        list(collector.collect(items[1]))


def test_a_phone_without_the_game_is_an_error_and_no_endless_search() -> None:
    worked = phone()
    worked.grab = lambda view=None: np.zeros((view.height or 9, view.width or 9, 3), np.uint8)  # type: ignore
    with pytest.raises(DeviceFailed, match='The page "cars" did not open'):
        collect_all(collector_on(worked, sample=1))


def test_a_thing_that_cannot_be_chosen_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    worked = phone()
    collector = collector_on(
        worked, wheels=0, bodies="octane", stickers=0, hats="0-5", teams=0, primary=0, rotations=1
    )
    items = collector.items()
    check_truth(list(collector.collect(items[0])))
    monkeypatch.setattr(type(worked.screen), "_item_at", lambda screen, point: None)
    with pytest.raises(DeviceFailed, match="Choosing hat 1 had no effect after 4 tries"):
        list(collector.collect(items[1]))


def test_only_the_rotations_that_are_missing_are_taken() -> None:
    collector = collector_on(phone(), sample=2)
    first, second = collector.items()
    pictures = list(collector.collect(Item(name=first.name, parts=(3, 8))))
    pictures += list(collector.collect(second))
    check_truth(pictures)
    assert [picture.columns["x_rotation"] for picture in pictures] == [3, 8, *range(10)]


def test_a_session_broken_off_inside_a_loadout_goes_on_with_the_next() -> None:
    collector = collector_on(phone(), sample=2)
    first, second = collector.items()
    taking = collector.collect(first)
    half = [next(taking) for _ in range(4)]
    taking.close()
    rest = collector.collect(Item(name=first.name, parts=tuple(range(4, 10))))
    check_truth([*half, *rest, *collector.collect(second)])


def test_cars_that_are_no_class_are_taken_without_labels() -> None:
    unseen = [car for car in STOCK.cars if car not in BODIES]
    pictures = collect_all(collector_on(phone(), bodies=unseen, hats=0, wheels=0, primary=0, rotations=1))
    check_truth(pictures)
    assert {picture.columns["model"] for picture in pictures} == {NO_BODY}
    assert all(picture.labels is None for picture in pictures)
    assert len(unseen) >= 2


def test_it_disconnects_in_the_middle_of_a_drag_and_what_was_taken_is_right() -> None:
    collector = collector_on(phone(disconnect_after=150), sample=50)
    pictures: list[Any] = []
    everything = (picture for item in collector.items() for picture in collector.collect(item))
    with pytest.raises(DeviceFailed, match="disconnected while it was being touched"):
        pictures.extend(everything)
    assert pictures
    check_truth(pictures)


def test_a_whole_acquisition_through_adb_on_a_smaller_screen() -> None:
    pytest.importorskip("adbutils")
    clock = FakeClock()
    with AdbServer(HalfSize(phone(5, clock)), front="com.Psyonix.RL2D") as server:
        options = {"port": server.port, "png": False, "app": "com.Psyonix.RL2D/com.epicgames.ue4.SplashActivity"}
        near = AdbPhone.connect(options, clock=clock)
        pictures = collect_all(
            collector_on(near, "android", wheels="0,20", hats="3", primary=0.5, sample=3, rotations=4)
        )
        assert near.size == (1000, 500)
        assert len(pictures) == 12
        check_truth(pictures)
        assert {command.split()[0] for command in server.commands} == {"dumpsys", "input", "screencap"}


def test_other_screens_are_touched_at_the_same_share() -> None:
    from playhead.testing.phone import FakePhone
    from playhead_sideswipe import layout
    from playhead_sideswipe.fingers import Fingers

    small = FakePhone((1000, 500))
    Fingers(small).tap(layout.GARAGE)
    assert small.touches == [(170.0, 490.0)]
    assert Fingers(small).look(layout.HEAD).shape == (10, 74, 3)
