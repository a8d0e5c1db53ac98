"""A run to numbers: metrics, baselines, honesty, attribution, closed loop, and the page that shows them."""
