"""`inv --list` shows the tasks; each explains itself with --help."""

from pathlib import Path

from release.tasks import collection

namespace = collection(Path(__file__).parent)
