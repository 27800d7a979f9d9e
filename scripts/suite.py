"""`./run test` without arguments: the tests in two processes at once, those in a browser and all others.

Each has services of its own. Two cores are what a small machine has; one process leaves one of them idle.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
JOURNEYS = "tests/journeys"


def main() -> int:
    """Run all tests; what the browser's say is shown when the others are done."""
    began = time.monotonic()
    pytest = [sys.executable, "-m", "pytest"]
    with tempfile.TemporaryFile() as said:
        journeys = subprocess.Popen([*pytest, JOURNEYS], cwd=ROOT, stdout=said, stderr=subprocess.STDOUT)
        try:
            others = subprocess.run([*pytest, f"--ignore={JOURNEYS}"], cwd=ROOT, check=False).returncode
            browser = journeys.wait()
        except KeyboardInterrupt:
            journeys.terminate()
            journeys.wait()
            raise
        said.seek(0)
        sys.stdout.write(said.read().decode(errors="replace"))
    print(f"all tests: {time.monotonic() - began:.0f} s; in a browser {browser}, all others {others}")
    return others or browser


if __name__ == "__main__":
    sys.exit(main())
