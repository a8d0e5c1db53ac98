"""Damaged and hostile inputs, made from small seeds by a number, and a judge of what commands do with them."""
