"""What the tables of [tool.release] are made of: the base of their values, and the types that they share."""
# No `from __future__ import annotations` here: msgspec reads the annotations as they are.

from typing import Annotated

import msgspec
from msgspec import Meta

PATH = "path"  # in a Meta's `extra`: config_rules checks every value of such a type
RelativePath = Annotated[str, Meta(min_length=1, examples=["apps/cms"], extra={PATH: True})]
EnvironmentVariable = Annotated[str, Meta(pattern="^[A-Za-z_][A-Za-z0-9_]*$", examples=["COMMIT_SHA"])]
Words = tuple[Annotated[str, Meta(min_length=1, examples=["npm"])], ...]
Seconds = Annotated[int, Meta(ge=1, le=86400)]
UrlPath = Annotated[str, Meta(pattern="^/", examples=["/api/health"])]
Field = (  # of a JSON answer; rules.py refuses true
    Annotated[str, Meta(pattern=r"^([^.]+(\.[^.]+)*)?$", examples=["build.version"])] | bool | None
)
Repository = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$", examples=["owner/name"])]


class Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all values share: they never change, and an unknown key is an error."""
