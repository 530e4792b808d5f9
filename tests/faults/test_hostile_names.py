"""Tags, branches, manifests, records and programs' output as somebody with bad intentions would make them."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from release.errors import CannotReadError
from release.model.record import Record
from release.systems.cloudflare.wrangler import _failure, _made
from release.systems.git.content import record_commit
from release.systems.machine import shell
from release.systems.machine.secrets import Mask
from release.testing.monorepo import LOCKFILE, MANIFEST
from tests.faults.hostile import DEEP, MARKER, SHELL, WILD, is_harmless, shown
from tests.faults.snapshot import RECORD, git

if TYPE_CHECKING:
    from pathlib import Path

    from release.testing import Double

TAGS = [
    "cms-v$(touch pwned)",
    "cms-v1.2.9;touch_pwned",
    "cms-v1.2.9`touch_pwned`",
    "cms-v999999999999999999999999999999.0.0x",
    "cms-v01.02.03",
    "cms-v1.2.3-\u202ereversed",
    "cms-v" + "9" * 200,
    "-cms-v9.9.9",
]


def test_hostile_tags_are_no_versions(double: Double) -> None:
    tip = git(double.forge.repository, "rev-parse", "refs/heads/main")
    refs = double.forge.repository / "refs" / "tags"
    for tag in TAGS:
        (refs / tag).write_text(tip + "\n")
    outcome = double.plan()
    assert outcome.release is not None
    assert (outcome.release.previous, outcome.release.version) == ("1.2.3", "1.2.4")


def test_thousands_of_tags_are_read_at_once(double: Double) -> None:
    tip = git(double.forge.repository, "rev-parse", "refs/heads/main~1")
    lines = [f"{tip} refs/tags/cms-v0.{minor}.{patch}" for minor in range(50) for patch in range(100)]
    (double.forge.repository / "packed-refs").write_text(
        "\n".join(["# pack-refs with: fully-peeled ", *sorted(lines), ""])
    )
    outcome = double.plan()
    assert outcome.release is not None
    assert outcome.release.version == "1.2.4"


def test_a_checkout_on_a_hostile_branch_is_refused_by_name(double: Double) -> None:
    double.git("switch", "--quiet", "--create", "$(touch${IFS}pwned);`id`")
    outcome, text = shown(double)
    assert outcome.exit_code == 4
    assert "$(touch${IFS}pwned);`id`" in text
    is_harmless(double, text)


MANIFESTS: dict[str, str | bytes] = {
    "shell": json.dumps({"name": "x", "version": f"1.2.3{SHELL}"}),
    "escapes": json.dumps({"name": "x", "version": f"1.2.3{WILD}"}),
    "depth": b'{"version": "1.2.3", "deep": ' + DEEP + b"}",
    "a list": "[]",
    "a number": '{"version": 1.2}',
    "nothing": "",
    "noise": bytes(range(256)) * 100,
    "another version": '{"version": "99999999999999999999.0.0"}',
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_hostile_manifest_is_refused_in_clear_words(name: str, double: Double) -> None:
    double.commit({MANIFEST: MANIFESTS[name]})
    outcome, text = shown(double)
    assert outcome.exit_code == 4, text
    assert len(text) < 20_000
    is_harmless(double, text)


def test_a_hostile_file_name_beside_the_manifest_is_one_dirty_path(double: Double) -> None:
    (double.root / f"a\n\x1b[31m{MARKER}2 $(touch {MARKER})").write_text("")
    outcome, text = shown(double)
    assert outcome.exit_code == 4
    is_harmless(double, text)


def test_a_hostile_commit_subject_is_shown_as_text(double: Double) -> None:
    double.commit({"x": "y"}, f"feat: {WILD.replace(chr(0), '')}")
    outcome = double.plan()
    assert outcome.exit_code == 0
    _, text = shown(double)
    assert "\x1b" not in text


RECORDS = {
    "depth": b'{"schema": 1, "before": ' + DEEP + b"}",
    "megabytes": b'{"schema": 1, "x": "' + b"x" * (5 << 20) + b'"}',
    "noise": bytes(range(256)),
    "torn": b'{"schema": 1, "environment": "produc',
    "newer": b'{"schema": 99}',
    "types": b'{"schema": 1, "environment": 7, "nonce": []}',
}


@pytest.mark.parametrize("name", RECORDS)
def test_a_hostile_record_blocks_and_is_not_overwritten(name: str, double: Double) -> None:
    put_record(double, RECORDS[name])
    before = (double.forge.repository / RECORD).read_text()
    outcome, text = shown(double)
    assert (outcome.exit_code, (double.forge.repository / RECORD).read_text()) == (4, before)
    assert "record" in text
    assert "Traceback" not in text


def put_record(double: Double, document: bytes) -> None:
    """Put a document in the record's place, as any git can."""
    blob = double.git("hash-object", "-w", "--stdin", data=document)
    tree = double.git("mktree", data=f"100644 blob {blob}\trecord.json\n".encode())
    who = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    commit = double.git(*who, "commit-tree", "-m", "x", tree)
    double.git("push", "--quiet", "origin", f"{commit}:{RECORD}")


