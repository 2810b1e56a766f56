"""A configuration of the user's own wins over the command's, however it is made."""

from __future__ import annotations

import re

import pytest

from support.log_process import run


def test_info_is_shown_by_default_and_debug_is_not() -> None:
    shown = run("""
        logging.info("one")
        logging.getLogger("main").info("two")
        logging.getLogger("main").debug("three")
    """)
    assert "INFO    root: one\n" in shown.err
    assert "INFO    main: two\n" in shown.err
    assert "three" not in shown.err


@pytest.mark.parametrize(
    ("level", "count"), [("debug", 5), ("info", 4), ("warning", 3), ("error", 2), ("critical", 1)]
)
def test_log_level(level: str, count: int) -> None:
    shown = run(
        """
        for name in ("debug", "info", "warning", "error", "critical"):
            getattr(logging, name)("message")
        """,
        LOG_LEVEL=level,
    )
    assert len(shown.err.splitlines()) == count


CONFIGURATIONS = {
    "basicConfig": 'logging.basicConfig(level=logging.DEBUG, format="MINE %(message)s")',
    "basicConfig-after-a-record": """
        logging.warning("early")
        logging.basicConfig(level=logging.DEBUG, format="MINE %(message)s")
    """,
    "basicConfig-force": """
        logging.basicConfig(level=logging.DEBUG, format="MINE %(message)s", force=True)
    """,
    "dictConfig": """
        import logging.config
        logging.config.dictConfig({
            "version": 1,
            "formatters": {"mine": {"format": "MINE %(message)s"}},
            "handlers": {"err": {"class": "logging.StreamHandler", "formatter": "mine"}},
            "root": {"level": "DEBUG", "handlers": ["err"]},
        })
    """,
    "fileConfig": """
        import io, logging.config
        logging.config.fileConfig(io.StringIO('''
        [loggers]
        keys=root
        [handlers]
        keys=err
        [formatters]
        keys=mine
        [logger_root]
        level=DEBUG
        handlers=err
        [handler_err]
        class=StreamHandler
        args=(sys.stderr,)
        formatter=mine
        [formatter_mine]
        format=MINE %%(message)s
        '''.replace("        [", "[").replace("        ", "").replace("%%", "%")))
    """,
    "addHandler": """
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("MINE %(message)s"))
        logging.getLogger().addHandler(handler)
        logging.getLogger().setLevel(logging.DEBUG)
    """,
    "only-if-there-is-no-handler": """
        if not logging.getLogger().handlers and not logging.getLogger().hasHandlers():
            logging.basicConfig(level=logging.DEBUG, format="MINE %(message)s")
    """,
    "handlers-replaced": """
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("MINE %(message)s"))
        logging.root.handlers = [handler]
        logging.root.setLevel(logging.DEBUG)
    """,
    "handler-of-the-logger": """
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("MINE %(message)s"))
        logging.getLogger("main").addHandler(handler)
        logging.getLogger("main").setLevel(logging.DEBUG)
    """,
}


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize("configuration", CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_configuration_of_the_users_own_wins(configuration: str, log_format: str) -> None:
    script = (
        f"import textwrap\nexec(textwrap.dedent({configuration!r}))\n"
        "logging.getLogger('main').debug('seen')\n"
    )
    shown = run(script, LOG_FORMAT=log_format)
    assert [line for line in shown.err.splitlines() if "early" not in line] == ["MINE seen"]


def test_user_configuration_wins_in_execution_id_mode() -> None:
    shown = run(
        """
        logging.basicConfig(level=logging.INFO, format="MINE %(message)s")
        with call("EID1"):
            logging.info("seen")
        """,
        LOG_EXECUTION_ID="true",
    )
    (record,) = shown.err_records
    assert record == {
        "message": "MINE seen",
        "logging.googleapis.com/labels": {"execution_id": "EID1"},
    }


def test_basic_config_without_arguments_is_taken_as_it_is() -> None:
    assert run("logging.basicConfig()\nlogging.info('a')").err == "INFO:root:a\n"


def test_no_logger_is_disabled() -> None:
    shown = run("""
        early = logging.getLogger("early")
        logs.configure(Settings())
        early.info("here")
    """)
    assert shown.err.count("early: here") == 1


def test_handlers_configured_before_the_command_stay() -> None:
    shown = run("""
        logging.root.handlers = [logging.StreamHandler()]
        logging.root.setLevel(logging.ERROR)
        logs.configure(Settings())
        logging.error("shown once")
        logging.info("hidden")
    """)
    assert shown.err == "shown once\n"


def test_a_librarys_null_handler_does_not_silence_it() -> None:
    shown = run("""
        logging.getLogger("library").addHandler(logging.NullHandler())
        logging.getLogger("library.part").warning("careful")
    """)
    assert "library.part: careful" in shown.err


def test_an_agents_handler_does_not_silence_it() -> None:
    """It sends records elsewhere, and was put there by nobody who wants to miss them here."""
    shown = run("""
        class Sending(logging.Handler):
            __module__ = "opentelemetry.instrumentation.logging.handler"
            emit = lambda self, record: print(record.getMessage())

        logging.root.handlers = [Sending()]
        logging.root.setLevel(logging.WARNING)
        logs.configure(Settings())
        logging.getLogger("shop").info("open")
        logging.basicConfig(force=True, format="MINE %(message)s")
        logging.root.addHandler(Sending())
        logging.getLogger("shop").info("closed")
    """)
    assert shown.out == "open\nclosed\n"
    assert re.fullmatch(r".* INFO    shop: open\nMINE closed\n", shown.err)


def test_crash_is_logged_though_dict_config_disabled_every_logger() -> None:
    shown = run("""
        import logging.config
        logs.log_crash(ValueError("first"), method="GET", path="/")
        logging.config.dictConfig({
            "version": 1,
            "handlers": {"err": {"class": "logging.StreamHandler"}},
            "root": {"handlers": ["err"]},
        })
        logs.log_crash(ValueError("second"), method="GET", path="/")
    """)
    assert "ValueError: second" in shown.err


def test_importing_the_package_changes_nothing() -> None:
    shown = run("""
        import subprocess
        code = '''if True:
            import logging, sys, threading
            before = (sys.stdout, sys.stderr, logging.root.handlers, logging.root.level,
                      threading.Thread.start, threading.excepthook, logging.lastResort)
            import functions_framework, functions_framework.logs
            assert "msgspec" not in sys.modules and "flask" not in sys.modules
            from functions_framework.logs import JsonFormatter, configure, flush_call
            assert before == (sys.stdout, sys.stderr, logging.root.handlers, logging.root.level,
                      threading.Thread.start, threading.excepthook, logging.lastResort)
            assert not logging.root.handlers
        '''
        sys.exit(subprocess.run([sys.executable, "-c", code]).returncode)
    """)
    assert shown.err == ""


@pytest.mark.parametrize(
    ("variables", "is_json"),
    [
        ({}, False),
        ({"K_SERVICE": "svc"}, True),
        ({"CLOUD_RUN_JOB": "job"}, True),
        ({"LOG_EXECUTION_ID": "true"}, True),
        ({"LOG_FORMAT": "json"}, True),
        ({"LOG_FORMAT": "text", "K_SERVICE": "svc"}, False),
        ({"LOG_FORMAT": "auto", "K_SERVICE": "svc"}, True),
        ({"LOG_FORMAT": "sideways"}, False),
    ],
)
def test_format_chosen_without_a_terminal(variables: dict[str, str], is_json: bool) -> None:
    shown = run("logging.info('hello')", **variables)
    assert shown.err.startswith('{"severity":"INFO","message":"hello"') is is_json


def test_printed_lines_appear_at_once_in_a_pipe() -> None:
    shown = run("print('seen')\nos._exit(0)")
    assert shown.out == "seen\n"
