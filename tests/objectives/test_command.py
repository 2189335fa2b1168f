"""Commands as trials: real programs, their reports, their ends."""

import json
import math
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from hpt_cli.objectives import supervisor
from hpt_cli.objectives.command import CommandObjective
from hpt_cli.objectives.own_code import Home
from hpt_cli.objectives.settings import CommandSettings
from hpt_cli.trial import Status

REPORT = 'import json, sys; print(json.dumps({"loss": float(sys.argv[1])}))'


class TestReports:
    def test_a_printed_line_is_the_result(self, command, log):
        result = command("{rate}", code=REPORT)
        assert (result.status, result.objective) == (Status.DONE, 0.1)
        assert log().splitlines() == [
            f"hpt: trial 17, seed 5: {sys.executable} script.py 0.1",
            '{"loss": 0.1}',
        ]

    def test_epochs_make_curves_and_standard_error_says_nothing(self, command, log):
        code = """
            import sys
            for epoch in range(3):
                print('{"epoch": %d, "loss": %f}' % (epoch, 3 - epoch))
                print('{"loss": 99}', file=sys.stderr, end="")
        """
        result = command(code=textwrap.dedent(code))
        assert result.repeats[0].history == {"loss": (3.0, 2.0, 1.0)}
        assert result.objective == 1.0
        assert log().count('"loss": 99') == 3

    def test_a_results_file_is_read(self, command, tmp_path):
        code = "import json, sys; open(sys.argv[1], 'w').write(json.dumps({'loss': 4}))"
        assert command("{results.json}", code=code).objective == 4.0
        code = "import os; open(os.environ['HPT_RESULTS'], 'w').write('{\"loss\": 5}')"
        assert command(code=code, results="out.json").objective == 5.0
        assert (tmp_path / "work" / "00017" / "out.json").exists()

    def test_a_results_file_of_an_earlier_attempt_does_not_count(self, command, tmp_path):
        folder = tmp_path / "work" / "00017"
        folder.mkdir(parents=True)
        (folder / "results.json").write_text('{"loss": 1}')
        result = command(code="print('nothing')", results="results.json")
        assert (result.status, result.reason) == (Status.FAILED, "no loss: it reported nothing")

    def test_params_come_by_every_way(self, command):
        code = """
            import json, os, sys
            params = json.load(open(sys.argv[1]))
            assert params == json.loads(os.environ["HPT_PARAMS"]) == {
                "rate": 0.1, "units": 16, "bias": True, "kind": "a b"}
            assert sys.argv[2:] == ["--rate", "0.1", "--units", "16", "--bias", "true", "--kind", "a b", "17"]
            assert os.environ["HPT_TRIAL"] == "17" and os.environ["HPT_SEED"] == "5"
            assert os.environ["HPT_REPEAT"] == "0" and os.environ["HPT_STUDY"] == "study"
            assert os.environ["MINE"] == "a b!" and os.path.isdir(os.environ["HPT_DIR"])
            assert sys.stdin.read() == ""
            print(0)
        """
        result = command(
            "{params.json}", "{args}", "{trial}", code=textwrap.dedent(code), env={"MINE": "{kind}!"}
        )
        assert result.error is None

    def test_repeats_have_seeds_and_folders_of_their_own(self, command, spec, log):
        code = "import os, sys; print(sys.argv[1]); print(sys.argv[2], file=sys.stderr)"
        result = command("{seed}", "{dir}", code=code, spec=spec(seeds=(5, 3)))
        assert [repeat.objective for repeat in result.repeats] == [5.0, 3.0]
        assert result.objective == 4.0
        assert "repeat 1, seed 3" in log()
        assert log().splitlines()[-1].endswith("/work/00017/1")

    def test_every_repeat_is_trained_even_after_one_that_failed(self, command, spec):
        code = "import sys; print(1); sys.exit(5 - int(sys.argv[1]))"
        result = command("{seed}", code=code, spec=spec(seeds=(3, 5)))
        assert result.status is Status.FAILED
        assert [repeat.status for repeat in result.repeats] == [Status.FAILED, Status.DONE]

    def test_a_shell_line_runs_only_where_it_was_asked_for(self, command):
        assert command("echo {rate} | sed s/1/2/", shell=True).objective == 0.2

    def test_long_lines_and_binary_output_do_no_harm(self, command, tmp_path):
        code = "import sys; sys.stdout.buffer.write(b'{' * 3_000_000 + b'\\xff\\x00\\n'); print('2')"
        assert command(code=code).objective == 2.0
        assert (tmp_path / "logs" / "00017.log").stat().st_size > 3_000_000

    def test_a_log_that_cannot_be_written_costs_no_result(self, command, tmp_path):
        (tmp_path / "logs" / "00017.log").mkdir(parents=True)  # a folder stands in its place
        assert command("{rate}", code=REPORT).objective == 0.1

    def test_a_log_starts_anew(self, command, log):
        command("{rate}", code=REPORT)
        command("{rate}", code=REPORT)
        assert log().count("hpt: ") == 1


