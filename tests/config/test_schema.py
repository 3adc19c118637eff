"""The JSON Schema says what the models say."""

import pytest

from unetkit.config.jobs import JOBS
from unetkit.config.schema import schema_of

jsonschema = pytest.importorskip("jsonschema")


@pytest.mark.parametrize("name", JOBS)
def test_the_schema_is_one_and_takes_the_defaults(name: str) -> None:
    schema = schema_of(JOBS[name], name)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(JOBS[name]().model_dump(mode="json"), schema)


@pytest.mark.parametrize("wrong", [{"training": {"batch": 0}}, {"training": {"optimiser": "adams"}}, {"trainin": {}}])
def test_the_schema_refuses_what_the_models_refuse(wrong: dict[str, object]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema_of(JOBS["train"], "train"))
