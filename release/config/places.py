"""Where things are deployed to: the value of a worker."""
# No `from __future__ import annotations` here: msgspec reads the annotations as they are.

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from release.config.types import EnvironmentVariable, RelativePath, Seconds, Value, Words

if TYPE_CHECKING:
    from release.config.tables import Environment

FileName = Annotated[
    str, Meta(pattern=r"^([A-Za-z0-9_.-]+\.(toml|json|jsonc))?$", examples=["wrangler.production.jsonc"])
]


class Worker(Value, frozen=True, kw_only=True):
    """A Cloudflare worker. Workers deploy in the order of the list, and roll back in the opposite one."""

    name: Annotated[
        str,
        Meta(
            pattern="^[a-z0-9][a-z0-9-]*$", examples=["cms"], description="Its name in the release's steps."
        ),
    ]
    path: Annotated[RelativePath, Meta(description="The folder with its wrangler configuration.")] = "."
    script: Annotated[
        str,
        Meta(
            examples=["alokai-cms-{environment}"],
            description="The script's name at Cloudflare; {environment} becomes wrangler's environment. "
            "Left out: read from the wrangler file; the worker's name, a hyphen and {environment} where there is none.",
        ),
    ] = ""
    config: Annotated[
        FileName, Meta(description="Its wrangler file in `path`. Left out: the one that wrangler finds.")
    ] = ""
    build: Annotated[
        Words,
        Meta(
            description="A command that runs in `path` before the first write to the environment, "
            "with wrangler's environment as CLOUDFLARE_ENV."
        ),
    ] = ()
    deploy: Annotated[
        Words,
        Meta(
            description="An own deploy command, not wrangler's; it gets --tag, --message and --var appended."
        ),
    ] = ()
    vars: Annotated[
        dict[EnvironmentVariable, str],
        Meta(description="Variables the worker gets; values may hold {version}, {commit} and {tag}."),
    ] = {}  # noqa: RUF012 - frozen, and msgspec copies it
    deadline: Annotated[Seconds, Meta(description="Seconds that its build and its deploy may each take.")] = (
        600
    )

    def script_in(self, environment: "Environment") -> str:
        """The script's name in an environment as it is written here, else wrangler's default for the worker's name."""
        if not self.script and not environment.wrangler:
            return self.name
        return (self.script or f"{self.name}-{{environment}}").replace("{environment}", environment.wrangler)
