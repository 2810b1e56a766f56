"""What is on the path while a source runs, and under which module name it runs."""

from __future__ import annotations

import importlib
import logging
import os
import pickle
import sys
import typing
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement

from functions_framework.loading import standard_names

if TYPE_CHECKING:
    from conftest import SourceTree

HELLO = "def hello(request): return __name__\n"


def test_the_real_directory_of_a_symlink_is_the_sources(sources: SourceTree) -> None:
    sources.write(real__fn="from beside import X\n" + HELLO, real__beside="X = 1\n")
    (sources.root / "link.py").symlink_to(sources.root / "real" / "fn.py")
    assert sources.load("hello", "link.py").call(None) == "fn"
    assert sys.path[0] == str(sources.root / "real")


def test_the_directory_comes_first_on_the_path_and_once(sources: SourceTree) -> None:
    sources.write(main=HELLO)
    for _ in range(2):
        sources.load()
        assert sys.path[0] == str(sources.root)
        assert sys.path.count(str(sources.root)) == 1


def test_siblings_come_before_installed_modules(sources: SourceTree) -> None:
    assert importlib.util.find_spec("hpack")
    sources.write(main="import hpack\ndef hello(request): return hpack.WHERE\n")
    sources.write(hpack="WHERE = 'beside'\n")
    loaded = {name: sys.modules.pop(name) for name in list(sys.modules) if name == "hpack"}
    try:
        assert sources.load().call(None) == "beside"
    finally:
        sys.modules.update(loaded)


def test_siblings_are_imported_absolutely_and_relatively(sources: SourceTree) -> None:
    sources.write(
        helper="X = 1\n",
        main="""
        import importlib
        import helper as absolute
        from .helper import X
        relative = importlib.import_module(".helper", __package__)
        def hello(request): return X, relative is absolute, __name__, __package__, __path__
        """,
    )
    assert sources.load().call(None) == (1, False, "main", "main", [str(sources.root)])


def test_the_module_is_registered_before_it_runs(sources: SourceTree) -> None:
    sources.write(
        main="""
        import dataclasses, sys
        assert sys.modules[__name__].__file__ == __file__
        import main
        @dataclasses.dataclass
        class Order:
            id: "int"
            next: "Order | None" = None
        def hello(request): return main
        """
    )
    function = sources.load()
    module = function.call(None)
    assert module is sys.modules["main"]
    assert module.Order.__module__ == "main"
    assert pickle.loads(pickle.dumps(module.Order(1))) == module.Order(1)
    assert typing.get_type_hints(module.Order)["id"] is int


def test_a_package_is_imported_as_one(sources: SourceTree) -> None:
    sources.write(
        app____init__="STARTED = []\n",
        app__shared="Y = 2\n",
        app__orders____init__="",
        app__orders__helper="X = 1\n",
        app__orders__main="""
        import app
        import main
        from .helper import X
        from ..shared import Y
        from app.shared import Y as absolute
        from helper import X as sibling
        app.STARTED.append(__name__)
        def hello(request): return X, Y, absolute, sibling, __name__, app.STARTED, main.__name__
        """,
    )
    for _ in range(2):
        found = sources.load("hello", "app/orders").call(None)
        assert found[:5] == (1, 2, 2, 1, "main")
        assert set(found[5]) == {"main"}
        assert found[6] == "main"
    assert sys.path[0] == str(sources.root / "app" / "orders")
    assert sys.path[-1] == str(sources.root)
    assert sys.modules["app.orders"].main is sys.modules["main"] is sys.modules["app.orders.main"]


def test_a_package_that_imports_the_source_itself_does_not_make_it_run_twice(
    sources: SourceTree,
) -> None:
    sources.write(
        pkg____init__="RUNS = []\nfrom .main import hello\n",
        pkg__main="import pkg\npkg.RUNS.append(1)\ndef hello(request): return pkg.RUNS\n",
    )
    assert sources.load("hello", "pkg").call(None) == [1]


def test_the_init_file_of_a_package_can_be_the_source(sources: SourceTree) -> None:
    sources.write(pkg____init__="from .helper import X\n" + HELLO, pkg__helper="X = 1\n")
    assert sources.load("hello", "pkg/__init__.py").call(None) == "pkg"


@pytest.mark.parametrize("needs", ["", "from . import VERSION\n"])
def test_a_package_with_the_name_of_an_installed_one_is_not_a_package(
    sources: SourceTree, caplog: pytest.LogCaptureFixture, needs: str
) -> None:
    sources.write(
        flask____init__="raise AssertionError",
        flask__helper="X = 1\n",
        flask__main=f"""
        import flask
        from .helper import X
        from helper import X
        def hello(request):
            {needs}
            return __name__, __package__, flask.Flask.__module__
        """,
    )
    function = sources.load("hello", "flask")
    assert ("a package named 'flask' exists elsewhere" in caplog.text) == bool(needs)
    if not needs:
        assert function.call(None) == ("main", "main", "flask.app")


