"""TrainingOptions: every setting of fine-tuning, described where it is used."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ..records import Options


class TrainingOptions(Options):
    """How the module is fine-tuned. What is left out is chosen from the data and said aloud."""

    mode: Literal["full", "partial", "lora", "head"] = Field(
        default="full", description="What moves: all layers, the top ones, low-rank adapters, or the head alone."
    )
    layers: int = Field(default=2, ge=1, le=200, description="With mode partial: how many top layers move.")
    move_words: bool = Field(
        default=False,
        description="With mode full: whether the vectors of word pieces move, too. Steps are slower, versions larger.",
    )
    warm_head: bool = Field(
        default=False, description="Whether the head begins as the logistic regression on the frozen body."
    )
    lora_rank: int = Field(default=8, ge=1, le=512, description="With mode lora: the rank of the adapters.")
    epochs: int = Field(default=4, ge=1, le=1000, description="Passes over the training rows.")
    steps: int | None = Field(
        default=None,
        ge=1,
        description="Steps in all, where fewer than the epochs have: how a budget shortens a training.",
    )
    batch_units: int = Field(
        default=512, ge=1, le=1_000_000, description="Size of a batch: real tokens for text, pictures for images."
    )
    optimizer: Literal["adamw", "adam", "sgd"] = Field(default="adamw", description="The optimiser.")
    learning_rate: float = Field(default=1.5e-4, gt=0, le=10, description="Peak learning rate of the body.")
    head_learning_rate: float = Field(default=5e-3, gt=0, le=10, description="Peak learning rate of the new head.")
    schedule: Literal["cosine", "linear", "constant"] = Field(default="cosine", description="Decay after the warm-up.")
    warmup: float = Field(default=0.1, ge=0, lt=1, description="Share of all steps in which the learning rate rises.")
    weight_decay: float = Field(default=0.01, ge=0, le=10, description="L2 penalty on weights (not biases or norms).")
    dropout: float = Field(default=0.1, ge=0, lt=1, description="Dropout before the head.")
    label_smoothing: float = Field(default=0.0, ge=0, lt=1, description="Share of each target spread over all labels.")
    class_weighting: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="How much more rows of rare classes count: 0 as all others, 1 until all classes count the same.",
    )
    clip: float = Field(default=1.0, gt=0, description="Largest norm of the gradient.")
    keep: Literal["best", "last"] = Field(
        default="best", description="Which weights are kept: the best on the validation rows, or the last ones."
    )
    patience: int = Field(
        default=3, ge=1, description="Stop after so many validations without a better score (keep: best)."
    )
    validations: int = Field(default=1, ge=1, le=100, description="Validations an epoch.")
    precision: Literal["auto", "bf16", "fp32"] = Field(
        default="auto", description="Arithmetic: auto measures bf16 against fp32 on this machine and keeps the faster."
    )
    lanes: int = Field(
        default=0,
        ge=0,
        le=256,
        description="Parts of a batch computed side by side on a CPU, one core each; 0 measures what is faster here.",
    )
    seed: int | None = Field(
        default=None,
        ge=0,
        lt=2**32,
        description="Seed of the head, the order of rows and dropout; by default that of the run.",
    )
    seeds: int = Field(default=1, ge=1, le=100, description="Train so many times and keep the best on validation.")
