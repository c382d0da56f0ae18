"""The one configuration: the options of every room composed, checked once at the edge."""

from .composed import Recipe, recipe_for, schema
from .page import reference
from .reading import build, load, mistakes, options_of, read
from .sections import DataOptions, ModelOptions
from .writing import dump

__all__ = [
    "DataOptions",
    "ModelOptions",
    "Recipe",
    "build",
    "dump",
    "load",
    "mistakes",
    "options_of",
    "read",
    "recipe_for",
    "reference",
    "schema",
]
