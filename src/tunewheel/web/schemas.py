"""Requests and responses as pydantic models, with examples from the task's own sample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator
from pydantic.json_schema import SkipJsonSchema

from ..errors import RequestInvalid
from ..serving import ServingOptions
from .service import Service

Row = dict[str, JsonValue]


def _without_defaults(schema: dict[str, Any]) -> None:
    """A field that is not there is not null or empty, it is not there."""
    for field in schema["properties"].values():
        field.pop("default", None)


def _exactly_one(schema: dict[str, Any]) -> None:
    _without_defaults(schema)
    schema.update(minProperties=1, maxProperties=1)


class PredictRequest(BaseModel):
    """One row (`text`, `image` or `row`) or many (`texts` or `rows`): exactly one of these fields."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra=_exactly_one)

    text: str = Field(default="", min_length=1, description="One text.")
    image: str = Field(default="", min_length=1, description="The bytes of one picture file as base64.")
    row: Row = Field(default_factory=dict, min_length=1, description="One row: values by column.")
    texts: list[str] = Field(default_factory=list, min_length=1, description="Texts.")
    rows: list[Row] = Field(default_factory=list, min_length=1, description="Rows: values by column.")

    @model_validator(mode="after")
    def _one_field(self) -> PredictRequest:
        if len(self.model_fields_set) != 1:
            given = ", ".join(sorted(self.model_fields_set)) or "none"
            raise ValueError(f"give exactly one of text, image, row, texts, rows; given: {given}.")
        return self

    def as_rows(self, reads: str) -> list[Mapping[str, Any]]:
        """The rows asked about. Raises `RequestInvalid` when they are not of the kind that the version reads."""
        (given,) = self.model_fields_set
        if reads == "image" and given in ("text", "texts"):
            raise RequestInvalid("this version reads pictures.", where=given, mend='Send {"image": BASE64}.')
        if reads != "image" and given == "image":
            raise RequestInvalid("this version reads text.", where=given, mend='Send {"text": "..."}.')
        return self._rows(given)

    def _rows(self, given: str) -> list[Mapping[str, Any]]:
        match given:
            case "texts":
                return [{"text": text} for text in self.texts]
            case "rows":
                return list(self.rows)
            case "row":
                return [self.row]
        return [{given: getattr(self, given)}]


class Entity(BaseModel):
    """A stretch of the text: characters `start` (included) to `end` (excluded)."""

    start: int
    end: int
    text: str
    label: str
    confidence: float


class Answer(BaseModel):
    """The answer to one row: a label, labels or entities, by task."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_without_defaults)

    id: str = Field(description="Names this answer; keep it to send a correction later.")
    confidence: float = Field(ge=0, le=1, description="Probability that the whole answer is right.")
    label: str | SkipJsonSchema[None] = None
    labels: list[str] | SkipJsonSchema[None] = None
    probabilities: dict[str, float] | SkipJsonSchema[None] = Field(default=None, description="By label, best first.")
    entities: list[Entity] | SkipJsonSchema[None] = None
    tags: list[str] | SkipJsonSchema[None] = None


class PredictResponse(BaseModel):
    """Answers in the order of the rows, and the version that gave them."""

    version: str
    predictions: list[Answer]


class Mistake(BaseModel):
    """What is wrong, where, and what mends it."""

    what: str
    where: str
    mend: str


class ErrorResponse(BaseModel):
    """All mistakes of a request together."""

    errors: list[Mistake]


class VersionResponse(BaseModel):
    """What is served."""

    version: str
    task: str
    reads: str


class StateResponse(BaseModel):
    """The state of the server: "alive", "ready", or "not ready"."""

    state: str


def request_schemas(service: Service, options: ServingOptions) -> dict[str, Any]:
    """`PredictRequest` and what it refers to, as this service takes it: its columns, and the limits of the server."""
    schema = PredictRequest.model_json_schema(ref_template="#/components/schemas/{model}")
    for name in ("text", "texts") if service.reads == "image" else ("image",):
        del schema["properties"][name]
    text, row = _text_schema(options), _row_schema(service, options)
    for name, each in {"text": text, "texts": text, "row": row, "rows": row}.items():
        given = schema["properties"].get(name)
        if given and given["type"] == "array":
            given.update(items=each, maxItems=options.max_rows)
        elif given:
            given.update(each)
    return {**schema.pop("$defs", {}), "PredictRequest": schema}


def _text_schema(options: ServingOptions) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": options.max_characters, "pattern": r"\S"}


def _row_schema(service: Service, options: ServingOptions) -> dict[str, Any]:
    """Values by column, one of which is what the version reads, under its plain name or its column's."""
    text = _text_schema(options)
    contents = {
        "text": text,
        "words": {"type": "array", "minItems": 1, "items": text},
        "image": {"type": "string", "minLength": 1, "contentEncoding": "base64"},
    }
    named = {name: contents[kind] for kind, column in service.columns.items() for name in (column, kind)}
    ways = [{"required": [name]} for name in named]
    return {"type": "object", "properties": named, "additionalProperties": {}, "anyOf": ways, "minProperties": 1}


def example_requests(service: Service) -> dict[str, dict[str, Any]]:
    """Requests of one and of many rows, from the sample of the version's task, by name, in OpenAPI's form."""
    rows = [_sendable(row, service.reads) for row in service.sample]
    one = rows[0] if service.reads == "image" or "text" in rows[0] else {"row": rows[0]}
    texts = [row["text"] for row in rows if "text" in row]
    many = {"texts": texts} if len(texts) == len(rows) else {"rows": rows}
    return {"one": {"summary": "One row", "value": one}, "many": {"summary": "Many rows", "value": many}}


def _sendable(row: Mapping[str, Any], reads: str) -> dict[str, Any]:
    """A sample row as a client would send it: what is read, without the answer."""
    if reads == "image":
        return {"image": row["image"]}
    return {"text": row["text"]} if "text" in row else {"words": row["words"]}
