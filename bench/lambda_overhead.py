"""What an invoke of AWS Lambda costs beside the function: ours, Mangum's, and a handler by hand.

`python -m bench.lambda_overhead` prints a table; `--write` puts it into docs/aws-lambda.md. The
contenders take turns with the same request of an HTTP API; what is told is CPU time, and how it
compares within a round.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from .installs import environment
from .places import DOCS, FUNCTIONS, ROOT

_MANGUM = ("mangum==0.22.0", "starlette==1.10.0")
_PLACE = FUNCTIONS / "on_lambda"
_PAGE = DOCS / "aws-lambda.md"
_PAYLOAD = ROOT / "tests" / "data" / "aws" / "http" / "http_api_2.json"
_BEGIN, _END = "<!-- figures of bench/lambda_overhead.py -->", "<!-- end of figures -->"
_CALLS, _ROUNDS, _STARTS = 2000, 15, 5


class Contender(NamedTuple):
    """Who is measured.

    Attributes:
        label: as the table has it.
        python: the interpreter it runs in.
        arguments: of `caller.py`, its payload aside: the module, then what that looks at.
    """

    label: str
    python: Path
    arguments: tuple[str, ...]


def _contenders() -> list[Contender]:
    mangum = environment("mangum", _MANGUM, " ".join(_MANGUM)) / "bin" / "python"
    own = Path(sys.executable)
    return [
        Contender("`def`, this framework", own, ("ours",)),
        Contender("`async def`, this framework", own, ("ours", "async")),
        Contender("Starlette behind Mangum", mangum, ("mangum_starlette",)),
        Contender("a handler by hand", own, ("by_hand",)),
    ]


def _payload() -> dict[str, object]:
    found: dict[str, object] = json.loads(_PAYLOAD.read_text(encoding="utf-8"))
    text = json.dumps(found).replace("/path/to/resource", "/hello")
    headers = {"content-type": "application/json", "host": "api.example", "accept": "*/*"}
    body = {"headers": headers, "body": '{"name": "Lambda"}', "isBase64Encoded": False}
    return {**json.loads(text), **body}


class Caller:
    """A process that calls one contender's handler."""

    def __init__(self, contender: Contender, payload: Path) -> None:
        module, *further = contender.arguments
        files = [contender.python, _PLACE / "caller.py"]
        argv = [*map(str, files), module, str(payload), *further]
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self._process = subprocess.Popen(
            argv, cwd=_PLACE, env=kept, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.start_seconds = self._read()

    def _read(self) -> float:
        assert self._process.stdout is not None
        return float(self._process.stdout.readline())

    def call(self, times: int) -> float:
        """Call it that often; seconds of CPU time for one."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{times}\n")
        self._process.stdin.flush()
        return self._read() / times

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


@contextlib.contextmanager
def _payload_file() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "payload.json"
        file.write_text(json.dumps(_payload()), encoding="utf-8")
        yield file


class Measured(NamedTuple):
    """What one contender took, round by round, in seconds of CPU time.

    Attributes:
        label: its own.
        starts: of a process until its first response.
        calls: of one invoke.
    """

    label: str
    starts: list[float]
    calls: list[float]


def measure(*, rounds: int = _ROUNDS, calls: int = _CALLS, starts: int = _STARTS) -> list[Measured]:
    """Measure all of them in turns."""
    contenders = _contenders()
    found = [Measured(contender.label, [], []) for contender in contenders]
    with _payload_file() as payload:
        for _ in range(starts):
            for contender, measured in zip(contenders, found, strict=True):
                caller = Caller(contender, payload)
                measured.starts.append(caller.start_seconds)
                caller.close()
        callers = [Caller(contender, payload) for contender in contenders]
        for caller in callers:
            caller.call(calls)  # caches fill
        for _ in range(rounds):
            for caller, measured in zip(callers, found, strict=True):
                measured.calls.append(caller.call(calls))
        for caller in callers:
            caller.close()
    return found


def table(found: Sequence[Measured]) -> str:
    """The figures in Markdown, with ratios to Mangum's taken within a round."""
    mangum = next(one for one in found if "Mangum" in one.label)
    lines = [
        "| | CPU time of an invoke | of Mangum's | CPU time until the first response |",
        "|---|---|---|---|",
    ]
    for one in found:
        ratio = statistics.median(
            own / other for own, other in zip(one.calls, mangum.calls, strict=True)
        )
        call, start = statistics.median(one.calls), statistics.median(one.starts)
        lines.append(f"| {one.label} | {call * 1e6:.0f} µs | {ratio:.0%} | {start * 1e3:.0f} ms |")
    return "\n".join(lines)


def main() -> None:
    """Measure, and show it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--write", action="store_true", help="put it into docs/aws-lambda.md")
    options.add_argument("--rounds", type=int, default=_ROUNDS)
    given = options.parse_args()
    shown = table(measure(rounds=given.rounds))
    print(shown)
    if given.write:
        text = _PAGE.read_text(encoding="utf-8")
        before, _, rest = text.partition(_BEGIN)
        _, _, after = rest.partition(_END)
        _PAGE.write_text(f"{before}{_BEGIN}\n{shown}\n{_END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
