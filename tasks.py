"""`inv --list` shows the tasks; each explains itself with --help."""

from __future__ import annotations

from pathlib import Path

from release.tasks import collection
from tools.gates import run_gates

namespace = collection(Path(__file__).parent)
namespace.add_task(run_gates)
