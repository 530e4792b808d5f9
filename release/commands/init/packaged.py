"""The files that this package brings along for a repository that adopts it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from release.config import Config

PACKAGED = Path(__file__).parent / "brought"  # in a wheel; pyproject.toml says what goes there
CHECKOUT = Path(__file__).parents[3]
TASKS = '''\
"""`inv --list` shows the tasks; each explains itself with --help."""

from pathlib import Path

from release.tasks import collection

namespace = collection(Path(__file__).parent)
'''
_PUBLISHED = re.compile(r"inv publish ([a-z0-9-]+)")
_STAGING = re.compile(r"\n  deploy-staging:\n(?:    .*\n|\n)*")  # the job, to the next one or the end


def wrapper() -> str:
    """The script `inv`."""
    return _file("inv", CHECKOUT / "inv").read_text("utf-8")


def workflows(config: Config) -> dict[str, str]:
    """The workflows for GitHub Actions that fit a configuration: name -> content.

    They watch its branch; a staging that is not there has no job, and a package no workflow unless a plugin is called
    after it.
    """
    folder = _file("workflows", CHECKOUT / ".github" / "workflows")
    texts = {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.yml"))}
    targets = {Path(plugin).stem.replace("_", "-") for plugin in config.plugins}
    return {
        name: _fitted(text, config)
        for name, text in texts.items()
        if (found := _PUBLISHED.search(text)) is None or found[1] in targets
    }


def _fitted(text: str, config: Config) -> str:
    if config.branch != "main":
        text = text.replace("branches: [main]", f"branches: [{json.dumps(config.branch)}]")
    return text if "staging" in config.environments else _STAGING.sub("", text)


def requirement() -> str:
    """What pip has to install to get this very package: as it was installed here, else by its version."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        found = distribution("cms-release")
    except PackageNotFoundError:
        return "cms-release[rehearsal]"
    origin = json.loads(found.read_text("direct_url.json") or "{}")
    control = origin.get("vcs_info")
    if control:
        return f"cms-release[rehearsal] @ {control['vcs']}+{origin['url']}@{control['commit_id']}"
    return f"cms-release[rehearsal]=={found.version}"


def _file(name: str, in_checkout: Path) -> Path:
    packaged = PACKAGED / name
    return packaged if packaged.exists() else in_checkout
