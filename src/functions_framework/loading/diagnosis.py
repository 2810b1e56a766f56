"""What to say of a load that failed where one line says more than a traceback, and what to do."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .needed_variables import missing_variables

if TYPE_CHECKING:
    from collections.abc import Iterator

# Packages whose name on PyPI isn't that of the module.
_DISTRIBUTIONS = {
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "Crypto": "pycryptodome",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "fitz": "PyMuPDF",
    "flask_cors": "Flask-Cors",
    "googleapiclient": "google-api-python-client",
    "google.auth": "google-auth",
    "google.oauth2": "google-auth",
    "google.genai": "google-genai",
    "jose": "python-jose",
    "jwt": "PyJWT",
    "MySQLdb": "mysqlclient",
    "OpenSSL": "pyOpenSSL",
    "PIL": "Pillow",
    "psycopg2": "psycopg2-binary",
    "serial": "pyserial",
    "sklearn": "scikit-learn",
    "skimage": "scikit-image",
    "telegram": "python-telegram-bot",
    "yaml": "PyYAML",
}
_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)", re.MULTILINE)
_DECLARATION = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_NOT_IN_NAMESPACE = re.compile(r"cannot import name '(\w+)' from '([\w.]+)' \(unknown location\)")
_ENCODINGS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


def diagnosis(error: BaseException, path: Path) -> str | None:
    """A sentence or two on what ended a load, None where the traceback is what helps.

    Args:
        error: what was raised.
        path: the source.
    """
    if isinstance(error, KeyError):
        return missing_variables(error, path)
    if isinstance(error, ModuleNotFoundError):
        return _missing_module(error, error.name or "", path)
    if isinstance(error, ImportError):
        # Of what is shared by several packages, such as google.cloud.
        found = _NOT_IN_NAMESPACE.match(str(error))
        return _missing_module(error, f"{found[2]}.{found[1]}", path) if found else None
    if isinstance(error, (SyntaxError, UnicodeDecodeError)):
        return bad_encoding(Path(getattr(error, "filename", None) or path))
    return None


def bad_encoding(path: Path) -> str | None:
    """What is wrong with the encoding of a source, None where it is as it says.

    A source is UTF-8 unless its first two lines say otherwise (PEP 263).
    """
    encoding = "utf-8"
    try:
        content = path.read_bytes()
        if content[:2] in _ENCODINGS:
            return f"{path.name} is {_ENCODINGS[content[:2]]}: save it as UTF-8."
        if b"\0" in content:
            return f"{path.name} holds NUL bytes and isn't a Python source: save it as UTF-8 text."
        for line in content.split(b"\n")[:2]:
            if declared := _DECLARATION.match(line):
                encoding = declared[1].decode()
        content.decode(encoding)
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        return (
            f"{path.name}:{number}: the file isn't {encoding.upper()} (byte "
            f"0x{content[error.start]:02x}): save it as UTF-8, or name its encoding in the first "
            "line: # -*- coding: latin-1 -*-"
        )
    except (OSError, LookupError):
        return None
    return None


def _missing_module(error: ImportError, name: str, path: Path) -> str | None:
    top = name.partition(".")[0]
    if not name or top == path.stem or (top in sys.stdlib_module_names and "." not in name):
        return None
    importers = list(_importers(error))
    if not importers:
        return None
    file, line = importers[-1]
    text = f"{_shown(Path(file), path)}:{line} imports {name!r}, which isn't installed"
    close = _close_name(top, path.parent)
    meant = f" Did you mean {close!r}? Else run" if close else " Run"
    distribution = _distribution_of(name)
    requirements = path.parent / "requirements.txt"
    if _normal(distribution) in _required(requirements):
        return f"{text}.{meant}: pip install -r {_shown(requirements, path)}"
    return f"{text}.{meant}: pip install {distribution} (and add it to requirements.txt)"


def _importers(error: BaseException) -> Iterator[tuple[str, int]]:
    """The files and lines that led to a failed import, without the framework's and importlib's."""
    package = str(Path(__file__).parents[1])
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not file.startswith((package, "<frozen ")):
            yield file, trace.tb_lineno
        trace = trace.tb_next


def _shown(file: Path, source: Path) -> str:
    """A file's path, from the source's directory where it is below that."""
    if file.is_relative_to(source.parent):
        return str(file.relative_to(source.parent))
    return str(file)


def _close_name(top: str, directory: Path) -> str | None:
    """A module that may have been meant: one beside the source, or a standard one."""
    import difflib

    beside = [entry.stem for entry in directory.glob("*.py")]
    beside += [entry.parent.name for entry in directory.glob("*/__init__.py")]
    known = [*beside, *(name for name in sys.stdlib_module_names if name[0] != "_")]
    if top in known or top in _DISTRIBUTIONS:
        return None
    found = difflib.get_close_matches(top, known, n=1, cutoff=0.74)
    return found[0] if found else None


def _distribution_of(name: str) -> str:
    parts = name.split(".")
    if parts[:2] == ["google", "cloud"] and len(parts) > 2:
        return f"google-cloud-{parts[2].partition('_v')[0].replace('_', '-')}"
    for known in (".".join(parts[:2]), parts[0]):
        if known in _DISTRIBUTIONS:
            return _DISTRIBUTIONS[known]
    # Namespaces are shared by many packages: their names have more than the first part.
    count = 2 if parts[0] in {"google", "azure"} else 1
    return "-".join(parts[:count]).replace("_", "-")


def _required(file: Path) -> set[str]:
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return set()
    return {_normal(name) for name in _REQUIREMENT.findall(text)}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
