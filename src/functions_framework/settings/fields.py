"""Every setting, declared once: its flag, its environment variable, its default, how it is read.

The command line, the Python API, the documentation's table and its test are all derived from the
fields of `Settings`. Nothing else in the package reads argv or these variables.
"""

from __future__ import annotations

import functools
from types import MappingProxyType

from functions_framework.runtime.values import metadata_of, value_class

from . import announced
from .environment import from_environment
from .options import InvalidNumberException, InvalidSettingException, Option, declare
from .parsers import (
    boolean,
    directory,
    globs,
    header_size,
    log_format,
    log_level,
    names,
    probe_path,
    seconds,
    size,
    whole,
)
from .parsers import port as tcp_port
from .serving import ServingSettings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any


_OF_A_PORT = frozenset({"host", "port"})


@value_class(frozen=True)
class Settings(ServingSettings):
    """What the user asked for; see each field's help.

    Times are seconds, sizes are bytes; a limit of 0 means none unless its help says otherwise.
    """

    # One option a paragraph: a table reads best.
    # fmt: off
    timeout: float = declare(
        "--timeout", "CLOUD_RUN_TIMEOUT_SECONDS", seconds, default=0.0, group="Limits",
        error=InvalidNumberException,
        help="Seconds a call may take before it is ended with a 504, 0 for no limit.",
    )
    grace_period: float = declare(
        "--grace-period", "GRACE_PERIOD", seconds, default=8.0, group="Limits",
        help="Seconds that requests in flight get to finish after SIGTERM.",
    )
    concurrency: int = declare(
        "--concurrency", "CONCURRENCY", whole, default=0, group="Limits",
        help="Calls that run at once in each worker, 0 for as many as there are threads (async "
        "functions: no limit). 1000 more wait; the next gets a 503.",
    )
    max_body_size: int = declare(
        "--max-body-size", "MAX_BODY_SIZE", size, default=0, group="Limits",
        help="Largest body of a request in bytes (K, M, G); a longer one gets a 413. 0 for any.",
    )
    max_websockets: int = declare(
        "--max-websockets", "MAX_WEBSOCKETS", whole, default=0, group="Limits",
        help="WebSockets that are open at once in each worker, 0 for any number; the next gets a "
        "503. They don't count as calls of --concurrency.",
    )
    max_header_size: int = declare(
        "--max-header-size", "MAX_HEADER_SIZE", header_size, default=64 * 1024, group="Limits",
        help="Bytes a request's line and headers may have together (8K at least); more get a "
        "431, as do more than 100 headers over HTTP/1.1.",
    )
    header_timeout: float = declare(
        "--header-timeout", "HEADER_TIMEOUT", seconds, default=30.0, group="Limits",
        help="Seconds a client may take to send a request's head, 0 for any. One clock measures "
        "this and --keep-alive: the longer of the two counts.",
    )
    body_timeout: float = declare(
        "--body-timeout", "BODY_TIMEOUT", seconds, default=60.0, group="Limits",
        help="Seconds a client may pause in the middle of its body, 0 for any; then it gets a 408 "
        "and is cut off, as are the slowest where over 512 keep threads waiting.",
    )
    send_timeout: float = declare(
        "--send-timeout", "SEND_TIMEOUT", seconds, default=60.0, group="Limits",
        help="Seconds a client may stop reading a response, 0 for any; then it is cut off.",
    )
    keep_alive: float = declare(
        "--keep-alive", "KEEP_ALIVE", seconds, default=75.0, group="Limits",
        help="Seconds an idle connection is kept, 0 to end it after each response.",
    )
    health_path: str | None = declare(
        "--health-path", "HEALTH_PATH", probe_path, default=None, group="Health",
        help="Path for probes, such as /healthz: a GET of it says whether the server takes calls "
        "(200 or 503), a GET of its /live that it lives. A second path after a comma is that of "
        "liveness instead. Default: none.",
    )
    log_level: str = declare(
        "--log-level", "LOG_LEVEL", log_level, default="info", group="Logs",
        is_lenient=True, older_variable="GUNICORN_LOG_LEVEL",
        help="Least severe records shown: debug, info, warning, error or critical. "
        "GUNICORN_LOG_LEVEL is the variable's older name.",
    )
    log_format: str = declare(
        "--log-format", "LOG_FORMAT", log_format, default="auto", group="Logs", is_lenient=True,
        help="How records look: text, json, or auto, which is text on a terminal, JSON on a "
        "platform that reads it (Cloud Run, Cloud Functions, Knative) and text elsewhere.",
    )
    log_execution_id: bool = declare(
        "--log-execution-id", "LOG_EXECUTION_ID", boolean, default=False, group="Logs",
        is_lenient=True,
        help="Write what a call prints as JSON records that carry its execution id.",
    )
    access_log: bool = declare(
        "--access-log", "ACCESS_LOG", boolean, default=False, group="Logs", is_lenient=True,
        help="Log each request: method, path, status, bytes, duration, execution id.",
    )
    report: bool = declare(
        "--report", "LOAD_REPORT", boolean, default=False, group="Logs", is_lenient=True,
        help="Print how long loading took and which imports cost most, as JSON where logs are "
        "JSON. --debug prints it too.",
    )
    otel: bool = declare(
        "--otel", "FUNCTION_OTEL", boolean, default=False, group="Telemetry", is_lenient=True,
        help="Send traces and metrics of calls by OpenTelemetry (extra: otel). On as well where "
        "the extra is installed and an OTEL_ variable names an endpoint or an exporter.",
    )
    metrics_port: int | None = declare(
        "--metrics-port", "METRICS_PORT", tcp_port, default=None, group="Telemetry",
        help="Port that serves Prometheus metrics at /metrics (extra: prometheus), 0 for any free "
        "one. Default: none.",
    )
    debug: bool = declare(
        "--debug", "DEBUG", boolean, default=False, group="Development", is_lenient=True,
        help="Show tracebacks in the browser and restart on changes. Not for production.",
    )
    reload: bool = declare(
        "--reload", "RELOAD", boolean, default=False, group="Development", is_lenient=True,
        help="Restart when a Python file or template below the source's directory changes; --debug "
        "implies it.",
    )
    reload_poll: bool = declare(
        "--reload-poll", "RELOAD_POLL", boolean, default=False, group="Development",
        is_lenient=True,
        help="As --reload, by looking at the files again and again: for mounts whose changes the "
        "system does not tell of.",
    )
    reload_include: str | None = declare(
        "--reload-include", "RELOAD_INCLUDE", globs, default=None, group="Development",
        help="Further files whose changes restart, as patterns with commas between them, such as "
        "data/*.json. Without it these are Python files and templates.",
    )
    reload_exclude: str | None = declare(
        "--reload-exclude", "RELOAD_EXCLUDE", globs, default=None, group="Development",
        help="Files and directories whose changes restart nothing, as patterns with commas between "
        "them.",
    )
    reload_dir: str | None = declare(
        "--reload-dir", "RELOAD_DIR", globs, default=None, group="Development",
        help="Further directories to watch beside the source's, with commas between them.",
    )
    record: str | None = declare(
        "--record", "RECORD", directory, default=None, group="Development",
        help="Directory that gets a file for each request with its outcome, the last 1000 of them, "
        "for 'functions-framework replay'. Secrets are left out by their names.",
    )
    record_redact: str | None = declare(
        "--record-redact", "RECORD_REDACT", names, default=None, group="Development",
        help="Further names of headers, parameters and JSON keys whose values --record leaves out.",
    )
    # fmt: on

    @classmethod
    def load(
        cls,
        given: Mapping[str, Any] | None = None,
        environ: Mapping[str, str] | None = None,
        warn: Callable[[str], None] | None = None,
        names: Iterable[str] | None = None,
        project: Mapping[str, Any] | None = None,
    ) -> Settings:
        """Combine given values (which win) with the environment (empty text counts as unset).

        Args:
            given: parsed values by field name; None values count as not given.
            environ: the environment, what users set of the process's when omitted.
            warn: called with a sentence for a variable that is ignored.
            names: the fields whose variables are read, all of them when omitted.
            project: parsed values by field name that variables beat, see `project_file`.

        Raises:
            InvalidSettingException: a variable holds what its option cannot take, or a port is
                given and a socket's path as well. Of variables the path counts: many platforms
                set a port for everybody.
        """
        environ = announced.environ() if environ is None else environ
        values = {name: value for name, value in (given or {}).items() if value is not None}
        if not values.keys().isdisjoint(_OF_A_PORT):
            if "uds" in values:
                raise InvalidSettingException(
                    f"A server listens on a path or on a port, and both are given: --uds "
                    f"{values['uds']} and --host or --port. Leave one out."
                )
            values["uds"] = None
        for name in options() if names is None else names:
            if name not in values:
                found = from_environment(options()[name], environ, warn)
                if not found and project and name in project:
                    found = [project[name]]
                for value in found:
                    values[name] = value
        return cls(**values)

    @property
    def is_reloading(self) -> bool:
        """Whether a change of the source restarts the function."""
        return self.reload or self.debug or self.reload_poll

    @classmethod
    def default(cls, name: str) -> Any:
        """The default of one field."""
        return getattr(cls, name)


@functools.cache
def options() -> Mapping[str, Option]:
    """Every option by its field's name, in the order they are shown."""
    said = metadata_of(Settings)
    return MappingProxyType({name: found["option"] for name, found in said.items()})
