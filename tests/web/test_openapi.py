import pytest
from keyword_task import KeywordTask, NamesTask, predictor

from tunewheel.web.schemas import ErrorResponse, PredictRequest


@pytest.fixture(scope="module")
def schema(server):
    return server.client.get("/openapi.json").json()


def references(node):
    if isinstance(node, dict):
        yield from ([node["$ref"]] if isinstance(node.get("$ref"), str) else [])
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from references(part)


def test_every_reference_of_the_schema_leads_somewhere(schema):
    found = set(references(schema))
    assert "#/components/schemas/PredictRequest" in found
    for reference in found:
        node = schema
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]


def test_every_example_is_answered(server, schema):
    examples = schema["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    assert set(examples) == {"one", "many"}
    for example in examples.values():
        PredictRequest.model_validate(example["value"])
        assert server.ask(example["value"]).status_code == 200
    assert examples["one"]["value"] == {"text": "Where is my card?"}


def test_the_examples_follow_the_task(start):
    class Mixed(NamesTask):
        sample = ({"words": ["Anna"], "tags": ["B-PER"]}, {"text": "Bob"})

    with start(predictor(task=Mixed())) as server:
        schema = server.client.get("/openapi.json").json()
        examples = schema["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["examples"]
        assert examples["one"]["value"] == {"row": {"words": ["Anna"]}}
        assert examples["many"]["value"] == {"rows": [{"words": ["Anna"]}, {"text": "Bob"}]}
        assert all(server.ask(example["value"]).status_code == 200 for example in examples.values())


def test_a_request_is_described_as_exactly_one_field_that_is_not_null(schema):
    described = schema["components"]["schemas"]["PredictRequest"]
    assert (described["minProperties"], described["maxProperties"]) == (1, 1)
    assert described["additionalProperties"] is False
    assert set(described["properties"]) == {"text", "row", "texts", "rows"}
    assert not any("default" in field for field in described["properties"].values())
    assert {field["type"] for field in described["properties"].values()} == {"string", "object", "array"}
    ways = described["properties"]["row"]["anyOf"]
    assert ways == described["properties"]["rows"]["items"]["anyOf"] == [{"required": ["text"]}]
    assert described["properties"]["texts"]["maxItems"] == 256


def test_the_schema_is_the_same_each_time(server, schema):
    assert server.client.get("/openapi.json").json() == schema


def test_a_token_is_part_of_the_schema_where_it_is_needed(start, schema):
    token = "a-token-of-many-letters"
    with start(token=token) as server:
        guarded = server.client.get("/openapi.json", headers={"Authorization": f"Bearer {token}"}).json()
    assert guarded["security"] == [{"token": []}]
    assert "security" not in schema


def test_errors_have_the_shape_that_is_documented(server):
    ErrorResponse.model_validate(server.ask({"text": 1}).json())


def test_the_sample_of_the_fake_is_what_the_docs_show(server):
    page = server.client.get("/docs").text
    assert KeywordTask.sample[0]["text"] in page
    assert "curl http://127.0.0.1" in page
