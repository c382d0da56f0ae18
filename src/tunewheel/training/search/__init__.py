"""Search: settings of fine-tuning, tried one after the other, the next one chosen from what came of the others."""

from .study import Study, Suggestion, rungs_of

__all__ = ["Study", "Suggestion", "rungs_of"]
