"""`setup_logging`, which functions call themselves."""

from __future__ import annotations

import pytest

from support.log_process import run


@pytest.mark.parametrize("times", [1, 2])
def test_info_to_stdout_and_the_rest_to_stderr(times: int) -> None:
    script = "logs.setup_logging()\n" * times
    shown = run(script + "for level in (10, 20, 30, 40): logging.log(level, str(level))")
    assert (shown.out, shown.err) == ("20\n", "30\n40\n")


def test_levels_below_info_go_to_stdout_too() -> None:
    shown = run("""
        logs.setup_logging()
        logging.getLogger().setLevel(logging.DEBUG)
        logging.debug("fine")
    """)
    assert (shown.out, shown.err) == ("fine\n", "")


def test_it_does_not_need_the_command() -> None:
    shown = run("""
        import subprocess
        code = '''if True:
            import logging
            from functions_framework.logs import setup_logging
            setup_logging()
            logging.info("out")
            logging.warning("err")
        '''
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert (done.stdout, done.stderr) == ("out\\n", "err\\n"), done
    """)
    assert shown.err == ""
