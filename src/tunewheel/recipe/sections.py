"""The recipe's own sections: where the rows come from and which pre-trained body reads them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from ..records.options import Options

Format = Literal["auto", "csv", "tsv", "jsonl", "json", "parquet", "xlsx", "conll", "images"]
SplitMethod = Literal["auto", "stratified", "grouped", "time"]


class DataOptions(Options):
    """Where the rows come from and how they are divided."""

    path: str | None = Field(default=None, description="File or folder with the labelled rows.")
    format: Format = Field(default="auto", description="How the file is written; auto looks at its name and content.")
    encoding: str = Field(default="auto", min_length=1, description="Character encoding, such as utf-8 or gb18030.")
    sheet: str | None = Field(default=None, description="Sheet of an Excel file; the first one when not given.")
    validation: str | None = Field(
        default=None, description="File with the validation rows, when they are given apart."
    )
    test: str | None = Field(default=None, description="File with the test rows, when they are given apart.")
    split: SplitMethod = Field(
        default="auto", description="How rows are divided; auto keeps groups and near-duplicates on one side."
    )
    group: str | None = Field(default=None, description="Column whose equal values stay on one side of every split.")
    time: str | None = Field(default=None, description="Column with a date; the newest rows become the test set.")
    validation_share: float | None = Field(
        default=None, gt=0, lt=1, description="Share of rows for validation; about a twentieth when not given."
    )
    test_share: float | None = Field(
        default=None, gt=0, lt=1, description="Share of rows for the test set; about a fifth when not given."
    )
    clean: bool = Field(
        default=True, description="Leave broken and doubled rows out of training. The test set is never cleaned."
    )

    @model_validator(mode="after")
    def _divisible(self) -> DataOptions:
        """A split needs its column, and rows must be left to train on."""
        if self.split == "time" and not self.time:
            raise ValueError("split 'time' needs the column with the date (time: COLUMN)")
        if (self.validation_share or 0) + (self.test_share or 0) >= 1:
            raise ValueError("validation_share and test_share together must leave rows to train on (less than 1)")
        return self


class ModelOptions(Options):
    """The pre-trained body."""

    name: str = Field(
        default="auto", min_length=1, description="Name from `tunewheel models`, a local folder, a hub name, or auto."
    )
    max_tokens: int | None = Field(
        default=None,
        ge=8,
        le=8192,
        description="Longest text read at once, in tokens; as long as the model can when not given.",
    )
    others: list[str] | None = Field(
        default=None,
        description="Other bodies that a run with a budget may try, by name or folder; when not given those on this "
        "machine that suit the texts, and none where a name is given.",
    )
    online: bool = Field(default=False, description="Allow weights to be fetched from the model hub.")
