"""The files that `inv init` makes: what is missing, as a diff, and written without touching what is there."""

from __future__ import annotations

import contextlib
import difflib
import os
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.commands.init import packaged
from release.commands.init.beside import beside
from release.commands.init.proof import proved
from release.commands.init.proposal import propose
from release.commands.init.questions import Question
from release.commands.init.repository import look
from release.commands.init.table import appended
from release.config import parsed
from release.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from release.commands.init.questions import Interview
    from release.commands.init.repository import Repository
    from release.config import Config

PYPROJECT = "pyproject.toml"
REQUIREMENTS = "requirements-release.txt"
OWN_TASKS = (
    "tasks.py is there and stays as it is. For the tasks of a release, add to it: "
    "from release.tasks import collection, and namespace = collection(Path(__file__).parent)."
)
WORKFLOWS = ".github/workflows"
FROM_ELSEWHERE = "Install this tool from its repository or an index, and run inv init with that; or say: --answer package=..."
EXECUTABLE, ORDINARY = 0o755, 0o644


@dataclass(frozen=True)
class NewFile:
    """A file to write: what is there now (None: nothing), and what shall be; `mode` as of chmod."""

    path: str
    before: str | None
    after: str
    mode: int = ORDINARY


@dataclass(frozen=True)
class Adoption:
    """The files that are missing, and what a person should know."""

    files: tuple[NewFile, ...]
    notes: tuple[str, ...]


def prepare(root: Path, environ: Mapping[str, str], interview: Interview) -> Adoption:
    """What the repository in `root` lacks. Nothing is written. Raises UsageError, also for what is missing in the answers."""
    text = _text(root / PYPROJECT)
    return _prepare(root, text, environ, interview, closing=True)


def sketch(root: Path, environ: Mapping[str, str], interview: Interview) -> Adoption:
    """The same with stand-ins for the answers that are missing; `interview.missing` names them. Nothing is written."""
    return _prepare(root, _text(root / PYPROJECT), environ, interview, closing=False)


def _prepare(
    root: Path, text: str | None, environ: Mapping[str, str], interview: Interview, *, closing: bool
) -> Adoption:
    repository = look(root, environ)
    tables, notes = _configuration(repository, text, interview)
    requirements = _requirements(root, interview)
    if closing:
        interview.close()
    config = parsed(tables[0].after if tables else text or "", root)
    notes = (*notes, *proved(config))
    others = list(_brought(root, config))
    files = [one for one in (*tables, requirements, *others) if isinstance(one, NewFile)]
    said = (one for one in others if isinstance(one, str))
    notes = (*notes, *_only_here(requirements))
    return Adoption(tuple(files), (*notes, *beside(repository, packaged.workflows(config)), *said))


def diff(files: Iterable[NewFile]) -> str:
    """All of it as one unified diff."""
    return "".join(line for one in files for line in _lines(one))


def write(root: Path, files: Iterable[NewFile]) -> None:
    """Write them. Nothing that is there is overwritten: raises UsageError where something has appeared since."""
    for one in files:
        path = root / one.path
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_bytes(one.after.encode())
            fresh.chmod(one.mode if one.before is None else path.stat().st_mode)
            _place(fresh, path, one)
        except OSError as error:
            raise UsageError(
                f"{one.path} cannot be written: {error.strerror}.", "Run the same command again."
            ) from None
        finally:
            with contextlib.suppress(OSError):
                fresh.unlink()


def _place(fresh: Path, path: Path, one: NewFile) -> None:
    """Put a file in its place, if what was there is there still."""
    if one.before is not None and _text(path) == one.before:
        fresh.replace(path)
        return
    try:
        os.link(fresh, path)  # unlike a rename, it takes no file's place
    except FileExistsError:
        raise UsageError(
            f"{one.path} has changed meanwhile; it was left alone.", "Run the same command again."
        ) from None


def _configuration(
    repository: Repository, text: str | None, interview: Interview
) -> tuple[tuple[NewFile, ...], tuple[str, ...]]:
    """The pyproject.toml with its table and what it needs; nothing where it has one, which must load then."""
    if text is not None and _has_table(text):
        return (), ("[tool.release] already exists; left unchanged.",)
    proposal = propose(repository, interview.ask)
    table = NewFile(PYPROJECT, text, appended(text or "", proposal.settings))
    changed = (NewFile(path, repository.text(path), after) for path, after in proposal.changed.items())
    return (table, *changed), proposal.notes


def _has_table(text: str) -> bool:
    try:
        tool = tomllib.loads(text).get("tool")
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            f"{PYPROJECT}: not TOML: {error}", "Correct it, then run the same command again."
        ) from None
    return isinstance(tool, dict) and "release" in tool


def _requirements(root: Path, interview: Interview) -> NewFile | None:
    """What ./inv installs, where the wrapper is not there yet."""
    if (root / "inv").exists() or (root / REQUIREMENTS).exists():
        return None
    asked = Question("package", "What does pip install to get this tool?", packaged.requirement())
    return NewFile(REQUIREMENTS, None, f"{interview.ask(asked)}\n")


def _only_here(requirements: NewFile | None) -> tuple[str, ...]:
    """A note where what pip installs lies on this machine alone."""
    if requirements is None or "file://" not in requirements.after:
        return ()
    what = f"{REQUIREMENTS} names a path of this machine ({requirements.after.strip()})"
    return (f"{what}: no other machine and no workflow can install that. {FROM_ELSEWHERE}",)


def _brought(root: Path, config: Config) -> Iterator[NewFile | str]:
    """What comes with the package, or a note on the file that stands in its place."""
    workflows = packaged.workflows(config)
    for path, content, mode in (
        ("inv", packaged.wrapper(), EXECUTABLE),
        ("tasks.py", packaged.TASKS, ORDINARY),
        *((f"{WORKFLOWS}/{name}", text, ORDINARY) for name, text in workflows.items()),
    ):
        there = _text(root / path)
        if there is None:
            yield NewFile(path, None, content, mode)
        elif path == "tasks.py" and "release.tasks" not in there:
            yield OWN_TASKS
        elif path != "tasks.py" and there != content:
            yield f"{path} is there and stays as it is; it is not the one that comes with this package."


def _lines(one: NewFile) -> Iterator[str]:
    before = (one.before or "").splitlines(keepends=True)
    after = one.after.splitlines(keepends=True)
    start = "/dev/null" if one.before is None else f"a/{one.path}"
    for line in difflib.unified_diff(before, after, start, f"b/{one.path}"):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _text(path: Path) -> str | None:
    try:
        return path.read_bytes().decode()  # line ends stay as they are
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path.name} cannot be read: {error}", "Correct it, then run the same command again."
        ) from None
