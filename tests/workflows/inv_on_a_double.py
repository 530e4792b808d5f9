"""`inv` as ./inv starts it, with a wrangler that needs no Node; all else is the real thing."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from release.program import program

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from release.ops.secrets import Mask
    from release.testing.wrangler import ApiWrangler

DATABASES = "DOUBLE_DATABASES"  # the variable with name -> uuid as JSON
NEEDS_NO_WRANGLER = {"install", "check"}


def wrangler(root: Path, environ: Mapping[str, str], mask: Mask) -> ApiWrangler:
    """What stands in for wrangler: it asks Cloudflare the same things."""
    from release.config import load
    from release.testing.wrangler import ApiWrangler

    del mask
    return ApiWrangler(load(root), environ, json.loads(os.environ[DATABASES]))


if __name__ == "__main__":
    if not NEEDS_NO_WRANGLER & set(sys.argv):
        from release import ops

        setattr(ops, "Wrangler", wrangler)  # noqa: B010 - the same methods
    program.run()
