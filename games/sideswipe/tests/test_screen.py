"""The drawn phone does what touching it should do, and no more."""

from __future__ import annotations

import numpy as np
import pytest
from phones import STOCK, PlainCars, phone, read_back

from playhead.clock import NS_PER_S
from playhead.errors import DeviceFailed
from playhead.phone import View
from playhead.regions import Region
from playhead_sideswipe import layout
from playhead_sideswipe.screen.drawing import STAGE
from playhead_sideswipe.screen.phone import GaragePhone

KEPT = View(part=STAGE, width=400, height=150)


def wait(worked: GaragePhone, seconds: float = 0.3) -> None:
    worked.clock.sleep_until(worked.clock.now_ns() + round(seconds * NS_PER_S))


def tap(worked: GaragePhone, *points: tuple[float, float]) -> None:
    for point in points:
        worked.tap(*point)
        wait(worked)


def in_menu(menu: str, seed: int = 0) -> GaragePhone:
    worked = phone(seed)
    tap(worked, layout.GARAGE, layout.EDIT, layout.TABS[menu])
    assert worked.screen.page == menu
    return worked


def test_pages_lead_to_one_another_and_back() -> None:
    worked, seen = phone(), []
    for point in (layout.GARAGE, layout.EDIT, layout.TABS["hat"], layout.TABS["colour"], *[layout.BACK] * 4):
        tap(worked, point)
        seen.append(worked.screen.page)
    assert seen == ["cars", "edit", "hat", "colour", "edit", "cars", "home", "home"]


def test_what_is_touched_while_a_page_changes_is_lost() -> None:
    worked = phone()
    worked.tap(*layout.GARAGE)
    worked.tap(*layout.EDIT)  # 0.05 s later
    wait(worked)
    assert worked.screen.page == "cars"
    assert worked.screen.touches == 1


def test_buttons_of_other_pages_do_nothing() -> None:
    worked = phone()
    before = worked.grab()
    tap(worked, layout.EDIT, layout.SELECT, layout.TABS["hat"], layout.BACK, (1500, 300))
    assert worked.screen.page == "home"
    assert np.abs(worked.grab().astype(int) - before).max() == 0


def test_the_car_turns_as_far_as_it_is_dragged() -> None:
    worked = phone()
    tap(worked, layout.BACK)
    for tenth in range(1, 11):
        worked.drag(layout.CENTRE, (layout.CENTRE[0] + layout.TURN_PX, layout.CENTRE[1]), 0.1)
        assert read_back(worked.grab(KEPT))["rotation"] == tenth % 10


def test_a_room_is_kept_until_the_start_menu_is_left() -> None:
    rooms = {}
    for keeps in (False, True):
        worked, seen = GaragePhone(PlainCars(), STOCK, keeps_room=keeps), []
        for _ in range(2):
            for _ in range(3):
                worked.drag(layout.CENTRE, (layout.CENTRE[0] + layout.TURN_PX, layout.CENTRE[1]), 0.2)
                seen.append(worked.screen.on_stage()[2])
            tap(worked, layout.GARAGE, layout.BACK)
        rooms[keeps] = seen
    assert len(set(rooms[False])) == 6
    assert [rooms[True].count(room) for room in dict.fromkeys(rooms[True])] == [3, 3]


def test_cars_are_met_at_any_angle_if_asked_and_turn_by_tenths_from_there() -> None:
    met = {}
    for any_angle in (False, True):
        screen = GaragePhone(PlainCars(), STOCK, any_angle=any_angle).screen
        met[any_angle] = []
        for hat in range(8):
            screen.outfits[screen.chosen]["hat"] = hat % STOCK.hats
            screen.drag(layout.CENTRE, (layout.CENTRE[0] + layout.TURN_PX, layout.CENTRE[1]))
            met[any_angle].append(screen.on_stage()[1])
    assert met[False] == [*range(1, 9)]
    further = [angle - tenth for angle, tenth in zip(met[True], met[False], strict=True)]
    assert all(0 <= angle < 1 for angle in further)
    assert len(set(further)) == min(8, STOCK.hats)


def test_the_row_of_cars_ends_on_both_sides() -> None:
    worked = phone()
    tap(worked, layout.GARAGE)
    screen, (x, y) = worked.screen, layout.CENTRE
    for _ in STOCK.cars:
        worked.drag((x, y), (x + layout.BACKWARD_PX, y), 0.3)
        wait(worked, 1.0)
    assert screen.shown == 0
    worked.drag((x, y), (x - 2 * layout.FORWARD_PX, y), 0.3)
    wait(worked, 1.0)
    assert screen.shown == 2
    worked.drag((x, y), (x - 50 * layout.FORWARD_PX, y), 0.3)
    assert screen.shown == len(STOCK.cars) - 1


