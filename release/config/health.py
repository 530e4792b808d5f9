"""Where an environment says that it is well, and which fields of the answer say what."""
# No `from __future__ import annotations` here: msgspec reads the annotations as they are.

from typing import Annotated

from msgspec import Meta

from release.config.types import Field, UrlPath, Value


class Health(Value, frozen=True, kw_only=True):
    """The health route and what its answer tells; a dot leads into an inner object or a list.

    A field that the route does not tell is false or "". `health = false` in place of the table: there is no route.
    """

    path: Annotated[UrlPath, Meta(description="The route.")] = "/api/health"
    url: Annotated[
        str | None,
        Meta(
            examples=["https://status.example.com/healthz"],
            description="The whole address, where it is not `path` below the environment's `url`.",
        ),
    ] = None
    expect_status: Annotated[
        int, Meta(ge=100, le=599, description="The HTTP status of an answer when all is well.")
    ] = 200
    status: Annotated[
        Field,
        Meta(
            description='The field that says whether all is well. Left out: "status", or none where `text` is set; '
            "false: the HTTP status alone says it."
        ),
    ] = None
    ok: Annotated[
        str | bool | int | float,
        Meta(description="What that field says when all is well, such as true or 1."),
    ] = "ok"
    text: Annotated[
        str, Meta(examples=["OK"], description="Whole words that the answer holds when all is well.")
    ] = ""
    version: Annotated[
        Field,
        Meta(
            description='The field with the version. Left out: "version", or none where `text` is set; '
            "false: the route tells none."
        ),
    ] = None
    commit: Annotated[
        Field,
        Meta(
            description='The field with the commit. Left out: "commit", which is read where the answer has it; '
            "false: it is not read."
        ),
    ] = None
    version_id: Annotated[
        Field,
        Meta(description="The field with Cloudflare's version id (of the binding `version_metadata`)."),
    ] = None
