"""Every driver meets the same seeds, and the table says who was right how often."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from brightside import GAME, STEPS, load_plugins

from playhead.capture import CapturedFrame
from playhead.control.blind import RandomDriver
from playhead.control.loop import Tick
from playhead.errors import BadValue, NotFound
from playhead.evaluation.clip import Filming, film, typical_seed
from playhead.evaluation.closed_loop import Rollout, evaluate_closed_loop, rollout
from playhead.evaluation.config import config_of
from playhead.evaluation.job import EvaluationJob
from playhead.evaluation.pictures import with_keys
from playhead.evaluation.policies import evaluated_policies
from playhead.evaluation.statistics import Episode, ScoreTable
from playhead.evaluation.tolerance import disturb
from playhead.events import Event, Origin
from playhead.game import Measure
from playhead.home import Home
from playhead.hookspecs import hookimpl
from playhead.playing.guards import GuardSpec
from playhead.playing.stuck import StuckSettings
from playhead.plugins import Plugins

SEEDS = range(100, 103)


@pytest.fixture(scope="module")
def table(trained):
    return evaluate_closed_loop(GAME, load_plugins(), evaluated_policies(GAME, trained), SEEDS, config_of(GAME))


def test_everybody_drives_every_seed_to_its_end(table):
    assert table.drivers == ["expert", "network", "always_forward", "random"]
    assert table.seeds == list(SEEDS)
    assert all((table.values(driver, "steps") == STEPS).all() for driver in table.drivers)


def test_the_expert_is_right_and_the_network_nearly(table):
    assert table.estimate("expert", "right").mean > 0.95
    assert table.estimate("network", "right").mean > 0.7
    assert table.estimate("always_forward", "right").mean < 0.6
    assert table.ratio("network", "right").mean > 0.7
    assert table.shown_names() == ["right"]


def test_worker_processes_measure_the_same(table, trained):
    again = evaluate_closed_loop(
        GAME,
        load_plugins(),
        evaluated_policies(GAME, trained, ["random", "network"]),
        SEEDS[:2],
        config_of(GAME),
        workers=2,
        load_plugins=load_plugins,
    )
    assert again.drivers == ["random", "network"]
    for driver in again.drivers:
        assert again.values(driver, "right").tolist() == table.values(driver, "right")[:2].tolist()


def test_a_rollout_can_be_cut_short(trained):
    (idle,) = evaluated_policies(GAME, trained, ["idle"])
    config = config_of(GAME, seconds_s=2)
    episode = rollout(Rollout(policy=idle, config=config, seed=1), load_plugins())
    assert episode.measures == {"right": 0.0, "steps": 40}


def test_settings_go_before_the_options_of_the_world_and_are_told():
    config = config_of(GAME, seconds_s=0.1, rate_hz=20, settings={"reset": {"kind": "regular"}, "rate_hz": 10})
    assert config.options == {"reset": {"split": "test", "kind": "regular"}, "rate_hz": 10}
    told = evaluate_closed_loop(
        GAME, load_plugins(), evaluated_policies(GAME, None, ["idle"]), [1], config
    ).settings
    assert (told["rate_hz"], told["reset"]["split"]) == (10, "test")


def test_keys_that_come_later_and_decisions_left_out_cost_a_network_its_score(table, trained):
    job = EvaluationJob(
        game=GAME, run=trained, plugins=load_plugins(), seeds=SEEDS, delays_s=(0, 0.2), drops=(0.5,)
    )
    found = disturb(job, config_of(GAME), table)
    by_place = {(point.delay_s, point.drops): point.score for point in found.tolerance.points}
    assert set(by_place) == {(0, 0), (0.2, 0), (0, 0.5)}
    assert by_place[0, 0] == table.estimate("network", "right").mean, "driven once"
    assert by_place[0, 0] > by_place[0.2, 0]
    assert by_place[0, 0] > by_place[0, 0.5]
    again = disturb(job, config_of(GAME), ScoreTable(episodes=[], measures=table.measures))
    assert again.tolerance == found.tolerance
    assert [row[:2] for row in found.rows()[1:]] == [["0 ms", "0 %"], ["200 ms", "0 %"], ["0 ms", "50 %"]]
    assert found.measure == "right", "the first that is better when higher"
    world = replace(
        GAME.world, measures=(*GAME.world.measures, Measure(name="steps", title="steps")), score="steps"
    )
    assert disturb(replace(job, game=replace(GAME, world=world)), config_of(GAME), table).measure == "steps"


def test_half_a_rollout_has_no_score(trained):
    (idle,) = evaluated_policies(GAME, trained, ["idle"])
    asked = iter(range(1000))
    with pytest.raises(KeyboardInterrupt):
        rollout(Rollout(policy=idle, config=config_of(GAME), seed=1), load_plugins(), stop=lambda: next(asked) > 5)


def test_the_main_key_is_what_always_forward_holds():
    by_name = {c.name: c for c in evaluated_policies(GAME, None, main_label="a")}
    assert by_name["always_forward"].held == {"a": 1.0}
    assert "network" not in by_name


def test_unknown_names_are_answered_with_known_ones(trained):
    with pytest.raises(NotFound, match=r'"netwerk".*Did you mean "network"'):
        evaluated_policies(GAME, trained, ["netwerk"])
    with pytest.raises(NotFound, match="scenario of toy"):
        config_of(GAME, scenario="regulr")
    with pytest.raises(NotFound, match="device of toy"):
        config_of(GAME, "wrld")


def test_a_game_without_controls_is_not_driven():
    from dataclasses import replace

    with pytest.raises(BadValue, match="no controls"):
        evaluated_policies(replace(GAME, controls={}), None)


def test_a_random_driver_follows_from_its_seed():
    def held(seed: int) -> list[dict[str, float]]:
        driver = RandomDriver(["w", "x"], seed, axes=frozenset({"x"}))
        frame = np.zeros((1, 1, 3), np.uint8)
        return [
            dict(driver.decide(CapturedFrame(frame_HWC=frame, time_ns=k * 100_000_000, number=k)))
            for k in range(200)
        ]

    assert held(1) == held(1)
    assert held(1) != held(2)
    w_share = np.mean(["w" in action for action in held(1)])
    assert 0.2 < w_share < 0.8
    assert len({action.get("x") for action in held(1)}) > 10


def test_a_clip_shows_a_typical_drive_with_its_keys(trained, table):
    seed = typical_seed(table, "network")
    values = table.values("network", "right")
    assert values[table.seeds.index(seed)] == np.sort(values)[1]
    (expert,) = evaluated_policies(GAME, trained, ["expert"])
    clip, episode = film(Rollout(policy=expert, config=config_of(GAME), seed=seed), load_plugins(), seconds_s=3)
    ok, animation = cv2.imdecodeanimation(np.frombuffer(clip, np.uint8))
    assert ok
    assert len(animation.frames) == 30
    assert episode.seed == seed


def test_filming_draws_the_share_of_time_a_key_was_held():
    filming = Filming(GAME, rate_hz=10)
    tenth = 100_000_000

    def tick(number: int, *events: tuple[int, str, float]) -> Tick:
        frame = CapturedFrame(frame_HWC=np.zeros((90, 120, 3), np.uint8), time_ns=number * tenth, number=number)
        made = [Event(time_ns=t, code=c, value=v, origin=Origin.MODEL) for t, c, v in events]
        return Tick(captured=frame, events=made, dropped=0)

    filming.saw(tick(0, (0, "w", 1.0), (0, "a", 1.0)))
    filming.saw(tick(1, (tenth // 4, "a", 0.0), (tenth, "w", 0.0), (tenth, "d", 1.0)))
    filming.saw(tick(2, (2 * tenth, "d", 0.0)))
    filming.saw(tick(3))
    blank = np.zeros((90, 120, 3), np.uint8)
    for frame, held in zip(filming.frames, ({"w": 1.0, "a": 0.25}, {"d": 1.0}, {}), strict=True):
        assert np.array_equal(frame, with_keys(blank, {**dict.fromkeys("wasd", 0.0), **held}))


def test_seeds_without_a_score_are_not_typical():
    episodes = [Episode(driver="network", seed=k, measures=m) for k, m in enumerate([{"x": 1.0}, {"x": 3.0}, {}])]
    assert typical_seed(ScoreTable(episodes=episodes, measures=()), "network") == 0


class LettingGo:
    """A guard that lets go of everything in the first second of each drive."""

    def __init__(self, job):
        assert job.settings == {}

    def act(self, captured, action, interval_s):
        return {} if captured.time_ns < 1_000_000_000 else action


def load_guarded() -> Plugins:
    plugins = load_plugins()
    plugins.add("own", SimpleNamespace(playhead_guards=hookimpl(lambda: {"letting_go": LettingGo})))
    return plugins


def test_any_driver_is_measured_behind_the_guard_and_it_is_said_how_often_that_stepped_in(trained, table):
    spec = GuardSpec(settings={"kind": "letting_go"}, home=Home.find(None))
    usual = [policy.name for policy in evaluated_policies(GAME, trained, guard=spec)]
    assert usual == ["expert", "network", "network+guard", "always_forward", "random"]
    names = ["network", "network+guard", "expert+guard"]
    policies = evaluated_policies(GAME, trained, names, guard=spec)
    found = evaluate_closed_loop(GAME, load_guarded(), policies, SEEDS[:2], config_of(GAME))
    assert found.values("network", "right").tolist() == table.values("network", "right")[:2].tolist()
    assert found.estimate("network", "guarded_share").mean == 0
    assert found.estimate("expert+guard", "guarded_share").mean == pytest.approx(1 / 6, abs=0.02)
    assert found.estimate("network+guard", "right").mean < found.estimate("network", "right").mean
    assert found.shown_names() == ["right", "guarded_share"]
    assert not found.unknown()
    with pytest.raises(BadValue, match=r"network\+guard cannot drive.*guard\.kind"):
        evaluated_policies(GAME, trained, ["network+guard"])
    with pytest.raises(NotFound, match="letting_go"):
        rollout(Rollout(policy=policies[1], config=config_of(GAME), seed=1), load_plugins())


def test_a_network_that_stands_gets_out(trained):
    stuck = StuckSettings(over_s=0.5, speed="", still_share=1.0, shortest_s=0.5, longest_s=0.5)
    (network,) = evaluated_policies(GAME, trained, ["network"], stuck=stuck)
    (idle,) = evaluated_policies(GAME, trained, ["idle"], stuck=stuck)
    assert idle.stuck is None
    episode = rollout(Rollout(policy=network, config=config_of(GAME), seed=100), load_plugins())
    assert episode.measures["right"] < 0.6, "it is thought to stand all the time, and reverses"
