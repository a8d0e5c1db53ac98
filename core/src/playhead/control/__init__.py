"""The loop that recording and playing share: look, decide, press, wait. Knows no storage and no network."""
