"""A small drivable world, rendered in software, that stands in for open-world driving games."""
