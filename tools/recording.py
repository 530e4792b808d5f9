"""docs/rehearse.svg, recorded: `python -m tools.recording` kills a release on a stage, looks, and runs it again.

It takes a clone of this repository in a folder that goes with it, and some two minutes.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "rehearse.svg"
WIDTH = 104
TOLD = re.compile(r"^     \|")  # a line of a program that runs: left out
TONES = (
    ("$", "bold"),
    ("ok ", "green"),
    ("same", "dim"),
    ("FAIL", "red"),
    ("  !", "yellow"),
    ("^", "bold red"),
)
ROWS, HEADS = ("ok ", "same"), ("cms ", "  cms-v")  # of steps that ended, and of a plan
WHO, PERSON = re.compile(r"\S+ on \S+:/\S+"), "ada on laptop:/cms"
FONTS = re.compile(
    r"\s*@font-face \{.*?\}|\s*<!--.*?-->", re.DOTALL
)  # fetched from elsewhere: any monospace will do
KILLED_AT = "...  deploy cms"


class Recording:
    """The commands on one stage, and the lines that a person sees of them."""

    def __init__(self, root: Path) -> None:
        self.root, self.lines = root, list[str]()
        self.environ = {**os.environ, "NO_COLOR": "1", "TERM": "dumb"}

    def quietly(self, *words: str) -> str:
        """What a command prints that is not shown."""
        done = subprocess.run(
            self._command(words), env=self.environ, cwd=self.root, capture_output=True, text=True, check=True
        )
        return done.stdout

    def shown(self, *words: str, until: str = "", brief: bool = False) -> None:
        """Run a command; killed (SIGKILL) as soon as it says `until`. With `brief` its plan is its first two lines."""
        plans = brief
        self.lines += ["", f"$ inv {' '.join(words)}"]
        with subprocess.Popen(
            self._command(words),
            env=self.environ,
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            for line in process.stdout or ():
                if until and line.startswith(until):
                    os.killpg(process.pid, signal.SIGKILL)
                    self.lines.append("^ the laptop died here (kill -9)")
                    return
                plans = plans and not line.startswith(ROWS)
                if plans and not line.startswith(HEADS):
                    continue
                if not TOLD.match(line) and not line.startswith("..."):
                    self.lines.append(WHO.sub(PERSON, line.rstrip()))

    def _command(self, words: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-P", "-m", "release.program", "--search-root", str(self.root), *words]


def record() -> list[str]:
    """The lines of: a release that is killed, the status, and the same release again."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "cms"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(root)], check=True)
        tape = Recording(root)
        tape.quietly("rehearsal.start")
        try:
            said = tape.quietly("rehearsal.env")
            pairs = re.findall(r"^export (\w+)=(.*)$", said, re.MULTILINE)
            tape.environ |= {name: value.strip("'") for name, value in pairs}
            tape.shown("release", "--bump", "minor", "--yes", until=KILLED_AT)
            tape.shown("status")
            tape.shown("release", "--bump", "minor", "--yes", brief=True)
        finally:
            tape.quietly("rehearsal.stop")
    return tape.lines[1:]


def picture(lines: list[str]) -> str:
    """The lines as a terminal in SVG."""
    with Path(os.devnull).open("w") as nowhere:
        console = Console(record=True, width=WIDTH, file=nowhere)
        for line in lines:
            tone = next((tone for start, tone in TONES if line.startswith(start)), "")
            console.print(Text(line, tone), soft_wrap=False)
        return FONTS.sub("", console.export_svg(title="killed, and run again", unique_id="recording"))


if __name__ == "__main__":
    PICTURE.write_text(picture(record()), "utf-8")
