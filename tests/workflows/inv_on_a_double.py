"""`inv` as ./inv starts it, with a wrangler and an npm that need no Node; all else is the real thing."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from release.program import program

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from release.systems.machine.secrets import Mask
    from release.systems.npm.client import Npm
    from release.testing.wrangler import ApiWrangler

DATABASES = "DOUBLE_DATABASES"  # the variable with name -> uuid as JSON
NEEDS_NEITHER, NEEDS_NPM = {"install", "check"}, {"publish"}


def wrangler(root: Path, environ: Mapping[str, str], mask: Mask, serve: object = None) -> ApiWrangler:
    """What stands in for wrangler: it asks Cloudflare the same things."""
    from release.config import load
    from release.testing.wrangler import ApiWrangler

    del mask
    return ApiWrangler(load(root), environ, json.loads(os.environ[DATABASES]))


def npm(root: Path, environ: Mapping[str, str], mask: Mask) -> Npm:
    """What stands in for npm: it packs and asks the same things."""
    from tests.workflows.npm import TrustedNpm

    return TrustedNpm(root, environ, mask)


if __name__ == "__main__":
    if not NEEDS_NEITHER & set(sys.argv):
        from release.systems import ops

        name, stand_in = ("Npm", npm) if NEEDS_NPM & set(sys.argv) else ("Wrangler", wrangler)
        setattr(ops, name, stand_in)
    program.run()
