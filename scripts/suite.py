"""`./run test` without arguments: the tests in three processes at once, those in a browser and two halves of all others.

Each has services of its own. Two cores are what a small machine has: with three processes none of them idles while one waits
for a page, and all end at about the same time.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
JOURNEYS = "tests/journeys"
FIRST = ("tests/matrix", "tests/operations")
PARTS = {
    "in a browser": (JOURNEYS,),
    "first half": FIRST,
    "second half": ("tests", *(f"--ignore={folder}" for folder in (JOURNEYS, *FIRST))),
}


def main() -> int:
    """Run all tests; what each process says is shown when it has ended."""
    began = time.monotonic()
    running: dict[str, tuple[subprocess.Popen[bytes], IO[bytes]]] = {}
    codes: dict[str, int] = {}
    try:
        for name, words in PARTS.items():
            said = tempfile.TemporaryFile()  # noqa: SIM115  # closed when it was shown
            process = subprocess.Popen(
                [sys.executable, "-m", "pytest", *words], cwd=ROOT, stdout=said, stderr=subprocess.STDOUT
            )
            running[name] = process, said
        while running:
            time.sleep(0.2)
            for name, (process, said) in list(running.items()):
                if process.poll() is None:
                    continue
                del running[name]
                codes[name] = process.returncode
                show(name, said, time.monotonic() - began)
    except KeyboardInterrupt:
        for process, _ in running.values():
            process.terminate()
        for process, _ in running.values():
            process.wait()
        raise
    print(f"all tests: {time.monotonic() - began:.0f} s; " + ", ".join(f"{name} {codes[name]}" for name in PARTS))
    return next((code for code in codes.values() if code), 0)


def show(name: str, said: IO[bytes], seconds: float) -> None:
    """Print what a part of the tests said."""
    with said:
        said.seek(0)
        print(f"-- {name}: {seconds:.0f} s", said.read().decode(errors="replace"), sep="\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
