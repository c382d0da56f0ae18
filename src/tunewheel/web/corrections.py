"""POST /feedback: what people say of answers, one remark or many."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from ..feedback.labels import LONGEST_LABEL
from ..feedback.remarks import LONGEST_NAME, LONGEST_TEXT, Remark
from ..records import Source
from ..workflows.desk import Desk
from .metrics import Metrics
from .problems import Refused, from_validation
from .schemas import Mistake
from .service import Service

MOST_REMARKS = 1_000
AT_ONCE = 4
LONGEST_ID = 100
_KINDS: tuple[Literal["label", "thumb", "text"], ...] = ("label", "thumb", "text")
_ERRORS = (400, 401, 403, 404, 408, 413, 415, 421, 422, 429, 431, 504)
_SAMPLE = '{"id": "...", "label": "..."}'

Label = Annotated[str, Field(min_length=1, max_length=LONGEST_LABEL, pattern=r"\S")]


def _whole(value: Any) -> Any:
    """JSON has one kind of number: 4.0 is 4."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Place = Annotated[int, Field(ge=0, le=2**31), BeforeValidator(_whole)]


class Marked(BaseModel):
    """A stretch of the text: characters `start` (included) to `end` (excluded), and what it is. May hold what else an
    entity of an answer does."""

    model_config = ConfigDict(strict=True)

    start: Place
    end: Place
    label: Label


def _a_label(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    """One sentence, whatever it could have been and is not."""
    try:
        return read(value)
    except ValidationError:
        raise ValueError(
            "this is no label: give a text, a list of texts, or entities with start, end, label."
        ) from None


def _told_apart(schema: dict[str, Any]) -> None:
    """At least one of the three is there; a field that is not there is not null."""
    for field in schema["properties"].values():
        field.pop("default", None)
    schema["anyOf"] = [{"required": [kind]} for kind in _KINDS]


class FeedbackItem(BaseModel):
    """What somebody says of one answer: at least one of `label`, `thumb` and `text`."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra=_told_apart)

    id: str = Field(min_length=1, max_length=LONGEST_ID, description="The id of the answer.")
    label: Annotated[Label | list[Label] | list[Marked], WrapValidator(_a_label)] = Field(
        default="",
        description="What is right, as the task answers: a label, labels, or entities. New ones are welcome.",
    )
    thumb: bool = Field(default=False, description="Whether the answer is right.")
    text: str = Field(default="", min_length=1, max_length=LONGEST_TEXT, description="Anything else, in words.")
    who: str = Field(
        default="", max_length=LONGEST_NAME, description="Who says so; the newest label of a person counts."
    )

    @model_validator(mode="after")
    def _says_something(self) -> FeedbackItem:
        if not self.model_fields_set & set(_KINDS):
            raise ValueError("say something: give a label, a thumb or a text.")
        return self

    def remarks(self, where: str, who: str) -> list[Remark]:
        """One remark for each thing that is said."""
        said = [(kind, getattr(self, kind)) for kind in _KINDS if kind in self.model_fields_set]
        return [Remark(Source(where), kind, _plain(value), self.who or who, self.id) for kind, value in said]


class FeedbackResponse(BaseModel):
    """How many remarks were kept, and what in them may be a mistake."""

    kept: int
    warnings: list[Mistake]


Items = Annotated[list[FeedbackItem], Field(min_length=1, max_length=MOST_REMARKS)]
_ONE, _MANY = TypeAdapter(FeedbackItem), TypeAdapter(Items)


def corrections(service: Service, metrics: Metrics, desk: Desk | None) -> APIRouter:
    """The address where answers are corrected."""
    router = APIRouter()
    # They may wait for answers that are still being written; no threads that others need are kept waiting with them.
    waiting = asyncio.Semaphore(AT_ONCE)
    item = {"$ref": "#/components/schemas/FeedbackItem"}
    schema = {"oneOf": [item, {"type": "array", "items": item, "minItems": 1, "maxItems": MOST_REMARKS}]}
    content = {"application/json": {"schema": schema, "examples": example_remarks(service)}}
    refused = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorResponse"}}}
    errors: dict[int | str, dict[str, Any]] = {
        status: {"description": HTTPStatus(status).phrase, "content": refused} for status in _ERRORS
    }

    @router.post(
        "/feedback",
        summary="Say whether answers are right, and what would be",
        response_model=FeedbackResponse,
        openapi_extra={"requestBody": {"required": True, "content": content}},
        responses=errors,
    )
    async def feedback(request: Request) -> Response:
        remarks = parsed(await request.body(), request.scope.get("token", ""))
        if desk is None:
            raise Refused(404, "this server keeps no answers.", mend="Start it with `tunewheel serve`.")
        async with waiting:
            doubts = await run_in_threadpool(desk.take, remarks)
        request.scope.update(rows=len(remarks), version=service.version)
        metrics.said.inc(len(remarks))
        warnings = [{"what": one.what, "where": one.where, "mend": one.mend} for one in doubts]
        return JSONResponse({"kept": len(remarks), "warnings": warnings})

    return router


def parsed(body: bytes, who: str) -> list[Remark]:
    """The remarks of a body. Raises `Refused` (400: no JSON) or `RequestInvalid` with every problem."""
    many = body.lstrip()[:1] == b"["
    try:
        items = _MANY.validate_json(body) if many else [_ONE.validate_json(body)]
    except ValidationError as error:
        raise from_validation(error, "id, label, thumb, text, who", _SAMPLE) from None
    return [
        remark
        for number, item in enumerate(items)
        for remark in item.remarks(f"[{number}]" if many else "the remark", who)
    ]


def feedback_schemas() -> dict[str, Any]:
    """`FeedbackItem` and what it refers to."""
    schema = FeedbackItem.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs", {}), "FeedbackItem": schema}


def example_remarks(service: Service) -> dict[str, dict[str, Any]]:
    """Remarks of every kind, in OpenAPI's form."""
    labels = [row["label"] for row in service.sample if isinstance(row.get("label"), str)]
    spans = [{"start": 0, "end": 4, "label": "PERSON"}]
    identity = "0b4f1c6e-5d0a-4c58-9f0e-2f6f3d1c7a55"
    one = {"id": identity, "label": labels[0] if labels else spans if service.reads == "words" else "right label"}
    many = [{**one, "who": "anna"}, {"id": identity, "thumb": False, "text": "too sure of itself"}]
    return {"one": {"summary": "What is right", "value": one}, "many": {"summary": "Several", "value": many}}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [part.model_dump() if isinstance(part, BaseModel) else part for part in value]
    return value
