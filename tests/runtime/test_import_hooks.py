"""What waits for an import sees the module after it has run, and leaves no trace."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from typing import TYPE_CHECKING

import pytest

from functions_framework.runtime.import_hooks import on_import

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

NAME = "imported_late"


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(tmp_path)
    before = list(sys.meta_path)
    yield tmp_path / f"{NAME}.py"
    sys.modules.pop(NAME, None)
    assert sys.meta_path == before


def test_it_is_called_once_when_the_module_has_run(module: Path) -> None:
    module.write_text("value = 1\n")
    seen: list[int] = []

    def note(found: ModuleType) -> None:
        seen.append(found.value)
        vars(found)["value"] = 2

    on_import(NAME, note)
    assert seen == []
    found = importlib.import_module(NAME)
    assert (seen, found.value) == ([1], 2)
    importlib.reload(found)
    assert (seen, found.value) == ([1], 1)


def test_it_is_called_at_once_for_what_is_there(module: Path) -> None:
    module.write_text("value = 1\n")
    seen: list[ModuleType] = []
    found = importlib.import_module(NAME)
    on_import(NAME, seen.append)
    assert seen == [found]


def test_the_module_keeps_its_own_loader(module: Path) -> None:
    module.write_text("value = 1\n")
    on_import(NAME, lambda _: None)
    found = importlib.import_module(NAME)
    assert found.__spec__ is not None
    # Not the usual loader's: what other tests have loaded may have one of its own for all modules.
    module.with_name("not_watched.py").write_text("")
    unwatched = importlib.util.find_spec("not_watched")
    assert unwatched is not None
    assert type(found.__loader__) is type(found.__spec__.loader) is type(unwatched.loader)
    assert inspect.getsource(found) == "value = 1\n"


def test_a_module_that_fails_is_not_shown(module: Path) -> None:
    module.write_text("raise ValueError('broken on purpose')\n")
    seen: list[ModuleType] = []
    on_import(NAME, seen.append)
    with pytest.raises(ValueError, match="on purpose"):
        importlib.import_module(NAME)
    assert seen == []


def test_a_module_that_is_not_there_is_missed_as_usual(module: Path) -> None:
    assert not module.exists()
    on_import(NAME, lambda _: None)
    with pytest.raises(ModuleNotFoundError, match=NAME):
        importlib.import_module(NAME)


def test_nobody_is_told_who_waits_no_longer(module: Path) -> None:
    module.write_text("value = 1\n")
    seen: list[ModuleType] = []
    forget = on_import(NAME, seen.append)
    forget()
    forget()
    importlib.import_module(NAME)
    assert seen == []
