"""How a worker gets its host when nobody brings one: load the target, build the host for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .hosting import Build, Hosted

if TYPE_CHECKING:
    from functions_framework.settings import Settings


def of_target(settings: Settings) -> Build:
    """A `Build` that loads `settings.target` when it is called, in the worker."""

    def build() -> Hosted:
        from functions_framework import hosts, logs  # noqa: PLC0415 - the parent never imports them

        logs.configure(settings)
        functions, host = hosts.load(settings)
        names = ", ".join(function.name for function in functions)
        return Hosted(host, names, str(functions[0].signature))

    return build
