"""The JSON Schema of a job's settings, for editors that complete and check YAML."""

from typing import Any

from unetkit.config.base import Settings

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(job: type[Settings], name: str) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the settings of `job`, whose command is `name`."""
    schema = job.model_json_schema(mode="validation")
    schema.pop("title", None)
    return {"$schema": DIALECT, "title": f"Configuration of unetkit {name}", **schema}
