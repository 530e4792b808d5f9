"""`./inv` runs Invoke in its own folder's .venv, makes that .venv on first use, and repairs it.

Python, pip and Invoke are shell scripts here that write down what they were asked; CI does the real install.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

WRAPPER = Path(__file__).resolve().parents[3] / "inv"
SHELLS = [shell for shell in ("dash", "bash", "busybox") if shutil.which(shell)] or ["sh"]
UTILITIES = ["chmod", "cp", "dirname", "mkdir", "mv", "readlink", "rm", "sleep", "touch"]

# Stands for an interpreter, for the one in a virtual environment, for pip and for Invoke.
SHAM_PYTHON = """#!/bin/sh
printf "%s\\n" "$*" >>"$SHAM_LOG"
case "$*" in
  *version_info*) echo "$SHAM_PYTHON" ;;
  *"import ensurepip"*) exit "${SHAM_ENSUREPIP:-0}" ;;
  "-I -m venv "*) mkdir -p "$4/bin" && cp "$SHAM_PYTHON" "$4/bin/python"; echo noise ;;
  "-I -m pip "*) echo noise; ${SHAM_PIP:-true} ;;
  *"-m release.program"*) shift 5; for word; do printf "<%s>\\n" "$word"; done; exit "${SHAM_INVOKE:-0}" ;;
