"""Azure Functions: the host's configuration, a binding for each function, and an image with both.

The server is a custom handler: the host starts it and sends on what comes. Sources: the Azure
Functions documentation, "Azure Functions custom handlers", "host.json reference" and the page of
each trigger. Names between percent signs are settings of the function app.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from functions_framework.settings import options

from .containers import build

if TYPE_CHECKING:
    from .project import Project, Served

DOCKERFILE = "Dockerfile.azure"
"""Its own: what other platforms run has no host in it."""

_STORAGE = "AzureWebJobsStorage"
_EVENT_GRID = {"type": "eventGridTrigger"}
# By the beginnings of the types that `platforms.azure` gives to what the host sends.
_TRIGGERS: dict[str, dict[str, Any]] = {
    "com.microsoft.azure.storage.queue.": {
        "type": "queueTrigger",
        "queueName": "%{name}_QUEUE%",
        "connection": _STORAGE,
    },
    "com.microsoft.azure.servicebus.": {
        "type": "serviceBusTrigger",
        "queueName": "%{name}_QUEUE%",
        "connection": "SERVICE_BUS",
    },
    "com.microsoft.azure.eventhubs.": {
        "type": "eventHubTrigger",
        "eventHubName": "%{name}_HUB%",
        "connection": "EVENT_HUBS",
        "cardinality": "many",
    },
    "com.microsoft.azure.storage.blob.": {
        "type": "blobTrigger",
        "path": "%{name}_CONTAINER%/{blob}",
        "source": "EventGrid",
        "connection": _STORAGE,
    },
    "com.microsoft.azure.functions.timer.": {
        "type": "timerTrigger",
        "schedule": "%{name}_SCHEDULE%",
    },
    "com.microsoft.azure.cosmosdb.": {
        "type": "cosmosDBTrigger",
        "databaseName": "%{name}_DATABASE%",
        "containerName": "%{name}_CONTAINER%",
        "connection": "COSMOS_DB",
        "createLeaseContainerIfNotExists": True,
    },
}


def files(project: Project) -> dict[str, str]:
    """The files, text by name."""
    found = {DOCKERFILE: _dockerfile(project), "host.json": _host(project)}
    for function in project.functions:
        bindings = [_events(function)] if function.takes_events else _requests(function)
        found[f"{function.name}/function.json"] = _json({"bindings": bindings})
    return found


def commands(project: Project) -> list[str]:
    """What deploys."""
    names = [name for function in project.triggered for name in _settings(_events(function))]
    settings = " ".join(f"{name}=VALUE" for name in dict.fromkeys([*names, *project.variables]))
    app = "--name APP --resource-group GROUP"
    set_them = f"az functionapp config appsettings set {app} \\\n    --settings {settings}"
    return [
        *build(project, DOCKERFILE),
        f"az functionapp config container set {app} --image {project.image}",
        *([set_them] if settings else []),
    ]


def _dockerfile(project: Project) -> str:
    wanted = project.requirements
    copied = f"COPY {wanted.file} /tmp/\n" if wanted.file else ""
    return f"""\
# functions-framework deploy-files azure
# The host of Azure Functions, and Python for the custom handler.
FROM mcr.microsoft.com/azure-functions/base:4

RUN apt-get update \\
    && apt-get install --yes --no-install-recommends python3-venv \\
    && rm -rf /var/lib/apt/lists/* \\
    && python3 -m venv /venv
ENV PATH=/venv/bin:$PATH

WORKDIR /tmp
# What was downloaded stays on the machine that builds, and out of the image.
{copied}RUN --mount=type=cache,target=/root/.cache/pip \\
    {wanted.pip()}

WORKDIR /home/site/wwwroot
COPY . .
# Compiled once here instead of at every cold start.
RUN python -m compileall -q .

ENV FUNCTIONS_WORKER_RUNTIME=custom \\
    AzureWebJobsScriptRoot=/home/site/wwwroot \\
    AzureFunctionsJobHost__Logging__Console__IsEnabled=true
"""


def _host(project: Project) -> str:
    arguments = ["--host", "127.0.0.1"]
    by_variable = {option.variable: option.flag for option in options().values()}
    for variable, value in {**project.environment(), **project.given}.items():
        arguments += [by_variable[variable], value]
    description = {"defaultExecutablePath": "functions-framework", "arguments": arguments}
    host: dict[str, Any] = {
        "version": "2.0",
        "customHandler": {"description": description, "enableProxyingHttpRequest": True},
        "extensions": {"http": {"routePrefix": ""}},
        "extensionBundle": {
            "id": "Microsoft.Azure.Functions.ExtensionBundle",
            "version": "[4.*, 5.0.0)",
        },
    }
    if project.timeout is not None:
        # The call ends first, so that the host hears of it.
        total = int(project.timeout) + 1
        host["functionTimeout"] = f"{total // 3600:02}:{total // 60 % 60:02}:{total % 60:02}"
    return _json(host)


def _requests(function: Served) -> list[dict[str, Any]]:
    path = (function.path or "/").strip("/")
    return [
        {
            "type": "httpTrigger",
            "direction": "in",
            "name": "req",
            "authLevel": "function",
            "route": f"{path}/{{*rest}}" if path else "{*rest}",
        },
        {"type": "http", "direction": "out", "name": "res"},
    ]


def _events(function: Served) -> dict[str, Any]:
    """The trigger of a function, by the first of its types that the host has one for."""
    starts = ((start, kind) for kind in function.types for start in _TRIGGERS)
    found = next(
        (_TRIGGERS[start] for start, kind in starts if kind.startswith(start)), _EVENT_GRID
    )
    values = {
        key: value.replace("{name}", function.name.upper()) if isinstance(value, str) else value
        for key, value in found.items()
    }
    return {"type": values.pop("type"), "direction": "in", "name": "event", **values}


def _settings(trigger: dict[str, Any]) -> list[str]:
    """The settings of the function app that a trigger names."""
    found = [
        value.split("%")[1]
        for value in trigger.values()
        if isinstance(value, str) and value.startswith("%")
    ]
    connection = trigger.get("connection", _STORAGE)
    return found if connection == _STORAGE else [*found, connection]


def _json(value: Any) -> str:
    return json.dumps(value, indent=2) + "\n"