ALONE = """
import sys
from pathlib import Path
import yaml
import helper
from .helper import X
from . import helper as second
from .lib import deep
ran = __name__ == "main"
def hello(request):
    from .helper import X
    return ran, __name__, __package__, Path(yaml.__file__).parts, X, second.__name__, deep.W
"""


def test_an_init_file_beside_the_source_changes_nothing(sources: SourceTree) -> None:
    sources.write(
        app____init__="raise AssertionError('nobody imports this')\n",
        app__fn____init__="raise AssertionError('nobody imports this')\n",
        app__fn__main=ALONE,
        app__fn__helper="X = 1\n",
        app__fn__lib__deep="from ..helper import X\nfrom . import other\nW = X, other.V\n",
        app__fn__lib__other="V = 2\n",
        yaml____init__="raise AssertionError('not the installed one')\n",
    )
    sys.modules.pop("yaml", None)
    found = sources.load("hello", "app/fn").call(None)
    assert found[:3] == (True, "main", "main")
    assert "site-packages" in found[3]
    assert found[4:] == (1, "main.helper", (1, 2))
    assert not {"app", "app.fn", "app.fn.main"} & sys.modules.keys()


@pytest.mark.parametrize(
    "needs",
    [
        "from . import NAME",
        "from ..fn import NAME",
        "from app.fn import NAME",
        "import app.fn\nNAME = app.fn.NAME",
        "from .reaching import NAME",
        "from . import reaching\nNAME = reaching.NAME",
        "from .reaching import *",
    ],
)
def test_a_source_that_imports_from_its_package_has_it(sources: SourceTree, needs: str) -> None:
    sources.write(
        app____init__="",
        app__fn____init__="NAME = 'mine'\n",
        app__fn__reaching="from ..fn import NAME\n",
        app__fn__main=f"""
import yaml
{needs}
def hello(request): return NAME, __name__, yaml.__file__
""",
        yaml____init__="raise AssertionError('not the installed one')\n",
    )
    sys.modules.pop("yaml", None)
    assert sources.load("hello", "app/fn").call(None)[:2] == ("mine", "main")
    assert sys.modules["app.fn.main"] is sys.modules["main"]


def test_what_the_source_binds_is_found_there_by_what_it_imports(sources: SourceTree) -> None:
    sources.write(
        app____init__="raise AssertionError('nobody imports this')\n",
        app__helper="from . import LIMIT\n",
        app__main="LIMIT = 3\nfrom .helper import LIMIT as L\ndef hello(request): return L\n",
    )
    assert sources.load("hello", "app").call(None) == 3


def test_folders_of_data_beside_the_source_hide_no_installed_package(sources: SourceTree) -> None:
    for name in ("yaml", "httpx"):
        sources.put(f"{name}/data.txt", "")
        for known in [item for item in sys.modules if item.partition(".")[0] == name]:
            del sys.modules[known]
    sources.write(
        main="import yaml, httpx\ndef hello(request): return yaml.__file__, httpx.__file__\n"
    )
    assert all("site-packages" in file for file in sources.load().call(None))


