"""What a stage's cloud took and does not run, as one line for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.rehearsal.cloud.api import NOT_RUN, ROOT
from release.systems.web.http import Http, PassingError

if TYPE_CHECKING:
    from collections.abc import Mapping

FOUND = 200


def not_run(stage: Mapping[str, str]) -> str:
    """The line, by the environment of a stage; empty where all of it runs, or where the stage has no cloud."""
    url = stage.get("CLOUDFLARE_API_BASE_URL")
    if not url:
        return ""
    http = Http(attempts=1)
    headers = {"authorization": f"Bearer {stage.get('CLOUDFLARE_API_TOKEN', '')}"}
    try:
        answer = http.send("GET", f"{url.removesuffix(ROOT)}{NOT_RUN}", headers=headers)
        found = answer.json()["result"] if answer.status == FOUND else []
    except (PassingError, ValueError, KeyError, TypeError):
        return ""
    finally:
        http.close()
    if not found:
        return ""
    return f"The local cloud does not run: {', '.join(map(str, found))}. Each call of such a binding fails and names it."
