"""The files that this package brings along for a repository that adopts it."""

from __future__ import annotations

import json
import re
from pathlib import Path

PACKAGED = Path(__file__).parent / "brought"  # in a wheel; pyproject.toml says what goes there
CHECKOUT = Path(__file__).parents[2]
TASKS = '''\
"""`inv --list` shows the tasks; each explains itself with --help."""

from pathlib import Path

from release.tasks import collection

namespace = collection(Path(__file__).parent)
'''
NOT_FOR_ADOPTERS = ("publish-",)  # they publish this project's own packages


def wrapper() -> str:
    """The script `inv`."""
    return _file("inv", CHECKOUT / "inv").read_text("utf-8")


def workflows(branch: str = "main", *, staging: bool = True) -> dict[str, str]:
    """The workflows for GitHub Actions: name -> content, for a release branch; a staging that is not there has no job."""
    folder = _file("workflows", CHECKOUT / ".github" / "workflows")
    return {
        path.name: _fitted(path.read_text("utf-8"), branch, staging=staging)
        for path in sorted(folder.glob("*.yml"))
        if not path.name.startswith(NOT_FOR_ADOPTERS)
    }


def _fitted(text: str, branch: str, *, staging: bool) -> str:
    text = text.replace("branches: [main]", f"branches: [{json.dumps(branch)}]") if branch != "main" else text
    return text if staging else re.sub(r"\n  deploy-staging:\n(    .*\n|\n)*", "", text)


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
