"""What to say of a source that isn't there: what it may have been meant for."""

from __future__ import annotations

from pathlib import Path

_SHOWN = 8


def missing_source(path: Path) -> str:
    """A sentence that names the file, and another that says what to type instead.

    Args:
        path: as it was given, relative to the working directory or absolute.
    """
    message = f"File {path} that is expected to define function doesn't exist"
    meant = _meant_by(path)
    if meant:
        return f"{message}. Did you mean --source {meant}?"
    found = sorted(item.name for item in path.parent.glob("*.py")) if path.parent.is_dir() else []
    if found:
        shown = ", ".join(found[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")
        where = "the working directory" if path.parent == Path() else path.parent
        return f"{message}. There is in {where}: {shown}. Pick one with --source."
    return f"{message}. Pass the file or its directory with --source or FUNCTION_SOURCE."


def module_meant_by(target: str, directory: Path) -> str:
    """The target that names a module below a directory, where dots stand for its colon; else ""."""
    outer, _, last = target.rpartition(".")
    for module, name in ((target, "NAME"), (outer, last)):
        path = directory / module.replace(".", "/")
        files = (Path(f"{path}.py"), path / "__init__.py")
        if outer and any(file.is_file() for file in files):
            return f"{module}:{name}"
    return ""


def _meant_by(path: Path) -> str:
    """What was probably meant by a path that leads nowhere, empty where nothing is near."""
    text, name = str(path), ""
    if ":" in path.name:
        text, _, name = text.rpartition(":")
    dotted = Path(*Path(text).name.split("."))
    for near in (Path(text), Path(f"{text}.py"), Path(text).parent / dotted.with_suffix(".py")):
        if near.suffix == ".py" and near.is_file():
            return f"{near} --target {name}" if name else str(near)
    here = Path.cwd()
    below = [item for item in here.glob(f"*/{path.name}") if item.is_file()]
    found = [here / path.name] if (here / path.name).is_file() else below
    return str(found[0].relative_to(here)) if len(found) == 1 else ""
