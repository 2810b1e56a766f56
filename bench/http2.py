"""Load over HTTP/2 without TLS: `h2load` with eight connections of 32 streams."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from .contenders import Launch
from .exchange import HOST
from .load import Load, LoadError

CONNECTIONS = 8
STREAMS = 32


def load(one: Launch, port: int, core: int, seconds: float) -> Load:
    """Send a request over and over on all streams and report.

    Raises:
        LoadError: h2load is missing, failed or said nothing.
    """
    if shutil.which("h2load") is None:
        raise LoadError("h2load is missing: install it (Debian: apt-get install nghttp2-client)")
    exchange = one.exchange
    with tempfile.TemporaryDirectory() as directory:
        argv = ["taskset", "-c", str(core), "h2load", "--no-tls-proto=h2c", "-t", "1"]
        argv += ["-c", str(CONNECTIONS), "-m", str(STREAMS)]
        argv += ["-D", f"{round(seconds * 1000)}ms"]
        argv += [f"--header={name}: {value}" for name, value in exchange.headers.items()]
        log = Path(directory, "log")
        argv.append(f"--log-file={log}")
        if exchange.body:
            body = Path(directory, "body")
            body.write_bytes(exchange.body)
            argv.append(f"--data={body}")
        argv.append(f"http://{HOST}:{port}{exchange.path}")
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise LoadError(f"h2load failed ({done.returncode}): {done.stderr.strip()[-400:]}")
        return parse(done.stdout, log.read_text())


def parse(output: str, log: str) -> Load:
    """Read what h2load wrote, and the latencies in its log.

    Args:
        output: its report.
        log: a line a request: start, status, microseconds, with tabs between them.

    Raises:
        LoadError: there is no rate in the report.
    """
    rate = re.search(r"finished in [^,]+, ([0-9.]+) req/s, ([0-9.]+)([KMG]?)B/s", output)
    asked = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", output)
    codes = re.search(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", output)
    if rate is None or asked is None or codes is None:
        raise LoadError(f"h2load reported nothing: {output.strip()[-400:]}")
    failures = sum(map(int, asked.groups()[1:])) + int(codes[3]) + int(codes[4])
    taken = sorted(int(line.split("\t")[2]) for line in log.splitlines()) or [0]
    factor = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30}[rate[3]]
    return Load(
        rate=float(rate[1]),
        p50=taken[len(taken) // 2] / 1e6,
        p99=taken[len(taken) * 99 // 100] / 1e6,
        received=float(rate[2]) * factor,
        failures=failures,
    )
