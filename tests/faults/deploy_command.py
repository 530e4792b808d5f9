"""A worker's own deploy command, as `yarn deploy:prod` would be: a program that outlives a release that is killed."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from release.config import load
from release.formats.version import TagPattern
from release.model.release import Release
from release.testing import ApiWrangler
from release.testing.double import DATABASES


def main() -> None:
    """Deploy the worker in whose folder this runs, with the marks that a release appends."""
    words = argparse.ArgumentParser()
    words.add_argument("--tag", required=True)
    words.add_argument("--message", required=True)
    words.add_argument("--var", action="append")
    given = words.parse_args()
    tag, _, commit = given.tag.rpartition("+")
    root = Path.cwd().parents[1]
    config = load(root)
    worker = next(one for one in config.workers if root / one.path == Path.cwd())
    version = TagPattern(config.app.tag).version(tag) or ""
    base = given.message.split()[-1]
    release = Release(config.app.name, "production", base, None, None, version, tag, commit)
    wrangler = ApiWrangler(config, os.environ, DATABASES)
    version_id = wrangler.deploy(worker, "production", release, given.message, lambda _: None)
    entry = {"type": "deploy", "version_id": version_id}
    Path(os.environ["WRANGLER_OUTPUT_FILE_PATH"]).write_text(json.dumps(entry) + "\n")


if __name__ == "__main__":
    main()
