"""Record what a game shows and what a person presses, train a network on it, measure it, let it play."""

__version__ = "0.1.0"
