"""Azure Functions: the host's configuration, and a binding for each function.

The server is a custom handler: the host starts it and forwards what comes. Source: the Azure
Functions documentation, "Azure Functions custom handlers" and "host.json reference".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from functions_framework.settings import options

if TYPE_CHECKING:
    from .project import Project, Served

_METHODS = ("get", "post", "put", "patch", "delete", "head", "options")


def files(project: Project) -> dict[str, str]:
    """The files, text by name."""
    found = {"host.json": _host(project)}
    for function in project.functions:
        bindings = _events() if function.takes_events else _requests(function)
        found[f"{function.name}/function.json"] = _json({"bindings": bindings})
    return found


def commands(project: Project) -> list[str]:
    """What deploys."""
    values = {
        "PYTHONPATH": "/home/site/wwwroot/.python_packages/lib/site-packages",
        **dict.fromkeys(project.variables, "VALUE"),
    }
    settings = " ".join(f"{name}={value}" for name, value in values.items())
    return [
        (
            "az functionapp config appsettings set --name APP --resource-group GROUP \\\n"
            f"    --settings {settings}"
        ),
        "func azure functionapp publish APP --python",
    ]


def _host(project: Project) -> str:
    arguments = ["-m", "functions_framework"]
    by_variable = {option.variable: option.flag for option in options().values()}
    for variable, value in {**project.environment(), **project.given}.items():
        arguments += [by_variable[variable], value]
    description = {"defaultExecutablePath": "python", "arguments": arguments}
    host: dict[str, Any] = {
        "version": "2.0",
        "extensionBundle": {
            "id": "Microsoft.Azure.Functions.ExtensionBundle",
            "version": "[4.*, 5.0.0)",
        },
        "extensions": {"http": {"routePrefix": ""}},
        "customHandler": {"description": description, "enableForwardingHttpRequest": True},
    }
    if project.timeout is not None:
        total = int(project.timeout)
        host["functionTimeout"] = f"{total // 3600:02}:{total // 60 % 60:02}:{total % 60:02}"
    return _json(host)


def _requests(function: Served) -> list[dict[str, Any]]:
    path = (function.path or "/").strip("/")
    return [
        {
            "type": "httpTrigger",
            "direction": "in",
            "name": "request",
            "authLevel": "function",
            "methods": list(_METHODS),
            "route": f"{path}/{{*rest}}" if path else "{*rest}",
        },
        {"type": "http", "direction": "out", "name": "response"},
    ]


def _events() -> list[dict[str, Any]]:
    return [{"type": "eventGridTrigger", "direction": "in", "name": "event"}]


def _json(value: Any) -> str:
    return json.dumps(value, indent=2) + "\n"
