"""A run to numbers: metrics, baselines, sanity checks, attribution, closed loop, and the page that shows them."""
