"""The bodies that wrangler sends, as values: whatever has another shape is refused before it is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec

from release.rehearsal.cloud.state import Share  # noqa: TC001  # msgspec reads it at run time

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    Shape = TypeVar("Shape")

Params = tuple[int | float | str | list[int] | None, ...] | None


class Renamed(msgspec.Struct, frozen=True, rename={"name_from": "from", "name_to": "to"}):
    """A class of Durable Objects and its new name."""

    name_from: str
    name_to: str
    from_script: str = ""


class Step(msgspec.Struct, frozen=True):
    """One migration of Durable Objects."""

    new_classes: tuple[str, ...] = ()
    new_sqlite_classes: tuple[str, ...] = ()
    renamed_classes: tuple[Renamed, ...] = ()
    transferred_classes: tuple[Renamed, ...] = ()
    deleted_classes: tuple[str, ...] = ()


class Migrations(Step, frozen=True):
    """Those that are pending: in steps, or as a single one."""

    old_tag: str | None = None
    new_tag: str | None = None
    steps: tuple[Step, ...] = ()

    @property
    def parts(self) -> tuple[Step, ...]:
        """The steps in their order."""
        return self.steps or (self,)


class TailConsumer(msgspec.Struct, frozen=True):
    """A script that is sent what another logs."""

    service: str


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
    migrations: Migrations | None = None  # of Durable Objects
    exports: dict[str, dict[str, Any]] | None = None  # the classes that there are, in place of migrations
    tail_consumers: tuple[TailConsumer, ...] | None = None


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