@pytest.mark.parametrize("name", ["json", "statistics", "os", "sys", "time", "site", "typing"])
def test_a_source_named_like_a_standard_module_leaves_that_module_alone(
    sources: SourceTree, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    loaded = importlib.import_module(name)
    sources.put(f"{name}.py", f"import {name}\ndef hello(request): return __name__, {name}\n")
    assert sources.load("hello", f"{name}.py").call(None) == (f"{name}_function", loaded)
    assert sys.modules[name] is loaded
    assert f"has the name of another module, {name!r}" in caplog.text
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_standard_modules_not_imported_yet_are_found_before_files_of_the_source(
    sources: SourceTree,
) -> None:
    unused = next(
        name
        for name in ("sched", "chunk", "xdrlib", "nntplib", "poplib")
        if name not in sys.modules
    )
    sources.put(f"{unused}.py", "X = 'beside'\n")
    sources.write(
        main=f"import {unused} as standard\nfrom .{unused} import X\n"
        "def hello(request): return standard.__file__, X\n"
    )
    file, text = sources.load().call(None)
    assert Path(file).parent != sources.root
    assert text == "beside"
    del sys.modules[unused]


def _required_names() -> list[str]:
    """The top-level modules of what the distribution requires, directly or not."""
    names, seen, pending = set[str](), set[str](), ["functions-framework"]
    while pending:
        name = pending.pop()
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:  # for another version of Python
            continue
        for file in distribution.files or ():
            if file.name == "__init__.py" and len(file.parts) == 2:
                names.add(file.parts[0])
            elif file.suffix == ".py" and len(file.parts) == 1:
                names.add(file.stem)
        requirements = map(Requirement, distribution.requires or ())
        needed = {
            needed.name
            for needed in requirements
            if needed.marker is None or needed.marker.evaluate({"extra": ""})
        }
        pending += needed - seen
        seen |= needed
    return sorted(names)


def test_what_the_framework_itself_needs_is_found_before_files_of_the_source(
    sources: SourceTree,
) -> None:
    names = [name for name in _required_names() if not name.startswith("_")]
    assert {"anyio", "click", "flask", "jinja2", "starlette", "werkzeug"} <= set(names)
    for name in names:
        sources.put(f"{name}.py", "X = 'beside'\n")
    sources.write(main="from .click import X\ndef hello(request): return X\n")
    assert sources.load().call(None) == "beside"
    for name in names:
        spec = standard_names._FINDER.find_spec(name, None)
        assert spec is not None, name
        assert spec.origin is not None, name
        assert Path(spec.origin).parent != sources.root, name


def test_a_source_named_like_a_standard_module_not_imported_yet(sources: SourceTree) -> None:
    unused = next(name for name in ("sched", "poplib", "netrc") if name not in sys.modules)
    sources.put(f"{unused}.py", HELLO)
    assert sources.load("hello", f"{unused}.py").call(None) == f"{unused}_function"
    assert unused not in sys.modules


def test_a_source_named_like_an_installed_module_leaves_that_module_alone(
    sources: SourceTree, caplog: pytest.LogCaptureFixture
) -> None:
    kept = {name: sys.modules.pop(name) for name in list(sys.modules) if name == "hyperframe"}
    sources.write(
        hyperframe="import hyperframe\ndef hello(request): return __name__, hyperframe.__file__\n"
    )
    try:
        name, file = sources.load("hello", "hyperframe.py").call(None)
    finally:
        sys.modules.update(kept)
    assert name == "hyperframe_function"
    assert "site-packages" in Path(file).parts
    assert "'import hyperframe' still gives the other one" in caplog.text


def test_a_source_named_like_another_modules_of_the_process_leaves_that_one_alone(
    sources: SourceTree,
) -> None:
    sources.write(elsewhere__main="WHERE = 'elsewhere'\n", app__main=HELLO)
    sys.path.insert(0, str(sources.root / "elsewhere"))
    other = importlib.import_module("main")
    assert sources.load("hello", "app").call(None) == "main_function"
    assert sys.modules["main"] is other


@pytest.mark.parametrize(
    ("file", "name"),
    [("my-func.py", "my-func"), ("1.py", "1"), ("a.b.py", "a_b"), ("ünï.py", "ünï")],
)
def test_names_that_are_not_identifiers_run(sources: SourceTree, file: str, name: str) -> None:
    sources.put(file, HELLO)
    assert sources.load("hello", file).call(None) == name


def test_the_name_is_never_that_of_the_program(sources: SourceTree) -> None:
    program = sys.modules["__main__"]
    sources.put("__main__.py", HELLO + "if __name__ == '__main__': raise AssertionError\n")
    assert sources.load("hello", "__main__.py").call(None) == "__main___function"
    assert sys.modules["__main__"] is program


def test_two_sources_with_equal_names_each_get_their_own_siblings(sources: SourceTree) -> None:
    for place in ("a", "b"):
        sources.put(f"{place}/helper.py", f"X = {place!r}\n")
        sources.put(f"{place}/lib/__init__.py", f"Y = {place!r}\n")
        sources.put(
            f"{place}/main.py",
            "from helper import X\nfrom .helper import X as Z\nfrom lib import Y\n"
            "def hello(request): return X, Y, Z\n",
        )
    first, second = sources.load("hello", "a"), sources.load("hello", "b")
    assert first.call(None) == ("a", "a", "a")
    assert second.call(None) == ("b", "b", "b")
    assert sources.load("hello", "a").call(None) == ("a", "a", "a")


@pytest.mark.parametrize("path", ["main.py", "pkg/main.py"])
def test_each_load_runs_the_source_anew(sources: SourceTree, path: str) -> None:
    sources.put("pkg/__init__.py", "")
    sources.put(path, "RUNS = []\ndef hello(request): return RUNS\n")
    first, second = sources.load("hello", path), sources.load("hello", path)
    assert first.call(None) is not second.call(None)


def test_files_written_within_the_clocks_tick_are_found(sources: SourceTree) -> None:
    sources.write(main="import helper\ndef hello(request): return helper.X\n")
    with pytest.raises(ModuleNotFoundError):
        sources.load()
    times = sources.root.stat()
    sources.write(helper="X = 1\n")
    os.utime(sources.root, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert sources.load().call(None) == 1


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("raise ZeroDivisionError('mine')", ZeroDivisionError),
        ("import nowhere_to_be_found", ModuleNotFoundError),
        ("def hello(:", SyntaxError),
        ("import sys; sys.exit(7)", SystemExit),
        ("raise KeyboardInterrupt", KeyboardInterrupt),
    ],
)
def test_what_the_source_raises_is_raised_unchanged_and_leaves_no_module(
    sources: SourceTree, text: str, error: type[BaseException]
) -> None:
    sources.write(main=text)
    with pytest.raises(error) as failure:
        sources.load()
    assert type(failure.value) is error
    assert failure.value.__cause__ is None
    assert "main" not in sys.modules
    if isinstance(failure.value, SystemExit):
        assert failure.value.code == 7
    sources.write(main=HELLO + "# longer than before\n")
    assert sources.load().call(None) == "main"