esac
"""

# `uv venv --quiet --allow-existing --python PYTHON FOLDER` and `uv pip install ...`.
SHAM_UV = """#!/bin/sh
printf "%s\\n" "uv $*" >>"$SHAM_LOG"
[ "$1" != venv ] || { mkdir -p "$6/bin" && cp "$SHAM_PYTHON" "$6/bin/python"; }
"""


class Repository:
    """A folder with the wrapper in it, and a PATH that holds nothing but what a test puts there."""

    def __init__(self, folder: Path, shell: str) -> None:
        self.root = folder / "a repo"
        self.programs = folder / "programs"
        self.log = folder / "log"
        self.shell: list[str | Path] = [shutil.which(shell) or shell, *(["sh"] if shell == "busybox" else [])]
        self.root.mkdir()
        self.programs.mkdir()
        self.log.touch()
        shutil.copy(WRAPPER, self.root / "inv")
        (self.root / "pyproject.toml").write_text("")
        for name in UTILITIES:
            (self.programs / name).symlink_to(shutil.which(name) or f"/bin/{name}")

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    def offer(self, name: str, script: str = SHAM_PYTHON) -> Path:
        program = self.programs / name
        program.write_text(script)
        program.chmod(0o755)
        return program

    def environment(self, **extra: str) -> dict[str, str]:
        sham = {"SHAM_LOG": str(self.log), "SHAM_PYTHON": str(self.programs / "python3")}
        return {"PATH": str(self.programs), "HOME": str(self.root.parent / "nowhere")} | sham | extra

    def inv(
        self, *words: str, cwd: Path | None = None, via: str | Path | None = None, **extra: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.shell, via or self.root / "inv", *words],
            cwd=cwd or self.root,
            env=self.environment(**extra),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            start_new_session=True,
        )

    def asked(self, what: str) -> int:
        return sum(what in line for line in self.log.read_text().splitlines())


@pytest.fixture(params=SHELLS)
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Repository:
    return Repository(tmp_path, request.param)


@pytest.fixture
def installed(repository: Repository) -> Repository:
    repository.offer("python3")
    assert repository.inv().returncode == 0
    repository.log.write_text("")
    return repository


@pytest.mark.parametrize("shell", SHELLS)
def test_wrapper_is_executable_and_reads_as_posix_shell(shell: str) -> None:
    assert os.access(WRAPPER, os.X_OK)
    words = [shell, "sh", "-n"] if shell == "busybox" else [shell, "-n"]
    subprocess.run([*words, WRAPPER], check=True)


def test_words_reach_invoke_as_they_were_typed(installed: Repository) -> None:
    words = ["release", "--bump", "two words", "", "*", "$HOME", "it's", "-x=\\n"]
    done = installed.inv(*words)
    assert done.stdout.splitlines() == [f"<{word}>" for word in words]


def test_ready_venv_costs_no_other_program(installed: Repository) -> None:
    done = installed.inv("--list", PATH="")
    assert (done.stdout, done.stderr, done.returncode) == ("<--list>\n", "", 0)
    assert len(installed.log.read_text().splitlines()) == 1


def test_invokes_exit_code_is_the_wrappers(installed: Repository) -> None:
    assert installed.inv("release", SHAM_INVOKE="5").returncode == 5


def test_tasks_of_its_own_folder_run_from_anywhere(installed: Repository) -> None:
    below = installed.root / "examples" / "cms"
    below.mkdir(parents=True)
    for cwd, via in [(below, "../../inv"), (installed.root, "./inv"), (installed.root, "inv"), (below, None)]:
        assert installed.inv("x", cwd=cwd, via=via).returncode == 0
    searched = [line.removesuffix(" x") for line in installed.log.read_text().splitlines()]
    assert searched == [f"-P -m release.program --search-root {installed.root}"] * 4


@pytest.mark.parametrize("relative", [True, False])
def test_link_to_the_wrapper_runs_the_real_folder(installed: Repository, *, relative: bool) -> None:
    links = installed.root.parent / "links"
    links.mkdir()
    target = Path("../a repo/inv") if relative else installed.root / "inv"
    (links / "first").symlink_to(target)
    (links / "second").symlink_to("first")
    assert installed.inv("x", cwd=links, via="./second").stdout == "<x>\n"
    assert not (links / ".venv").exists()


def test_folder_reached_by_a_linked_path_is_not_a_moved_one(installed: Repository, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(installed.root)
    assert installed.inv("x", cwd=tmp_path, via="alias/inv").returncode == 0
    assert installed.asked("pip") == 0


def test_first_call_installs_both_extras_and_keeps_stdout_clean(repository: Repository) -> None:
    repository.offer("python3")
    done = repository.inv("plan", "--json")
    assert done.stdout == "<plan>\n<--json>\n"
    assert "making" in done.stderr
    assert repository.asked("install --editable .[dev,rehearsal]") == 1


def test_what_is_installed_is_compiled_once(repository: Repository) -> None:
    repository.offer("python3")
    assert [repository.inv("x").returncode, repository.asked("import compileall")] == [0, 1]
    assert [repository.inv("x").returncode, repository.asked("import compileall")] == [0, 1]


def test_an_adopter_gets_what_its_requirements_say(repository: Repository) -> None:
    repository.offer("python3")
    requirements = repository.root / "requirements-release.txt"
    requirements.write_text("cms-release[rehearsal]==0.1.0\n")
    assert repository.inv("x").stdout == "<x>\n"
    assert repository.asked("install --requirement requirements-release.txt") == 1
    assert repository.asked("--editable") == 0
    later = time.time() + 5
    os.utime(requirements, (later, later))
    repository.inv("x")
    assert repository.asked("install --requirement requirements-release.txt") == 2


def test_git_sees_nothing_of_the_venv(installed: Repository) -> None:
    assert (installed.venv / ".gitignore").read_text() == "*\n"


def test_uv_is_preferred_where_there_is_one(repository: Repository) -> None:
    repository.offer("python3")
    repository.offer("uv", SHAM_UV)
    assert repository.inv("x", SHAM_ENSUREPIP="1").stdout == "<x>\n"
    assert repository.asked("uv pip install --quiet --python") == 1
    assert repository.asked("-I -m pip") == 0


def test_no_python_is_said_clearly(repository: Repository) -> None:
    done = repository.inv("release")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "no Python 3.11 or newer" in done.stderr


def test_pyenv_shim_that_fails_is_skipped(repository: Repository) -> None:
    repository.offer("python3", "#!/bin/sh\necho 'pyenv: python3: command not found' >&2\nexit 127\n")
    newer = repository.offer("python3.12")
    done = repository.inv("x", SHAM_PYTHON=str(newer))
    assert done.stdout == "<x>\n"
    assert "command not found" not in done.stderr


def test_missing_ensurepip_names_the_package(repository: Repository) -> None:
    repository.offer("python3")
    done = repository.inv("release", SHAM_ENSUREPIP="1")
    assert done.returncode == 2
    assert "apt install python3-venv" in done.stderr
    assert repository.asked("-m venv") == 0
    assert not (repository.venv / ".inv-lock").exists()


def test_changed_pyproject_installs_once_more(installed: Repository) -> None:
    later = time.time() + 5
    os.utime(installed.venv / ".inv-ready", (later - 10, later - 10))
    assert installed.inv("x").stdout == "<x>\n"
    assert (installed.asked("-m pip"), installed.asked("-m venv")) == (1, 0)
    assert installed.inv("x").stderr == ""


def test_half_made_venv_is_made_afresh(repository: Repository) -> None:
    repository.offer("python3")
    failed = repository.inv("x", SHAM_PIP="false")
    assert failed.returncode == 2
    assert "the installation failed" in failed.stderr
    (repository.venv / "rest of it").touch()
    assert repository.inv("x").stdout == "<x>\n"
    assert not (repository.venv / "rest of it").exists()


def test_kill_in_the_middle_is_repaired_by_the_next_call(repository: Repository) -> None:
    repository.offer("python3")
    killed = repository.inv("x", SHAM_PIP="kill -9 0")
    assert killed.returncode == -9
    assert (repository.venv / ".inv-lock").exists()
    assert repository.inv("x").stdout == "<x>\n"
    assert repository.asked("-m venv") == 2
    assert sorted(path.name for path in repository.venv.iterdir()) == [".gitignore", ".inv-ready", "bin"]


def test_venv_without_its_interpreter_is_made_afresh(installed: Repository) -> None:
    other = installed.offer("python3.12")
    (installed.programs / "python3").unlink()
    assert installed.inv("x", SHAM_PYTHON=str(other)).stdout == "<x>\n"
    assert installed.asked("-m venv") == 1


@pytest.mark.parametrize("copied", [True, False])
def test_moved_or_copied_venv_is_made_afresh(installed: Repository, *, copied: bool) -> None:
    elsewhere = installed.root.parent / "elsewhere"
    if copied:
        shutil.copytree(installed.root, elsewhere)
    else:
        installed.root.rename(elsewhere)
    done = installed.inv("x", cwd=elsewhere, via=elsewhere / "inv")
    assert done.stdout == "<x>\n"
    assert installed.asked(f"-m venv {elsewhere}/.venv") == 1


def test_venv_made_by_hand_is_kept(repository: Repository) -> None:
    sham = repository.offer("python3")
    (repository.venv / "bin").mkdir(parents=True)
    shutil.copy(sham, repository.venv / "bin" / "python")
    (repository.venv / "mine").touch()
    assert repository.inv("x").stdout == "<x>\n"
    assert (repository.venv / "mine").exists()
    assert repository.asked("-m venv") == 0


def test_lock_of_a_dead_process_is_taken_over(repository: Repository) -> None:
    repository.offer("python3")
    dead = subprocess.Popen(["true"])
    dead.wait()
    lock = repository.venv / ".inv-lock"
    lock.mkdir(parents=True)
    (lock / "pid").write_text(f"{dead.pid}\n")
    assert repository.inv("x").stdout == "<x>\n"
    assert sorted(path.name for path in repository.venv.iterdir()) == [".gitignore", ".inv-ready", "bin"]


def test_calls_at_once_install_once(repository: Repository) -> None:
    repository.offer("python3")
    command = [*repository.shell, repository.root / "inv", "x"]
    calls = [
        subprocess.Popen(
            command, env=repository.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    assert [call.communicate(timeout=60)[0] for call in calls] == ["<x>\n"] * 4
    assert (repository.asked("-m venv"), repository.asked("-m pip")) == (1, 1)


def test_inv_of_an_active_venv_is_the_wrapper_itself(installed: Repository) -> None:
    active = installed.venv / "bin" / "inv"
    assert active.stat().st_mode & 0o111
    assert (
        active.parent / active.read_text().split('"${0%/*}/')[1].split('"')[0]
    ).resolve() == installed.root / "inv"
