"""The bodies that wrangler sends, as values: whatever has another shape is refused before it is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec

from release.rehearsal.cloud.state import Share  # noqa: TC001  # msgspec reads it at run time

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    Shape = TypeVar("Shape")

Params = tuple[int | float | str | list[int] | None, ...] | None


class Metadata(msgspec.Struct, frozen=True):
    """The part `metadata` of an upload."""

    main_module: str = ""  # none where there are assets alone
    body_part: str = ""  # of a service worker, which is no module
    bindings: tuple[dict[str, Any], ...] = ()
    keep_bindings: tuple[str, ...] = ()
    annotations: dict[str, str] | None = None
    compatibility_date: str = "2025-01-01"
    compatibility_flags: tuple[str, ...] = ()
    assets: dict[str, Any] | None = None
    keep_assets: bool = False
    migrations: dict[str, Any] | None = None  # of Durable Objects


class NewAsset(msgspec.Struct, frozen=True):
    """One file of a manifest."""

    hash: str
    size: int = 0


class NewAssets(msgspec.Struct, frozen=True):
    """POST S/assets-upload-session."""

    manifest: dict[str, NewAsset] = {}


class NewDeployment(msgspec.Struct, frozen=True):
    """POST S/deployments."""

    versions: tuple[Share, ...] = ()
    annotations: dict[str, str] | None = None


class NewSecret(msgspec.Struct, frozen=True):
    """PUT S/secrets."""

    name: str
    text: str


class NewDatabase(msgspec.Struct, frozen=True):
    """POST A/d1/database."""

    name: str


class Query(msgspec.Struct, frozen=True):
    """Statements, and the values for the `?` of a single one."""

    sql: str
    params: tuple[int | float | str | list[int] | None, ...] | None = None


class Queries(msgspec.Struct, frozen=True):
    """POST Q/query: one query, or several as one transaction."""

    sql: str | None = None
    params: Params = None
    batch: tuple[Query, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a body that asks nothing."""
        if self.sql is None and not self.batch:
            raise ValueError("Object missing required field `sql`")

    @property
    def parts(self) -> tuple[Query, ...]:
        """The queries in their order."""
        return self.batch if self.sql is None else (Query(self.sql, self.params),)


class Import(msgspec.Struct, frozen=True):
    """POST Q/import."""

    action: Literal["init", "ingest", "poll"]
    filename: str = ""


def body(request: Request, shape: type[Shape]) -> Shape:
    """Return the request's JSON as a value of this shape. Raises msgspec.DecodeError."""
    return msgspec.json.decode(request.get_data(), type=shape)
