"""Long histories in seconds: commits and releases as git-fast-import's stream, the same at every run."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SINCE = 1_767_007_200  # seconds since 1970: behind the double's first two commits, and
HOUR = 3600  # before its third: git walks far where a commit is older than its parents
WHO = "Grace <grace@example.com>"
UNRELEASED = 20  # commits on top of the last tag
KINDS = ("feat(pages)", "fix(api)", "docs", "refactor(mcp)", "fix(cms)", "chore(deps)", "perf(db)")


def grow(repository: Path, commits: int, tags: int) -> None:
    """Put `commits` on main of a bare repository, `tags` of them tagged cms-v1.3.0, cms-v1.4.0 and so on.

    As on a well-kept server all of it lies in one pack, and the tags in packed-refs.
    """
    start = _git(repository, "rev-parse", "refs/heads/main").decode().strip()
    importing = subprocess.Popen(
        ["git", "fast-import", "--quiet", "--done"], cwd=repository, stdin=subprocess.PIPE
    )
    stream = importing.stdin
    if stream is None:
        raise RuntimeError("git fast-import cannot be fed")
    with stream:
        for line in _stream(start, commits, tags):
            stream.write(line)
    if importing.wait():
        raise RuntimeError("git fast-import failed")
    _git(repository, "repack", "-adq", "--window=5", "--depth=20")
    _git(repository, "pack-refs")


def _stream(start: str, commits: int, tags: int) -> Iterator[bytes]:
    due = {(number + 1) * (commits - UNRELEASED) // tags: number for number in range(tags)}
    for number in range(1, commits + 1):
        seconds = SINCE + number * HOUR // (commits + 1)
        signature = f"{WHO} {seconds} +0000\n"
        subject = f"{KINDS[number % len(KINDS)]}: change {number}"
        yield f"commit refs/heads/main\nmark :{number}\nauthor {signature}committer {signature}".encode()
        yield _data(f"{subject}\n\nWhy it had to change, in a line or two.\n")
        if number == 1:
            yield f"from {start}\n".encode()
        yield f"M 100644 inline notes/{number % 97:02}/{number % 11}.txt\n".encode() + _data(f"{number}\n")
        if number in due:
            yield b"M 100644 inline apps/cms/package.json\n" + _data(_manifest(f"1.{3 + due[number]}.0"))
            yield b"M 100644 inline package-lock.json\n" + _data(_lockfile(f"1.{3 + due[number]}.0"))
            name = f"cms-v1.{3 + due[number]}.0"
            yield f"tag {name}\nfrom :{number}\ntagger {signature}".encode() + _data(name)
    yield b"done\n"


def _manifest(version: str) -> str:
    return f'{{\n  "name": "@double/cms",\n  "version": "{version}",\n  "private": true\n}}\n'


def _lockfile(version: str) -> str:
    return f'{{"lockfileVersion": 3, "packages": {{"": {{}}, "apps/cms": {{"version": "{version}"}}}}}}\n'


def _data(text: str) -> bytes:
    return f"data {len(text.encode())}\n{text}\n".encode()


def _git(repository: Path, *words: str) -> bytes:
    return subprocess.run(["git", *words], cwd=repository, check=True, capture_output=True).stdout
