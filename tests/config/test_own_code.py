"""Configs of own code: what is read, what is refused and in which words."""

import sys
from pathlib import Path

import pytest

from hpt_cli.config import StudyConfig
from hpt_cli.config.load import parse_config
from hpt_cli.config.settings import changes
from hpt_cli.errors import ConfigError
from hpt_cli.objectives.settings import ArgsSettings, CommandSettings, FunctionSettings
from hpt_cli.space import Choice, Float, Int

COMMAND = """\
command: echo {rate} {units}
objective: {metric: val/loss, goal: minimize}
space:
  rate: {low: 1e-4, high: 1, scale: log}
  units: {type: int, low: 1, high: 8}
"""
FUNCTION = COMMAND.replace("command: echo {rate} {units}", "function: train:fit")
FIT = "def fit(rate, units, seed=0): return rate\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "train.py").write_text(FIT)
    return tmp_path


@pytest.fixture
def read(folder):
    return lambda text, *overrides: parse_config(text.encode(), folder / "own.yaml", overrides)


@pytest.fixture
def refused(read):
    """The problems of a config, as (line, key, what, hint)."""

    def problems(text, *overrides):
        with pytest.raises(ConfigError) as caught:
            read(text, *overrides)
        return [(of.line, of.key, of.what, of.hint) for of in caught.value.problems]

    return problems


class TestReading:
    def test_a_command_is_split_as_a_shell_would(self, read):
        config = read(COMMAND.replace("{units}", "'{units} b' \"c\""))
        assert config.own_code == CommandSettings(("echo", "{rate}", "{units} b", "c"))
        assert (config.data, config.network) == (None, {})

    def test_a_list_is_taken_as_it_is(self, read):
        text = COMMAND.replace("echo {rate} {units}", '[echo, "{args}", 3, 1e-4, "|"]')
        assert read(text).own_code.words == ("echo", "{args}", "3", "0.0001", "|")

    def test_a_shell_gets_the_whole_text(self, read):
        config = read(COMMAND.replace("{units}", "{units} | cat") + "shell: true\n")
        assert config.own_code == CommandSettings(("echo {rate} {units} | cat",), shell=True)

    def test_everything_beside_a_command(self, read):
        more = 'args: {form: "--name=value", names: dashes, booleans: flag}\nenv: {A: 1, B: "{rate}"}\n'
        config = read(COMMAND + more + "results: out.json\n")
        assert config.own_code.args == ArgsSettings("--name=value", "dashes", "flag")
        assert config.own_code.env == {"A": "1", "B": "{rate}"}
        assert config.own_code.results == "out.json"

    def test_a_function_is_a_module_and_a_name(self, read):
        assert read(FUNCTION).own_code == FunctionSettings("train", "fit")

    def test_names_and_metrics_are_ones_own(self, read):
        text = (
            "  optimizer.lr: [1, 2.5, a, true]\n  with-dash: 3\n  deep: {choices: [1, 2], when: {units: 2}}\n"
        )
        config = read(COMMAND.replace("{rate} {units}", "{args}") + text)
        assert config.objective.metric == "val/loss"
        assert config.space.dimensions["optimizer.lr"] == Choice((1, 2.5, "a", True))
        assert config.space.dimensions["with-dash"] == Choice((3,))
        assert config.space.dimensions["deep"].when == {"units": (2,)}

    def test_a_range_is_of_the_numbers_that_it_is_written_in(self, read):
        config = read(COMMAND)
        assert config.space.dimensions["rate"] == Float(1e-4, 1, "log")
        assert config.space.dimensions["units"] == Int(1, 8)
        config = read(COMMAND, "space.units={low: 0, high: 1, step: 0.25}")
        assert config.space.dimensions["units"] == Float(0, 1, step=0.25)

    def test_constraints_know_nothing_of_the_networks_defaults(self, read, refused):
        assert read(COMMAND + 'constraints: ["rate * units < 4"]\n').space.constraints
        ((line, key, what, _),) = refused(COMMAND + 'constraints: ["batch_size < 4"]\n')
        assert (line, key) == (6, "constraints[0]")
        assert "names 'batch_size', which is neither searched nor fixed" in what

    @pytest.mark.parametrize("text", [COMMAND, FUNCTION, COMMAND + "shell: true\nenv: {A: b}\n"])
    def test_a_studys_folder_opens_again(self, read, text):
        config = read(text)
        again = StudyConfig.from_resolved(config.resolved(), folder=config.folder, path=config.path)
        assert again.resolved() == config.resolved()
        assert (again.own_code, again.data) == (config.own_code, None)

    def test_another_command_is_another_study(self, read):
        old, new = read(COMMAND).resolved(), read(COMMAND.replace("echo", "printf")).resolved()
        assert changes(old, new) == [
            "command: ['echo', '{rate}', '{units}'] -> ['printf', '{rate}', '{units}']"
        ]


