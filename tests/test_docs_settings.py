"""docs/settings.md lists every setting, says what each does, and is what the code says."""

from __future__ import annotations

import re
from dataclasses import fields

import settings_page

from playhead.models import conv_lstm, conv_stack
from playhead.playing.controllers import Settings
from playhead.plugins import Plugins
from playhead.sessions.settings import all_settings
from playhead.training.recipe import Recipe


def test_the_page_is_what_the_code_says() -> None:
    written = settings_page.PAGE.read_text(encoding="utf-8")
    assert written == settings_page.page(), "Write it anew: python tests/settings_page.py"


def test_every_setting_is_on_it_and_says_what_it_does() -> None:
    rows = {row.name: row for group in all_settings(Plugins()) for row in group.rows}
    wanted = {one.name for one in fields(Recipe)} | {f"controller.{one.name}" for one in fields(Settings)}
    wanted |= {f"model.{name}" for name in (*conv_lstm.OPTIONS, *conv_stack.OPTIONS)}
    assert wanted <= rows.keys()
    assert [name for name, row in rows.items() if not row.help] == []
    helps = [row.help for row in rows.values() if not re.match(r"model|balance|augment", row.name)]
    assert len(helps) == len(set(helps))  # none has taken its neighbour's
