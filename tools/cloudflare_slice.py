"""What Cloudflare says that its API answers, for the routes of the local cloud: the schemas of Cloudflare's own SDK for Python.

Run `python -m tools.cloudflare_slice` where the package `cloudflare` from PyPI is installed (it need not be for anything else);
it writes `tests/contract/rehearsal/cloudflare-slice.json`, against which a test holds every answer of the local cloud.
The SDK is generated from Cloudflare's OpenAPI description and published under the Apache License 2.0.
"""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

SLICE = Path(__file__).parents[1] / "tests" / "contract" / "rehearsal" / "cloudflare-slice.json"
# method and route, as in `release/rehearsal/cloud/api.py` -> where the SDK has the type of the result; [] is a list of those
ANSWERS = {
    "GET A/workers/scripts": "workers.script_list_response.ScriptListResponse[]",
    "PUT S": "workers.script_update_response.ScriptUpdateResponse",
    "GET S/settings": "workers.scripts.script_and_version_setting_get_response.ScriptAndVersionSettingGetResponse",
    "GET S/script-settings": "workers.script_setting.ScriptSetting",
    "GET S/versions": "workers.scripts.version_list_response.VersionListResponse[]:items",
    "POST S/versions": "workers.scripts.version_create_response.VersionCreateResponse",
    "GET S/versions/<version_id>": "workers.scripts.version_get_response.VersionGetResponse",
    "GET S/deployments": "workers.scripts.deployment_list_response.DeploymentListResponse",
    "POST S/deployments": "workers.scripts.deployment.Deployment",
    "GET S/secrets": "workers.scripts.secret_list_response.SecretListResponse[]",
    "PUT S/secrets": "workers.scripts.secret_update_response.SecretUpdateResponse",
    "GET S/schedules": "workers.scripts.schedule_get_response.ScheduleGetResponse",
    "PUT S/schedules": "workers.scripts.schedule_update_response.ScheduleUpdateResponse",
    "GET S/subdomain": "workers.scripts.subdomain_get_response.SubdomainGetResponse",
    "POST S/subdomain": "workers.scripts.subdomain_create_response.SubdomainCreateResponse",
    "POST S/assets-upload-session": "workers.scripts.assets.upload_create_response.UploadCreateResponse",
    "POST A/workers/assets/upload": "workers.assets.upload_create_response.UploadCreateResponse",
    "GET A/workers/subdomain": "workers.subdomain_get_response.SubdomainGetResponse",
    "GET A/queues": "queues.queue.Queue[]",
    "GET A/queues/<queue>/consumers": "queues.consumer.Consumer[]",
    "POST A/queues/<queue>/consumers": "queues.consumer.Consumer",
    "GET A/workflows/<workflow>": "workflows.workflow_get_response.WorkflowGetResponse",
    "PUT A/workflows/<workflow>": "workflows.workflow_update_response.WorkflowUpdateResponse",
    "GET A/r2/buckets/<bucket>": "r2.bucket.Bucket",
    "GET A/d1/database": "d1.database_list_response.DatabaseListResponse[]",
    "POST A/d1/database": "d1.d1.D1",
    "GET Q": "d1.d1.D1",
    "POST Q/query": "d1.query_result.QueryResult[]",
    "POST Q/import": "d1.database_import_response.DatabaseImportResponse",
    "POST Q/export": "d1.database_export_response.DatabaseExportResponse",
    "GET Q/time_travel/bookmark": "d1.database.time_travel_get_bookmark_response.TimeTravelGetBookmarkResponse",
    "POST Q/time_travel/restore": "d1.database.time_travel_restore_response.TimeTravelRestoreResponse",
}
_PROSE = frozenset({"title", "description", "default"})


def schema(named: str) -> dict[str, Any]:
    """The JSON schema of a result, without prose. Raises ImportError where the SDK is not installed."""
    from cloudflare import BaseModel  # type: ignore[import-not-found,unused-ignore]
    from pydantic import TypeAdapter  # type: ignore[import-not-found,unused-ignore]  # it comes with the SDK
    from pydantic.json_schema import GenerateJsonSchema  # type: ignore[import-not-found,unused-ignore]

    class Open(GenerateJsonSchema):  # type: ignore[misc,unused-ignore]
        """What the SDK itself leaves open is anything."""

        def is_instance_schema(self, schema: object) -> dict[str, Any]:
            del schema
            return {}

    BaseModel.model_config["arbitrary_types_allowed"] = True
    path, _, key = named.partition(":")
    module, _, name = path.removesuffix("[]").rpartition(".")
    found: Any = getattr(import_module(f"cloudflare.types.{module}"), name)
    made = _bare(
        TypeAdapter(list[found] if path.endswith("[]") else found).json_schema(schema_generator=Open)
    )
    if not key:
        return made  # type: ignore[no-any-return]
    definitions = made.pop("$defs", {})
    return {"type": "object", "required": [key], "properties": {key: made}, "$defs": definitions}


def main() -> None:
    """Write the slice."""
    slices = {route: schema(named) for route, named in ANSWERS.items()}
    lines = [f"{json.dumps(route)}: {json.dumps(one, sort_keys=True)}" for route, one in slices.items()]
    SLICE.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


def _bare(part: Any, *, names: bool = False) -> Any:  # noqa: ANN401  # any JSON
    """The schema without titles and descriptions; keys of `properties` are names, never prose."""
    if isinstance(part, list):
        return [_bare(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {
        key: _bare(one, names=key in {"properties", "$defs"} and not names)
        for key, one in part.items()
        if names or key not in _PROSE
    }


if __name__ == "__main__":
    main()
