"""How much of collecting is drawing: a garage's cars drawn alone, through the drawn phone, and into a recording.

Processor seconds, so that a busy machine changes little; the ratios count. python benchmarks/collecting.py
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from playhead.devices import DeviceSession
from playhead.game import Device
from playhead.phone import SHARED
from playhead.recording.collecting import Collecting, header_of
from playhead.recording.collector import still_missing
from playhead.storage.writer import RecordingWriter
from playhead_sideswipe.acquisition import GarageCollector
from playhead_sideswipe.game import SIDESWIPE
from playhead_sideswipe.screen.phone import GaragePhone, garage_stock
from playhead_sideswipe.walk import Walk
from playhead_sideswipe.world import Garage

LOADOUTS = 60
ALL = 38_088 * 10


def main() -> None:
    loadouts = Walk(sample=LOADOUTS).loadouts()
    garage = Garage()
    for loadout in loadouts:  # the parts of cars are kept, so draw each once before the clock runs
        garage.draw(loadout, 0.0, seed=0)
    pictures = LOADOUTS * 10
    started = time.process_time()
    for loadout in loadouts:
        for rotation in range(10):
            garage.draw(loadout, rotation, seed=rotation)
    alone_s = time.process_time() - started

    def work(*, written: bool) -> float:
        device: Device = SIDESWIPE.devices["world"]
        phone = GaragePhone(garage, garage_stock())
        session = DeviceSession(
            game=SIDESWIPE, name="world", device=device, options=device.options, clock=phone.clock
        )
        session.share(SHARED, lambda: phone)
        collector = GarageCollector(session, {"sample": LOADOUTS})
        items = collector.items()
        started = time.process_time()
        if not written:
            for item in items:
                for _ in collector.collect(item):
                    pass
            return time.process_time() - started
        with tempfile.TemporaryDirectory() as folder:
            header = header_of(session, "garage", collector)
            Collecting(
                session=session,
                collector=collector,
                new_writer=lambda: RecordingWriter(Path(folder) / "recording", header),
            ).run(still_missing(items, {}))
            return time.process_time() - started

    worked_s, recorded_s = work(written=False), work(written=True)
    print(f"drawing alone        {pictures / alone_s:7.0f} pictures a processor second")
    print(f"through the phone    {pictures / worked_s:7.0f}, {alone_s / worked_s:.2f} of drawing alone")
    print(f"into a recording     {pictures / recorded_s:7.0f}, {alone_s / recorded_s:.2f} of drawing alone")
    print(f"40,000 pictures take {40_000 / pictures * recorded_s / 60:.1f} processor minutes, all {ALL:,} "
          f"{ALL / pictures * recorded_s / 3600:.1f} hours")  # fmt: skip


if __name__ == "__main__":
    main()
