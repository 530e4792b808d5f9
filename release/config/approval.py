"""The table [tool.release.approval]: who has to agree to a production release."""
# No `from __future__ import annotations` here: msgspec reads the annotations as they are.

from typing import Annotated

from msgspec import Meta

from release.config.types import Value

EnvironmentName = Annotated[str, Meta(min_length=1, max_length=255)]


class Approval(Value, frozen=True, kw_only=True):
    """Who has to agree to a production release, and where GitHub asks them."""

    two_person: Annotated[
        bool,
        Meta(
            description="Whether the person who dispatched a run may not approve it, whatever GitHub's own setting says; a "
            "release from a laptop is then for emergencies (--break-glass)."
        ),
    ] = False
    unattended: Annotated[
        bool,
        Meta(description="Whether --yes approves a production release where no terminal and no workflow is."),
    ] = False
    environment: Annotated[
        EnvironmentName,
        Meta(description="GitHub's environment whose reviewers approve a release of the app."),
    ] = "production"
    publish_environment: Annotated[
        EnvironmentName, Meta(description="GitHub's environment of the workflows that publish packages.")
    ] = "npm"
    workflow: Annotated[
        str,
        Meta(
            pattern=r"^[^/]+\.ya?ml$",
            description="The file in .github/workflows that `inv dispatch` starts and `inv approve` looks for.",
        ),
    ] = "deploy-prod.yml"