class TestFailures:
    def test_an_exit_status_is_told_with_the_last_lines(self, command):
        result = command(code="print('one'); raise ValueError('two')")
        assert result.status is Status.FAILED
        assert result.reason == "exit status 1: ValueError: two"
        assert result.error.splitlines()[1:3] == ["the last lines of its log:", "one"]

    def test_a_failure_counts_even_after_a_result(self, command):
        result = command(code="print('{\"loss\": 1}'); raise SystemExit(3)")
        assert (result.status, result.objective) == (Status.FAILED, None)
        assert result.repeats[0].metrics == {"loss": 1.0}

    def test_a_signal_is_named(self, command):
        result = command(code="import os; os.kill(os.getpid(), 11)")
        assert result.reason == "killed by signal 11, Segmentation fault: it wrote nothing"

    def test_a_program_that_is_not_there_is_told(self, command):
        result = command("/no/such/program")
        assert result.reason == "the command could not be started: No such file or directory"

    def test_no_result_names_what_was_found(self, command):
        reason = command(code="print('{\"los\": 1}')").reason
        assert reason == "no loss: it reported los; set objective.metric: los"

    def test_a_number_that_is_none_diverged(self, command):
        result = command(code="print('{\"loss\": NaN}')")
        assert (result.status, result.objective) == (Status.DIVERGED, None)
        assert math.isnan(result.repeats[0].metrics["loss"])

    def test_an_argument_list_beyond_the_systems_limit_is_told(self, command, spec):
        result = command("true", "{kind}", spec=spec({"kind": "x" * (os.sysconf("SC_ARG_MAX") + 1)}))
        assert result.reason.startswith("the command could not be started: Argument list too long")


FAMILY = """
    import os, subprocess, sys, time
    child = subprocess.Popen(["sleep", "300"])
    daemon = subprocess.Popen(["sleep", "300"], start_new_session=True)
    with open("pids.tmp", "w") as file:
        file.write(f"{os.getpid()} {child.pid} {daemon.pid}")
    os.rename("pids.tmp", "pids")
    print("started", flush=True)
"""


def pids_in(folder, seconds=10.0):
    end = time.monotonic() + seconds
    while not (folder / "pids").exists():
        assert time.monotonic() < end
        time.sleep(0.01)
    return [int(pid) for pid in (folder / "pids").read_text().split()]


class TestTheEnd:
    def test_a_timeout_ends_children_and_grandchildren(self, command, tmp_path, gone):
        started = time.monotonic()
        result = command(code=textwrap.dedent(FAMILY) + "time.sleep(300)", timeout=1.0)
        assert time.monotonic() - started < 8
        assert result.status is Status.TIMEOUT
        assert result.reason == "took longer than 1 s and was ended"
        assert result.error.endswith("started")
        assert gone(pids_in(tmp_path), 1.0)

    def test_output_without_end_is_no_way_around_a_timeout(self, command):
        assert command("yes", timeout=0.5).status is Status.TIMEOUT

    def test_earlier_repeats_use_up_the_time(self, command, spec):
        code = "import time; time.sleep(0.6); print(1)"
        result = command(code=code, timeout=1.0, spec=spec(seeds=(1, 2, 3)))
        assert result.status is Status.TIMEOUT
        assert result.repeats[-1].error == "the repeats before it took longer than 1 s"

    def test_what_a_finished_command_has_left_running_is_ended(self, command, tmp_path, gone):
        result = command(code=textwrap.dedent(FAMILY) + "print(3)")
        assert result.objective == 3.0
        assert gone(pids_in(tmp_path), 1.0)

    @pytest.mark.parametrize("victim", ["the worker", "the worker's group", "the supervisor"])
    def test_a_kill_leaves_no_process(self, tmp_path, gone, victim):
        (tmp_path / "script.py").write_text(textwrap.dedent(FAMILY) + "time.sleep(300)")
        code = f"""
            from pathlib import Path
            from hpt_cli.objectives.command import CommandObjective
            from hpt_cli.objectives.own_code import Home
            from hpt_cli.objectives.settings import CommandSettings
            from hpt_cli.trial import Origin, TrialSpec
            here = Path({str(tmp_path)!r})
            settings = CommandSettings(({sys.executable!r}, "script.py"))
            objective = CommandObjective("loss", Home("s", here, here, here), settings)
            print(objective.evaluate([TrialSpec(0, 0, {{}}, (1,), Origin("random"))])[0].reason)
        """
        worker = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code)],
            process_group=0,
            stdout=subprocess.PIPE,
            text=True,
        )
        pids = pids_in(tmp_path)
        parent = int(
            subprocess.run(
                ["ps", "-o", "ppid=", "-p", str(pids[0])], capture_output=True, text=True, check=True
            ).stdout
        )
        assert parent != worker.pid
        try:
            if victim == "the worker":
                os.kill(worker.pid, signal.SIGKILL)
            elif victim == "the worker's group":
                os.killpg(worker.pid, signal.SIGKILL)
            else:
                os.kill(parent, signal.SIGKILL)
                assert "the process that watches it was killed" in worker.stdout.read()
                pids = pids[:1]  # of the others nobody knows then
            assert gone([*pids, parent])
        finally:
            worker.kill()
            worker.wait()
            worker.stdout.close()
            for pid in pids_in(tmp_path):
                if not gone([pid], 0):
                    os.kill(pid, signal.SIGKILL)

    def test_the_supervisor_needs_nothing_of_ours(self):
        assert "hpt_cli" not in Path(supervisor.__file__).read_text(encoding="utf-8")


def test_what_is_kept_of_the_best_can_be_typed(tmp_path, spec):
    settings = CommandSettings(("sh", "-c", "echo $HPT_SEED {kind} $X"), env={"X": "{rate}"})
    objective = CommandObjective("loss", Home("s", *[tmp_path] * 3), settings)
    trial = objective.evaluate([spec()])[0]
    files = objective.model(trial)
    assert json.loads(json.dumps(trial.to_json()))["status"] == "failed"
    shown = subprocess.run(["sh", "-c", files["command.txt"]], capture_output=True, text=True, check=True)
    assert shown.stdout == "5 a b 0.1\n"
    assert b"kind: a b" in files["params.yaml"]
