"""The world that plan and floor are measured in, in a process of its own: `python benchmarks/scene.py FOLDER COMMITS TAGS`.

It says one line of JSON on stdout, the checkout's `root`, a `shallow` one of depth 1, and the `environ` to run in; it ends with
its standard input.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.history import grow
from release.testing import double


def main(folder: Path, commits: int, tags: int) -> None:
    """Open the scene, and wait."""
    with double(folder) as world:
        if commits:
            grow(world.forge.repository, commits, tags)
            world.git("fetch", "--quiet", "--tags", "origin")
            world.git("merge", "--quiet", "--ff-only", "origin/main")
            world.git("pack-refs", "--all")
            world.ran_ci()
            outcome = world.release()
            if outcome.exit_code:
                raise SystemExit(f"the release before the measurement ended with {outcome.as_json()}")
            world.commit({"apps/cms/worker.js": "export default {};\n"}, "feat: something new")
        shallow = world.clone("shallow", "--depth=1")
        said = {"root": str(world.root), "shallow": str(shallow), "environ": world.environ}
        print(json.dumps(said), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
