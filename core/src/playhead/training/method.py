"""What a training method is: its own settings, what it needs, what it makes, and how that is judged.

    class Evolve(Method[Evolution]):
        settings = Evolution            # a frozen dataclass; --set population=32, and Recipe.method
        needs_recordings = False

        def train(self, job):
            own = self.own(job.recipe)
            return job.run(metrics={...}).save(files={"best.json": ...})

Free of torch, so that settings are listed and read for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from playhead.errors import PluginError
from playhead.plugins import Plugins
from playhead.training.recipe import Recipe, with_settings
from playhead.training.settings import NoSettings, settings_from

if TYPE_CHECKING:
    from playhead.evaluation.evaluate import EvaluationJob
    from playhead.judgement import Judgement
    from playhead.models.run import Run
    from playhead.training.job import TrainingJob

S = TypeVar("S")


class Method(Generic[S]):
    """A training method. Derive from it, and register the class, or one of it, with `playhead_trainings`.

    `settings` is a frozen dataclass of what is its own. Without `needs_recordings` it trains without
    any. With `may_add_heads` it goes on from a run with other heads: new ones start fresh, others are dropped.
    Without `learns_heads` its network answers something else than heads of labels, as boxes, and never plays.
    """

    settings: type[S] = NoSettings  # type: ignore[assignment]
    needs_recordings: bool = True
    may_add_heads: bool = False
    learns_heads: bool = True

    def train(self, job: TrainingJob) -> Run:
        """Make what the job asks for and return the finished run, saved."""
        raise NotImplementedError(f"{type(self).__name__} has no train(job).")

    def evaluate(self, job: EvaluationJob) -> Judgement:
        """Judge a run of this method: as usual, by labels and in closed loop, unless it is overridden."""
        return job.as_usual()

    def own(self, recipe: Recipe) -> S:
        """Return this method's own settings in a recipe. Raises NotFound or BadValue naming what does not fit."""
        return settings_from(self.settings, recipe.method, f"the training method {recipe.training}")

    def __call__(self, job: TrainingJob) -> Run:
        """Train: a method is called like a plain function that is one."""
        return self.train(job)


class PlainMethod(Method[NoSettings]):
    """A plain function as a method: it trains, and all else is as usual."""

    def __init__(self, train: Callable[[TrainingJob], Run]) -> None:
        self._train = train

    def train(self, job: TrainingJob) -> Run:
        """Call the function."""
        return self._train(job)


def method_of(plugins: Plugins, name: str) -> Method[Any]:
    """Return the training method called `name`: a `Method`, a class of one, or a plain function.

    Raises:  NotFound with the nearest name; PluginError for what cannot be imported or made.
    """
    found = plugins.get("training", name)
    if not isinstance(found, type):
        return found if isinstance(found, Method) else PlainMethod(found)
    if not issubclass(found, Method):
        raise PluginError(f"The training {name} is the class {found.__name__}, which is no playhead Method.")
    return found()


def changed_recipe(plugins: Plugins, recipe: Recipe, settings: Mapping[str, str]) -> Recipe:
    """Return a recipe with `--set name=value` texts applied, those of its training method's own, too.

    Raises:  NotFound for a setting that neither has, or a method that nobody registered; BadValue.
    """
    if "training" in settings:  # first, for it says which others there are
        recipe = with_settings(recipe, {"training": settings["training"]})
    method = method_of(plugins, recipe.training)
    recipe = with_settings(recipe, settings, method.settings)
    method.own(recipe)
    return recipe
