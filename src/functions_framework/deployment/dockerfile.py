"""The Dockerfile that all platforms share which run images, and what stays out of the image."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from .project import HEALTH_PATH, PORT

if TYPE_CHECKING:
    from .project import Project

# Its own user, as a number, so that Kubernetes can see for itself that it is not root.
USER = 10001

# The slim image has no curl. `-I` keeps a http.py of the project out of it, and http.client asks no
# proxy that the environment names.
HEALTH_CHECK = (
    "python",
    "-I",
    "-c",
    (
        "import http.client as web, os, sys; "
        "call = web.HTTPConnection('127.0.0.1', int(os.environ['PORT']), timeout=5); "
        "path = os.environ['HEALTH_PATH']; "
        "call.request('GET', path.partition(',')[2] or path + '/live'); "
        "sys.exit(call.getresponse().status != 200)"
    ),
)

DOCKERIGNORE = """\
.git
.github
.venv
.env
*.recorded.json
__pycache__
*.pyc
.pytest_cache
.dockerignore
Dockerfile
README.md
requirements-test.txt
test_*.py
"""


def dockerfile(project: Project) -> str:
    """The text of the Dockerfile."""
    environment = {"PORT": str(PORT), **project.environment(), "HEALTH_PATH": HEALTH_PATH}
    return f"""\
# functions-framework deploy-files
FROM python:{project.python}-slim

ENV PYTHONUNBUFFERED=1 \\
    PYTHONDONTWRITEBYTECODE=1

WORKDIR /app

# What was downloaded stays on the machine that builds, and out of the image.
{_install(project)}

COPY . .
# Compiled once here instead of at every cold start; a read-only root filesystem could not keep it.
RUN python -m compileall -q .

# A number, so that Kubernetes can see for itself that it is not root.
USER {USER}

ENV {_environment(environment)}
EXPOSE {PORT}

HEALTHCHECK --interval=10s --timeout=6s --start-period=30s \\
    CMD {json.dumps(HEALTH_CHECK)}

# Exec form: the framework is process 1 and gets SIGTERM itself.
CMD ["functions-framework"]
"""


def _install(project: Project) -> str:
    wanted = project.requirements
    copied = f"COPY {wanted.file} .\n" if wanted.file else ""
    return f"{copied}RUN --mount=type=cache,target=/root/.cache/pip \\\n    {wanted.pip()}"


def _environment(values: dict[str, str]) -> str:
    return " \\\n    ".join(f"{name}={_quoted(value)}" for name, value in values.items())


def _quoted(value: str) -> str:
    if not set(value) & set(" '\"\\$"):
        return value
    return json.dumps(value, ensure_ascii=False).replace("$", "\\$")