def test_only_a_selected_car_comes_to_the_start_menu() -> None:
    worked = phone()
    tap(worked, layout.GARAGE)
    first = worked.screen.chosen
    other = 1 if first == 0 else 0
    x, y = layout.CENTRE
    worked.drag((x, y), (x - (other - first) * layout.FORWARD_PX, y), 0.3)
    wait(worked, 1.0)
    tap(worked, layout.BACK)
    assert worked.screen.loadout(worked.screen.chosen).body == STOCK.cars[first]
    tap(worked, layout.GARAGE)
    worked.drag((x, y), (x - (other - first) * layout.FORWARD_PX, y), 0.3)
    wait(worked, 1.0)
    tap(worked, layout.SELECT, layout.BACK)
    assert read_back(worked.grab(KEPT))["body"] == STOCK.cars[other]


@pytest.mark.parametrize("item", [0, 5, 8, 9, 16, 22])
def test_any_thing_in_a_menu_can_be_reached(item: int) -> None:
    worked = in_menu("hat")
    rows, place = layout.cell(item)
    for _ in range(rows):
        worked.drag((450, 860), (450, 580), 0.2)
        wait(worked)
    tap(worked, place)
    assert worked.screen.outfits[worked.screen.shown]["hat"] == item


def test_beside_the_last_thing_there_is_none() -> None:
    worked = in_menu("hat")  # 23 things: the last row has two
    for _ in range(20):
        worked.drag((450, 860), (450, 580), 0.2)
        wait(worked)
    worn = worked.screen.outfits[worked.screen.shown]["hat"]
    tap(worked, (layout.COLUMN_X[2], layout.ROW_Y[2]))
    assert worked.screen.outfits[worked.screen.shown]["hat"] == worn
    tap(worked, (layout.COLUMN_X[1], layout.ROW_Y[2]))
    assert worked.screen.outfits[worked.screen.shown]["hat"] == 22


def test_a_slider_moves_only_when_its_knob_is_taken() -> None:
    worked = in_menu("colour")
    before = worked.screen.colours[1]["primary"]
    away = (before + 0.5) % 1.0
    worked.drag(layout.knob(1, "primary", away), layout.knob(1, "primary", 0.0), 0.2)
    assert worked.screen.colours[1]["primary"] == before
    worked.drag(layout.knob(1, "primary", before), layout.knob(1, "primary", 0.25), 0.2)
    assert worked.screen.colours[1]["primary"] == 0.25
    assert worked.screen.team == 1
    worked.drag(layout.knob(1, "primary", 0.25), (1900, 500), 0.2)
    assert worked.screen.colours[1]["primary"] == 1.0


def test_a_part_of_the_screen_is_the_same_as_that_part_of_all_of_it() -> None:
    rng = np.random.default_rng(0)
    for menu in ("sticker", "hat", "colour"):
        worked = in_menu(menu)
        whole = worked.grab()
        for _ in range(10):
            left, top = int(rng.integers(0, 1700)), int(rng.integers(0, 900))
            part = Region(x=left, y=top, width=int(rng.integers(20, 300)), height=int(rng.integers(20, 100)))
            differs = worked.grab(View(part=part)) != whole[part.rows, part.columns]
            assert differs.mean() < 0.005  # letters cut at the edge are smoothed a little differently


def test_the_kept_part_is_that_part_of_the_screen() -> None:
    worked = phone()
    tap(worked, layout.BACK)
    part = STAGE
    cut_HWC = worked.grab()[part.rows, part.columns]
    difference = cut_HWC[300, 97::195].astype(int) - worked.grab(KEPT)[75, 25::50]
    assert np.abs(difference).max() <= 1


def test_untouched_the_car_turns_and_then_others_are_shown() -> None:
    worked = phone()
    seen = []
    for _ in range(30):
        seen.append(read_back(worked.grab(KEPT)))
        wait(worked, 0.8)
    assert [one["rotation"] for one in seen[:9]] == pytest.approx(list(range(9)), abs=0.1)
    dressed = {tuple(value for name, value in one.items() if name != "rotation") for one in seen}
    assert len(dressed) == 3
    tap(worked, (1000, 300))
    assert read_back(worked.grab(KEPT))["rotation"] == 0


def test_it_can_run_on_any_clock_and_is_gone_for_good() -> None:
    worked = phone(disconnect_after=2)
    worked.tap(1000, 300)
    with pytest.raises(DeviceFailed, match="disconnected while it was being touched"):
        worked.drag((1000, 500), (1265, 500), 0.2)
    assert worked.screen.turn == 0.5  # half way
    for touch in (worked.grab, lambda: worked.tap(1, 1)):
        with pytest.raises(DeviceFailed, match="The phone is gone"):
            touch()
