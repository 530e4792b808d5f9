"""What the policy adds to a plan: `python benchmarks/policy.py [--turns N | --smallest]`.

The exit code is 1 where it is over its limit.

200 migrations, half of them released, and 10,000 commits since the release. The same world twice, with the policy's
sources on and off; whole `inv plan` processes in turns.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.turns import Contender, compile_into, take_turns  # noqa: E402
from release.testing import double  # noqa: E402
from release.testing.monorepo import CONFIG, MIGRATIONS, NewCommit  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

OFF = '[tool.release.policy]\nschema = "off"\napi = "off"\ncommits = "off"\n'
LIMIT = 0.2  # seconds
FIRST = 4  # the number of the first migration: the double has three of its own


@dataclass(frozen=True)
class Size:
    """How many migrations are released and pending, and how many commits there are since the release."""

    released: int
    pending: int
    commits: int


WHOLE, SMALLEST = Size(100, 100, 10_000), Size(2, 2, 10)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--turns", type=int, default=9)
    parser.add_argument(
        "--smallest", action="store_true", help="each once, in a small world; no figure is judged"
    )
    asked = parser.parse_args()
    turns, size = (0, SMALLEST) if asked.smallest else (asked.turns, WHOLE)
    with contextlib.ExitStack() as stack:
        bytecode = stack.enter_context(tempfile.TemporaryDirectory())
        compile_into(bytecode)
        contenders = []
        for name in ("on", "off"):
            said = stack.enter_context(_scene(name, size))
            environ = {**said["environ"], "RELEASE_STAGE": said["root"], "PYTHONPATH": str(ROOT)}
            environ["PYTHONPYCACHEPREFIX"] = bytecode
            environ.pop("PYTHONDONTWRITEBYTECODE", None)
            command = (sys.executable, "-P", "-m", "release.program", "--search-root", str(ROOT), "plan")
            words, root = (*command, "--bump", "minor"), Path(said["root"])
            contenders.append(Contender(name, words, root, environ))
            if name == "on":
                forget = ("sh", "-c", 'rm -rf .release/grades; exec "$@"', "sh", *words)
                contenders.append(Contender("first", forget, root, environ))
        times = take_turns(contenders, turns)
    added = times.median("on") - times.median("off")
    on, off = (times.median(name) * 1000 for name in ("on", "off"))
    first = times.median("first") - times.median("off")
    print(f"the first time, when nothing is kept yet: {first:.3f} s")
    print(
        f"the policy adds to inv plan: {added:.3f} s ({on:.0f} ms with, {off:.0f} ms without), limit {LIMIT} s"
    )
    return int(added > LIMIT and not asked.smallest)


def migrations(first: int, count: int) -> dict[str, bytes | str | None]:
    """Migrations as projects have them: tables, columns, indexes, rows, and now and then a trigger."""
    made: dict[str, bytes | str | None] = {}
    for number in range(first, first + count):
        name, table = f"{MIGRATIONS}/{number:04}_step.sql", f"t{number % 40}"
        made[name] = (
            f"CREATE TABLE IF NOT EXISTS {table} (id INTEGER PRIMARY KEY, name TEXT NOT NULL, page INTEGER"
            f" REFERENCES pages (id) ON DELETE CASCADE);\n"
            f"ALTER TABLE {table} ADD COLUMN c{number} TEXT DEFAULT 'x';\n"
            f"CREATE INDEX i{number} ON {table} (c{number});\n"
            f"UPDATE {table} SET c{number} = lower(name);\n"
        )
    return made


@contextlib.contextmanager
def _scene(name: str, size: Size) -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--serve", folder, name, *map(str, astuple(size))]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as serving:
            line = serving.stdout.readline() if serving.stdout else ""
            if not line:
                raise RuntimeError("the servers ended before they said where they are")
            yield json.loads(line)
            serving.communicate()


def serve(folder: Path, name: str, size: Size) -> None:
    """Open the world, and wait until standard input ends."""
    with double(folder) as world:
        config = CONFIG if name == "off" else CONFIG.replace(OFF, "")
        world.commit({"pyproject.toml": config, **migrations(FIRST, size.released)}, "feat: much")
        outcome = world.release("minor")
        if outcome.exit_code:
            raise SystemExit(f"the release before the measurement ended with {outcome.as_json()}")
        body = "Why it had to change, in a line or two.\n\nReviewed-by: Ada <ada@example.com>"
        world.commits(
            [NewCommit(f"fix: change {n}\n\n{body}", {"n.txt": f"{n}\n"}) for n in range(size.commits)]
        )
        world.commit(migrations(FIRST + size.released, size.pending), "feat: more")
        print(json.dumps({"root": str(world.root), "environ": {**os.environ, **world.environ}}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(Path(sys.argv[2]), sys.argv[3], Size(*map(int, sys.argv[4:])))
    else:
        raise SystemExit(main())
