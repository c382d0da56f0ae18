"""The HTTP API, from its own OpenAPI schema, with an example for each task."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tunewheel import tasks
from tunewheel.errors import RequestInvalid
from tunewheel.records import Example, Prediction, Span
from tunewheel.serving import ServingOptions, content_columns, present
from tunewheel.serving.intake import admit
from tunewheel.task import Task
from tunewheel.web import create_app
from tunewheel.web.problems import body

from . import markdown

INTRODUCTION = """# HTTP API

`tunewheel serve` answers at `http://127.0.0.1:8321` with the live version. `GET /` is a page to try it,
`GET /docs` lists the addresses with lines for curl, `GET /openapi.json` is the schema. Bodies are JSON in UTF-8.

Only programs on this machine can ask, unless `--host` says otherwise; then every request but `/`, `/health` and
`/ready` needs `Authorization: Bearer TOKEN`. The token is the one given with `--token`, or one that is made and shown
once. Requests that another web site sends through a browser are refused."""

FEEDBACK = """One remark, or a list of up to 1,000, each with at least one of `label`, `thumb` and `text`. See
[feedback](../how/feedback.md). With the header `Tunewheel-Keep: no` at `POST /predict` nothing of the rows is kept."""
ERRORS = """## When something is wrong

Every mistake of a request is told at once, each with what is wrong, where, and what mends it:"""
STATUS = {
    400: "the body is not JSON, not UTF-8, or nested too deep",
    401: "the token is missing or wrong",
    403: "another web site asked through a browser, or the token may not do this",
    404: "no answer is kept under an id (`POST /feedback`)",
    408: "the body did not arrive in time",
    413: "over a limit",
    415: "not `Content-Type: application/json`, or compressed",
    421: "the server was asked by another name",
    422: "a row that cannot be answered as it is",
    429: "more requests a second than one client may send; the `Retry-After` header says when",
    431: "too many or too large headers",
    503: "the queue is full; ask again after `Retry-After` seconds",
    504: "no answer in time",
}
ID = "0b44a9d7-51c3-4c62-9264-0cda0e2c2f70"
# One answer of each task; `present` gives it the shape that the server gives it.
ANSWERS: Mapping[str, tuple[str, Prediction]] = {
    "text_classification": (
        "I am still waiting on my card.",
        Prediction("card_arrival", 0.97, {"card_arrival": 0.97, "fees": 0.03}),
    ),
    "token_classification": (
        "Anna lives in Berlin .",
        Prediction((Span(0, 4, "PER", 0.99), Span(14, 20, "LOC", 0.98)), 0.96, tags=("B-PER", "O", "O", "B-LOC", "O")),
    ),
    "image_classification": ("", Prediction("black", 0.98, {"black": 0.98, "white": 0.02})),
}


@dataclass(frozen=True)
class Shown:
    """Stands in for a version of a task, so that the schema can be asked for without one."""

    kind: type[Task]
    version: str = "v0001"
    ready: bool = True
    waiting: int = 0
    full: bool = False

    @property
    def beside(self) -> Mapping[str, int]:
        return {}

    @property
    def task(self) -> str:
        return self.kind.name

    @property
    def reads(self) -> str:
        return self.kind.reads

    @property
    def columns(self) -> Mapping[str, str]:
        return content_columns(self.kind(self.kind.Options()))

    @property
    def sample(self) -> Sequence[Mapping[str, Any]]:
        return self.kind.sample


def page() -> str:
    """Markdown of the API."""
    schemas = {name: schema_of(tasks.find(name)) for name in tasks.names()}
    schema = schemas["text_classification"]
    parts = [INTRODUCTION, "## Addresses", markdown.table(["address", "what it does"], addresses(schema))]
    parts += ["## `POST /predict`", "A request has exactly one of these fields:", request_table(schemas)]
    parts += ["Each answer has these, by task:", fields_table(schema["components"]["schemas"]["Answer"])]
    parts += [part for name in tasks.names() if name in ANSWERS for part in example(name, schemas[name])]
    parts += ["## `POST /feedback`", FEEDBACK, fields_table(schema["components"]["schemas"]["FeedbackItem"])]
    parts += [ERRORS, markdown.json_block(mistake()), markdown.table(["status", "meaning"], statuses(schema))]
    return markdown.page(*parts, "## Limits", limits())


def schema_of(kind: type[Task]) -> dict[str, Any]:
    """The OpenAPI schema of a server for a task."""
    service: Any = Shown(kind)
    return create_app(service, ServingOptions()).openapi()


def addresses(schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Method, path and summary of every address."""
    for path, methods in schema["paths"].items():
        for method, described in methods.items():
            yield f"`{method.upper()} {path}`", described["summary"]


def request_table(schemas: Mapping[str, dict[str, Any]]) -> str:
    """The fields of a request, with the tasks that take them."""
    takes: dict[str, tuple[str, list[str]]] = {}
    for name, schema in schemas.items():
        for field, described in schema["components"]["schemas"]["PredictRequest"]["properties"].items():
            takes.setdefault(field, (described["description"], []))[1].append(name)
    rows = [(f"`{field}`", text, ", ".join(names)) for field, (text, names) in takes.items()]
    return markdown.table(["field", "what it is", "tasks"], rows)


def fields_table(schema: dict[str, Any]) -> str:
    """The fields of an answer."""
    needed = schema.get("required", ())
    said = {
        "label": "The label, where there is one.",
        "labels": "The labels, where there may be several.",
        "entities": "Each with `start`, `end` (characters, `end` excluded), `text`, `label`, `confidence`.",
        "tags": "One IOB2 tag a word.",
    }
    rows = [
        (f"`{name}`", described.get("description") or said[name], "always" if name in needed else "")
        for name, described in schema["properties"].items()
    ]
    return markdown.table(["field", "what it is", ""], rows)


def example(name: str, schema: dict[str, Any]) -> list[str]:
    """A request and its answer."""
    content = schema["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
    text, answer = ANSWERS[name]
    answered = {"version": "v0001", "predictions": [{"id": ID, **present(answer, Example(text))}]}
    asked = content["examples"]["one"]["value"]
    return [f"### {name}", markdown.json_block(asked), "is answered with", markdown.json_block(answered)]


def mistake() -> dict[str, Any]:
    """What the server says to a request with an empty text."""
    kind = tasks.find("text_classification")
    try:
        admit([{"text": "I am still waiting on my card."}, {"text": " "}], kind(kind.Options()), ServingOptions())
    except RequestInvalid as error:
        return body(error.problems)
    raise AssertionError("an empty text was taken")


def statuses(schema: dict[str, Any]) -> list[tuple[str, str]]:
    """Every status other than 200 that a POST can end with."""
    ends = {status for path in ("/predict", "/feedback") for status in schema["paths"][path]["post"]["responses"]}
    told = sorted(int(status) for status in ends - {"200"})
    return [(str(status), STATUS[status]) for status in told]


def limits() -> str:
    """What a server accepts."""
    fields = ServingOptions.model_fields.items()
    rows = [(f"`{name}`", field.description, f"{field.default:,}") for name, field in fields]
    return "`tunewheel serve --limit NAME=VALUE` sets another value.\n\n" + markdown.table(
        ["name", "limit", "value"], rows
    )