class TestRefusals:
    def test_both_kinds_and_the_networks_keys(self, refused):
        text = COMMAND + "function: train:fit\ndata: {source: digits}\nnetwork: {epochs: 3}\n"
        assert [problem[:2] for problem in refused(text)] == [(6, "function"), (7, "data"), (8, "network")]

    def test_neither_kind(self, refused):
        text = COMMAND.partition("\n")[2].replace("val/loss", "validation_loss")
        (first, *_) = refused(text.replace("rate:", "learning_rate:").replace("units:", "hidden_units:"))
        assert first[1:3] == ("data", "is missing")
        assert "command: or function:" in first[3]

    def test_a_goal_must_be_given(self, refused):
        ((line, key, _, hint),) = refused(COMMAND.replace(", goal: minimize", ""))
        assert (line, key) == (2, "objective.goal")
        assert "minimize or maximize" in hint

    @pytest.mark.parametrize(
        ("command", "what", "hint"),
        [
            ("echo {rate} {unit}", "no placeholder has this name, found {unit}", "did you mean 'units'?"),
            ("echo '{rate' {units}", "a brace stands around a name", "written twice"),
            ("echo {rate} {units} | cat", "no shell reads it, found '|'", "write shell: true beside it"),
            ("echo '{rate} {units}", "cannot be split into words: no closing quotation", "close the quote"),
            ("echo x{args}", "{args} is several words, found 'x{args}'", "let it stand alone"),
            ("no-such-program {args}", "there is no program of this name on PATH", ""),
            ("./train.sh {args}", "there is no such program, found './train.sh'", "did you mean 'train.py'?"),
            ("train.py {args}", "there is no program of this name on PATH", "write ./train.py"),
            ("./train.py {args}", "may not be executed, found './train.py'", "chmod +x"),
            ("sh trian.py {args}", "there is no such file, found 'trian.py'", "did you mean 'train.py'?"),
            ("'{python} gone.py {args}'", "there is no such file, found 'gone.py'", "config's folder"),
            ("", "is empty", "write command:"),
            ("[]", "is empty", "write command:"),
            ("3", "must be a text or a list of words, found 3", "write command:"),
            ("[echo, {rate}]", "braces without quotes are a mapping in YAML", 'write "{rate}"'),
            ("[echo, true]", "must be a list of words, found true in it", "quote it"),
        ],
    )
    def test_a_command_that_cannot_work(self, refused, command, what, hint):
        problems = refused(COMMAND.replace("echo {rate} {units}", command))
        line, key, found, advice = problems[0]
        assert (line, key) == (1, "command")
        assert what in found
        assert hint in advice

    def test_a_text_that_starts_with_a_placeholder_needs_quotes(self, refused):
        ((line, _, what, hint),) = refused(COMMAND.replace("echo", "{python} train.py"))
        assert (line, what) == (
            1,
            "a text cannot start with a brace, found 'command: {python} train.py {rate} {units}'",
        )
        assert hint == "quote all of it: '{python} train.py'"

    def test_what_is_searched_must_reach_the_command(self, refused):
        ((line, key, what, _),) = refused(COMMAND.replace(" {units}", ""))
        assert (line, key, what) == (5, "space.units", "is searched, but the command does not get it")

    def test_a_command_without_placeholders_may_read_the_environment(self, read):
        assert read(COMMAND.replace(" {rate} {units}", "")).own_code.words == ("echo",)

    def test_a_placeholder_must_always_have_a_value(self, refused):
        text = COMMAND.replace("high: 8", "high: 8, when: {kind: a}") + "  kind: [a, b]\n"
        found = refused(text.replace("{units}", "{units} {kind}"))
        assert found[0][2:] == (
            "{units} has a value only where kind is a",
            "write {args} or {params.json}: they leave out what is absent",
        )

    @pytest.mark.parametrize(
        ("more", "key"),
        [
            ("  seed: [1, 2]\n", "space.seed"),
            ("  1st: [1, 2]\n", "space.1st"),
            ("  x: {low: 1, high: 3}\n", "space.x"),
            ("  x: {low: 3.0, high: 1}\n", "space.x.low"),
            ("  x: {low: 0.5, high: 3, type: int}\n", "space.x.low"),
            ("  x: {low: 0, high: 3.5, scale: log}\n", "space.x.scale"),
            ("  x: [1, 1]\n", "space.x[1]"),
            ("  x: {choices: [1, 2], when: {y: 1}}\n", "space.x.when.y"),
            ("  x: {choices: [1, 2], when: {units: 9}}\n", "space.x.when"),
            ("env: {A-B: 1}\n", "env.A-B"),
            ("env: {A: [1]}\n", "env.A"),
            ("results: /tmp/x\n", "results"),
            ("results: ../x\n", "results"),
            ("args: {form: name=value, booleans: flag}\n", "args.booleans"),
            ("args: {style: x}\n", "args.style"),
            ("shell: maybe\n", "shell"),
            ("cmd: x\n", "cmd"),
        ],
    )
    def test_each_key_is_checked_at_its_line(self, refused, more, key):
        problems = refused(COMMAND.replace("{rate} {units}", "{args}") + more)
        assert [(line, name) for line, name, *_ in problems] == [(6, key)]

    @pytest.mark.parametrize(
        ("target", "what", "hint"),
        [
            ("train", "must name a module and a function, found 'train'", "package.module:name"),
            ("train.py:fit", "must name a module", "write function: train:fit"),
            ("train.fit", "must name a module", "write function: train:fit"),
            ("trein:fit", "there is no module 'trein'", "did you mean 'train'?"),
            ("train:fitt", "train.py has no 'fitt'", "did you mean 'fit'?"),
            ("train.sub:fit", "there is no module 'train.sub'", ""),
        ],
    )
    def test_a_function_that_is_not_there(self, refused, target, what, hint):
        ((line, key, found, advice),) = refused(FUNCTION.replace("train:fit", target))
        assert (line, key) == (1, "function")
        assert what in found
        assert hint in advice

    @pytest.mark.parametrize(
        ("source", "key", "what"),
        [
            ("def fit(rate): pass", "space.units", "fit(rate) does not take it"),
            (
                "def fit(rate, units, depth): pass",
                "function",
                "fit needs 'depth', which the space does not have",
            ),
            ("def fit(rate, units, /): pass", "function", "fit takes 'rate' by position only"),
            ("async def fit(rate, units): pass", "function", "'fit' is an async function"),
            ("def fit(:", "function", "train.py is no Python, line 1"),
        ],
    )
    def test_a_function_that_cannot_be_called(self, refused, folder, source, key, what):
        (folder / "train.py").write_text(source)
        ((_, found, words, _),) = refused(FUNCTION)
        assert found == key
        assert what in words

    @pytest.mark.parametrize(
        "source",
        [
            "def fit(params): pass",
            "def fit(**params): pass",
            "def fit(rate, *, units, trial, dir, extra=3): pass",
            "import functools\nfit = functools.partial(print)",
            "from elsewhere import fit",
            "from elsewhere import *",
            "if True:\n    def fit(rate, units): pass",
            "import functools\n@functools.cache\ndef fit(anything): pass",
            "class fit: pass",
        ],
    )
    def test_a_function_is_judged_only_as_far_as_it_can_be_without_running_it(self, read, folder, source):
        (folder / "train.py").write_text(source)
        assert read(FUNCTION).own_code == FunctionSettings("train", "fit")

    def test_a_module_is_not_run_to_be_found(self, read, folder):
        package = folder / "pack"
        package.mkdir()
        (package / "__init__.py").write_text("raise SystemExit('imported')")
        (package / "deep.py").write_text(FIT + "raise SystemExit('imported')")
        assert read(FUNCTION.replace("train:fit", "pack.deep:fit")).own_code.module == "pack.deep"
        assert not {"pack", "pack.deep"} & sys.modules.keys()

    def test_a_module_may_not_be_called_like_one_of_pythons(self, refused, folder):
        (folder / "random.py").write_text(FIT)
        ((_, key, what, _),) = refused(FUNCTION.replace("train:", "random:"))
        assert (key, what) == ("function", "a module of Python's own is called 'random'")

    def test_a_functions_config_has_no_keys_of_a_command(self, refused):
        found = refused(FUNCTION + "shell: true\nenv: {A: b}\n")
        assert [(line, key) for line, key, *_ in found] == [(6, "shell"), (7, "env")]


def test_paths_start_at_the_configs_folder(folder, monkeypatch):
    (folder / "deep").mkdir()
    monkeypatch.chdir(folder / "deep")
    config = parse_config(FUNCTION.encode(), Path("../own.yaml"))
    assert config.own_code == FunctionSettings("train", "fit")