PROGRAMS = {
    "endless lines": "while True: print('x' * 100)",
    "one endless line": "import sys\nwhile True: sys.stdout.write('x' * 65536)",
    "endless escapes": "while True: print('\\x1b[2J\\x9b\\x00\\r' * 50)",
    "noise": "import os, sys\nwhile True: sys.stdout.buffer.write(os.urandom(65536))",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_that_talks_for_ever_is_stopped_and_little_is_kept(name: str, tmp_path: Path) -> None:
    heard: list[int] = []
    ended = shell.stream(
        [sys.executable, "-c", PROGRAMS[name]],
        cwd=tmp_path, env={}, deadline=0.7, tell=lambda line: heard.append(len(line)), mask=Mask(("s3cret!",)),
    )  # fmt: skip
    assert ended.code is None
    assert len(ended.tail) <= shell.TAIL
    assert max(heard, default=0) <= shell.LONGEST_LINE
    assert not any("\x1b" in line or "\x00" in line for line in ended.tail)


OUTPUTS = {
    "nothing": b"",
    "noise": bytes(range(256)) * 1000,
    "depth": DEEP,
    "torn": b'{"type":"deploy","version_id":"1c0b6f',
    "types": b'[]\n7\n{"type":["deploy"],"version_id":{}}\n{"type":"deploy","version_id":null}\n',
    "escapes": json.dumps({"type": "command-failed", "message": WILD}).encode(),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_hostile_output_of_wrangler_reports_no_version(name: str, tmp_path: Path) -> None:
    said = tmp_path / "output.ndjson"
    said.write_bytes(OUTPUTS[name])
    assert (_made(said, "deploy"), _made(said, "version-upload")) == (None, None)
    assert "\x1b" not in _failure(said, "exit 1")


def test_a_huge_object_in_the_records_place_is_not_read_into_memory(double: Double) -> None:
    put_record(double, b"[" + b" " * (80 << 20) + b"]")
    with double.ops() as ops:
        ops.git.fetch(RECORD)
        with pytest.raises(CannotReadError, match="too large"):
            ops.git.object(f"{(double.forge.repository / RECORD).read_text().strip()}:record.json")


def test_the_record_commit_of_any_record_can_be_read_again() -> None:
    oid, objects = record_commit(Record(environment=WILD.replace("\0", ""), nonce=SHELL), 0, "0" * 40)
    assert oid == objects[-1].oid


def test_a_lockfile_of_depth_is_refused(double: Double) -> None:
    double.commit({LOCKFILE: DEEP})
    outcome, text = shown(double)
    assert outcome.exit_code == 4
    is_harmless(double, text)
