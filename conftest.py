"""Tests hold on a busy machine: an example may take as long as it takes, and so may making one."""

from __future__ import annotations

from contextlib import suppress

with suppress(ImportError):  # not every package's tests draw examples
    from hypothesis import HealthCheck, settings

    settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("patient")
