"""The values of [tool.release.checklist]: what is looked at before production is touched, and what each item demands."""
# No `from __future__ import annotations` here: msgspec reads the annotations as they are.

from typing import Annotated, Literal, get_args

from msgspec import Meta

from release.config.types import EnvironmentVariable, Value

Demand = Literal["block", "warn", "off"]
Losing = Literal["variables", "secrets", "bindings", "routes", "crons", "workers_dev", "classes"]
LOSSES: tuple[Losing, ...] = get_args(Losing)
Address = Annotated[
    str,
    Meta(pattern=r"^(/|https?://[^/\s@?#]+(/|$))[^\s]*$", examples=["/login", "https://shop.example.com/"]),
]
Selector = Annotated[str, Meta(min_length=1, examples=["main h1"], description="A CSS selector.")]
SecretName = Annotated[str, Meta(min_length=1, examples=["SESSION_KEY"])]


class Page(Value, frozen=True, kw_only=True):
    """A page that is asked for before a release."""

    url: Annotated[
        Address,
        Meta(description="A path of the environment where the base was tried, or a whole address."),
    ]
    selector: Annotated[
        Selector | None,
        Meta(description="What must be found on it; without it, any text on the page is enough."),
    ] = None
    cookie_from: Annotated[
        EnvironmentVariable | None,
        Meta(description="The environment variable that holds the Cookie header's value."),
    ] = None
    header_from: Annotated[
        EnvironmentVariable | None,
        Meta(description='The environment variable that holds a header as "Name: value".'),
    ] = None


class Checklist(Value, frozen=True, kw_only=True):
    """What is checked before production is changed. Each item is set to "block", "warn" or "off"."""

    environment: Annotated[
        str | None,
        Meta(
            description='Where a commit is tried before production; without it, "staging" where there is one.'
        ),
    ] = None
    ci: Annotated[Demand, Meta(description="The checks of the commit at GitHub are green.")] = "block"
    ci_ignore: Annotated[
        tuple[Annotated[str, Meta(min_length=1, examples=["deploy to staging"])], ...],
        Meta(
            description="Checks that do not count for `ci`: what deploys for trying has an item of its own."
        ),
    ] = ("deploy to staging",)
    staging: Annotated[
        Demand, Meta(description="The commit runs where it is tried, and is healthy there.")
    ] = "block"
    staging_migrations: Annotated[
        Demand, Meta(description="Its migrations are applied where it is tried.")
    ] = "block"
    dashboard: Annotated[Demand, Meta(description="The dashboard loads.")] = "warn"
    login: Annotated[Demand, Meta(description="The login answers.")] = "warn"
    sample_page: Annotated[Demand, Meta(description="A sample page renders.")] = "warn"
    bindings: Annotated[
        Demand, Meta(description="Production has the bindings of each worker's wrangler configuration.")
    ] = "warn"
    secrets: Annotated[Demand, Meta(description="Production has the secrets that are required.")] = "warn"
    configuration: Annotated[
        Demand | dict[Losing, Demand],
        Meta(
            description="No deploy takes anything from production by accident; one word, or one for each kind of loss.",
            examples=["warn", {"crons": "warn"}],
        ),
    ] = "block"
    dashboard_page: Annotated[
        Page | None,
        Meta(description="The dashboard; without it, the page with the badge where there is one."),
    ] = None
    login_page: Annotated[Page | None, Meta(description="The login; without it, it is not looked at.")] = None
    sample: Annotated[Page | None, Meta(description="The sample page; without it, it is not looked at.")] = (
        None
    )
    required_secrets: Annotated[
        dict[str, tuple[SecretName, ...]],
        Meta(
            description="Secrets by worker, beside those that its wrangler configuration requires (secrets.required)."
        ),
    ] = {}  # noqa: RUF012 - frozen, and msgspec copies it
    ask: Annotated[
        tuple[Annotated[str, Meta(min_length=1, examples=["The storefront team knows"])], ...],
        Meta(
            description="What only a person can tick: asked before each approval, and kept with who ticked."
        ),
    ] = ()

    def demand_of(self, losing: Losing) -> Demand:
        """What a loss of this kind does; `block` where only others are named."""
        found = self.configuration
        return found.get(losing, "block") if isinstance(found, dict) else found
