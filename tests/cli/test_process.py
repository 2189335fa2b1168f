"""The command as a process: what it imports, signals, pipes, full disks, encodings."""

import dataclasses
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from hpt_cli.cli import signals

HEAVY = {"numpy", "scipy", "sklearn", "skopt", "pandas", "pydantic", "yaml", "asyncio", "hpt_cli.study"}

MODULES_OF = """
import sys
from hpt_cli import __main__
sys.argv[0] = "hpt"
try:
    __main__.main()
finally:
    sys.stderr.write(" ".join(sys.modules))
"""

LIST_THAT_GETS_A_SIGNAL = """
import os, sys
from hpt_cli import __main__
import hpt_cli.views.studies as studies
def interrupted(*_):
    try:
        os.kill(os.getpid(), {number})
    except Exception:  # what a library may do while it is imported
        pass
    return []
studies.list_studies = interrupted
sys.argv = ["hpt", "list"]
__main__.main()
"""


def in_a_terminal(arguments, env):
    """What a process writes to a terminal."""
    pty = pytest.importorskip("pty")
    parent, child = pty.openpty()
    subprocess.run(arguments, env=env, stdout=child, timeout=60, check=True)
    os.close(child)
    written = b""
    with suppress(OSError):  # how a terminal says that there is no more
        while block := os.read(parent, 65536):
            written += block
    os.close(parent)
    return written


class TestStart:
    def test_help_imports_neither_rich_nor_anything_heavy(self, process):
        result = process("--help", code=MODULES_OF)
        assert "Commands:" in result.stdout
        assert not (HEAVY | {"rich", "hpt_cli.cli.show", "hpt_cli.space"}) & set(result.stderr.split())

    @pytest.mark.parametrize(
        "arguments", [("show",), ("trial", "0"), ("list",), ("best",), ("report", "-o", "-")]
    )
    def test_looking_at_results_imports_nothing_heavy(self, process, make_study, make_trial, arguments):
        make_study(make_trial(0, 0.5))
        result = process(*arguments, code=MODULES_OF)
        assert "0.5" in result.stdout
        assert not HEAVY & set(result.stderr.split())

    def test_a_bug_keeps_its_traceback(self, process):
        code = "import hpt_cli.__main__ as m, hpt_cli.cli.app as a; a.app.main = lambda **_: 1 / 0; m.main()"
        result = process(code=code)
        assert result.returncode == 1
        assert result.stderr.endswith("ZeroDivisionError: division by zero\n")


class TestSignals:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_before_the_loop_a_signal_ends_it_at_once(self, process, runs, number):
        result = process(code=LIST_THAT_GETS_A_SIGNAL.format(number=int(number)))
        assert (result.returncode, result.stdout, result.stderr) == (128 + number, "", "hpt: stopped\n")

    def test_nohup_is_respected(self, process, make_study):
        make_study()

        def nohup():
            signal.signal(signal.SIGHUP, signal.SIG_IGN)

        code = LIST_THAT_GETS_A_SIGNAL.format(number=int(signal.SIGHUP))
        assert process(code=code, preexec_fn=nohup).returncode == 0

    def test_within_a_run_the_first_signal_is_a_request_and_the_second_an_end(self):
        asked = []
        before = signal.getsignal(signal.SIGTERM)
        with signals.softly(asked.append, lambda: None):
            os.kill(os.getpid(), signal.SIGTERM)
            assert asked == [signal.SIGTERM]
            with pytest.raises(signals.Interruption) as caught:
                os.kill(os.getpid(), signal.SIGINT)
        assert asked == [signal.SIGTERM]
        assert caught.value.exit_status == 130
        assert signal.getsignal(signal.SIGTERM) is before


class TestStreams:
    def test_a_closed_pipe_ends_it_quietly(self, process, make_study, make_trial):
        make_study(*(make_trial(n, 0.5) for n in range(5)))
        reader, writer = os.pipe()
        os.close(reader)
        result = process("show", stdout=writer)
        os.close(writer)
        assert (result.returncode, result.stderr) == (0, "")

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
    def test_a_full_device_is_reported(self, process, make_study):
        make_study()
        with Path("/dev/full").open("w") as full:
            result = process("show", "--json", stdout=full)
        assert result.returncode == 74
        assert result.stderr.startswith("hpt: cannot write to standard output: no space left on device")
        assert "Traceback" not in result.stderr

    def test_standard_output_may_be_closed(self, environment, make_study):
        make_study()
        line = f"exec {sys.executable} -m hpt_cli show >&-"
        result = subprocess.run(
            ["sh", "-c", line], env=environment, capture_output=True, timeout=60, check=False
        )
        assert (result.returncode, result.stderr) == (0, b"")

    def test_an_ascii_terminal_gets_escapes(self, process, runs):
        result = process("show", "späße", env={"PYTHONIOENCODING": "ascii"})
        assert result.returncode == 2
        assert r"no study 'sp\xe4\xdfe'" in result.stderr

    def test_markdown_in_ascii_has_a_sign_of_ascii(self, process, make_study, make_trial):
        trial = make_trial(0, 0.5)
        (first,) = trial.repeats
        second = dataclasses.replace(first, seed=first.seed + 1)
        make_study(dataclasses.replace(trial, repeats=(first, second)))
        show = ("show", "--format", "md")
        assert "0.5000 +- 0" in process(*show, env={"PYTHONIOENCODING": "ascii"}).stdout
        assert "0.5000 ± 0" in process(*show, env={"PYTHONIOENCODING": "utf-8"}).stdout

    def test_a_reader_that_leaves_does_not_end_a_run(self, environment, config, runs):
        """``hpt run | head -1``."""
        arguments = [sys.executable, "-m", "hpt_cli", "run", str(config), "--workers", "1"]
        with subprocess.Popen(
            arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as run:
            assert run.stdout.readline().startswith(b"study iris: 5 trials")
            run.stdout.close()
            errors = run.stderr.read().decode()
        assert run.returncode == 0, errors
        assert "Traceback" not in errors
        assert len(list((runs / "iris" / "trials").iterdir())) == 5

    def test_a_dumb_terminal_has_its_own_width(self, environment, make_study, make_trial):
        make_study(make_trial(0, 0.5), make_trial(1))
        env = {**environment, "TERM": "dumb", "COLUMNS": "40"}
        written = in_a_terminal([sys.executable, "-m", "hpt_cli", "show"], env).decode()
        table, _, _ = written.partition("study ")
        assert max(map(len, table.splitlines())) <= 40

    def test_no_color_means_no_color(self, environment, make_study, make_trial):
        """In a real terminal, told not to color: nothing but bold and faint remains."""
        make_study(make_trial(0, 0.5))
        environment.pop("NO_COLOR", None)
        colors = {}
        for name, extra in {"color": {}, "no color": {"NO_COLOR": "1"}, "dumb": {"TERM": "dumb"}}.items():
            env = {**environment, "TERM": "xterm-256color", **extra}
            written = in_a_terminal([sys.executable, "-m", "hpt_cli", "show"], env)
            colors[name] = (b"\x1b[1;32m" in written, b"\x1b[" in written)
        assert colors == {"color": (True, True), "no color": (False, True), "dumb": (False, False)}
