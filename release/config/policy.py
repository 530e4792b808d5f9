"""[tool.release.policy]: what each source of evidence may do, and where routes and exports are told."""
# No `from __future__ import annotations` here: msgspec reads the annotations as they are.

from typing import Annotated, Literal

from msgspec import Meta

from release.config.types import RelativePath, Seconds, Value, Words

Say = Literal["block", "warn", "off"]


class Surface(Value, frozen=True, kw_only=True):
    """What others use of the product: an OpenAPI document, or a command that lists routes and exports."""

    name: Annotated[str, Meta(min_length=1, description="What reports call it.", examples=["cms"])]
    openapi: Annotated[
        RelativePath | None, Meta(description="An OpenAPI 3 document (JSON) that is committed.")
    ] = None
    run: Annotated[
        Words, Meta(description="A command that prints JSON: {section: [name, ...] or {name: anything}}.")
    ] = ()
    cwd: Annotated[
        RelativePath,
        Meta(description="The folder of which the command gets a copy, at either commit, to run in."),
    ] = "."
    deadline: Annotated[Seconds, Meta(description="Seconds that the command may take.")] = 60


class Policy(Value, frozen=True, kw_only=True):
    """What a bump below the evidence does: block it, warn of it, or nothing (off: the source is not looked at)."""

    schema: Annotated[Say, Meta(description="The pending migrations, run on a scratch SQLite.")] = "block"
    api: Annotated[Say, Meta(description="Routes and exports, old against new.")] = "block"
    commits: Annotated[Say, Meta(description="Conventional commits since the last release.")] = "block"
    sources: Annotated[dict[str, Say], Meta(description="The same for the sources of plugins, by name.")] = {}  # noqa: RUF012
    surfaces: Annotated[
        tuple[Surface, ...], Meta(description="The API surfaces: where routes and exports are listed.")
    ] = ()

    def of(self, source: str) -> Say:
        """What a source may do; that of a plugin blocks unless it is named."""
        own: dict[str, Say] = {"schema": self.schema, "api": self.api, "commits": self.commits}
        return own.get(source) or self.sources.get(source, "block")
