"""The space that a search looks through: settings around those that suit the data, as Optuna suggests them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from optuna.trial import BaseTrial

from ..options import TrainingOptions

SMOOTHINGS = (0.0, 0.05, 0.1, 0.2)
DROPOUTS = (0.0, 0.1, 0.2, 0.3)
RANKS = (4, 8, 16, 32)
BALANCES = (0.0, 0.25, 0.5)
Settings = dict[str, Any]


def _rate(name: str, down: float, up: float) -> Callable[[BaseTrial, TrainingOptions], float]:
    return lambda trial, around: trial.suggest_float(
        name, getattr(around, name) / down, getattr(around, name) * up, log=True
    )


# What never goes wrong by much (optimiser, warm-up, clipping) is not among them.
DIMENSIONS: dict[str, Callable[[BaseTrial, TrainingOptions], Any]] = {
    "learning_rate": _rate("learning_rate", 4, 3),
    "head_learning_rate": _rate("head_learning_rate", 5, 2),
    "epochs": lambda trial, around: trial.suggest_int("epochs", fewest_epochs(around), min(around.epochs * 2, 1000)),
    "batch_units": lambda trial, around: trial.suggest_categorical("batch_units", batches(around.batch_units)),
    "weight_decay": lambda trial, around: trial.suggest_float("weight_decay", 1e-4, 0.3, log=True),
    "dropout": lambda trial, around: trial.suggest_categorical("dropout", DROPOUTS),
    "label_smoothing": lambda trial, around: trial.suggest_categorical("label_smoothing", SMOOTHINGS),
    "class_weighting": lambda trial, around: trial.suggest_categorical("class_weighting", BALANCES),
}


def suggest(
    trial: BaseTrial, around: TrainingOptions, layers: int, fixed: Collection[str] = frozenset()
) -> TrainingOptions:
    """Options that `trial` suggests in the neighbourhood of `around`, for a body of so many layers. Settings that are
    `fixed` stay as they are."""
    drawn = {name: draw(trial, around) for name, draw in DIMENSIONS.items() if name not in fixed}
    if not {"mode", "layers"} & set(fixed):
        lightness = trial.suggest_categorical("moves", moves(layers))
        drawn |= _moving(str(lightness), layers)
        if lightness == "adapters" and "lora_rank" not in fixed:
            drawn["lora_rank"] = trial.suggest_categorical("lora_rank", RANKS)
    return around.model_copy(update=drawn)


def settings_of(options: TrainingOptions, layers: int, fixed: Collection[str] = frozenset()) -> Settings:
    """The settings under which `suggest` would have given these options."""
    settings: Settings = {name: getattr(options, name) for name in DIMENSIONS if name not in fixed}
    if not {"mode", "layers"} & set(fixed):
        settings["moves"] = _lightness(options, layers)
        if options.mode == "lora" and "lora_rank" not in fixed:
            settings["lora_rank"] = options.lora_rank
    return settings


def moves(layers: int) -> tuple[str, ...]:
    """How much of a body may move: all or nothing where its layers cannot be told apart."""
    return ("all", "upper half", "adapters") if layers > 1 else ("all",)


def fewest_epochs(around: TrainingOptions) -> int:
    """As many passes at least."""
    return max(around.epochs // 2, 1)


def batches(around: int) -> tuple[int, ...]:
    """Sizes of a batch to try."""
    return (max(around // 2, 1), around, min(around * 2, 1_000_000))


def _moving(lightness: str, layers: int) -> dict[str, Any]:
    mode = {"all": "full", "upper half": "partial", "adapters": "lora"}
    return {"mode": mode[lightness], "layers": max(layers // 2, 1)}


def _lightness(options: TrainingOptions, layers: int) -> str:
    if options.mode == "lora":
        return "adapters"
    return "upper half" if options.mode in ("partial", "head") and layers > 1 else "all"
