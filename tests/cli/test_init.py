"""``hpt init``: a first config, written, asked for, refused."""

import json
import os
import pty
import subprocess
import sys

import pytest
import yaml

from hpt_cli.config.describe import config_schema

TABLE = "height,width,kind\n" + "".join(
    f"{1 + row % 7},{2 + row % 5},{'ab'[row * 3 % 7 > 2]}\n" for row in range(60)
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "things.csv").write_text(TABLE)
    return tmp_path


def test_it_writes_a_config_that_plans_and_runs(hpt, folder, runs):
    result = hpt("init", "iris")
    assert result.exit_code == 0, result.output
    assert result.stdout.endswith(
        "written: iris.yaml\nwritten: hpt.schema.json\nnext: hpt plan iris.yaml, then hpt run iris.yaml\n"
    )
    assert hpt("plan", "iris.yaml").exit_code == 0
    short = ("--trials", 2, "--set", "network.epochs=2", "--set", "search.repeats=1")
    assert hpt("run", "iris.yaml", *short).exit_code == 0
    assert json.loads((folder / "hpt.schema.json").read_text()) == config_schema()


def test_a_table_with_its_label(hpt, folder, runs):
    result = hpt("init", "things.csv", "--target", "kind")
    assert result.exit_code == 0, result.output
    written = yaml.safe_load((folder / "things.yaml").read_text())
    assert written["data"]["source"] == "things.csv"
    assert written["data"]["target"] == "kind"
    assert hpt("plan", "things.yaml").exit_code == 0


def test_the_source_is_relative_to_the_config(hpt, folder):
    (folder / "configs").mkdir()
    assert hpt("init", "things.csv", "--target", "kind", "-o", "configs/a.yaml").exit_code == 0
    assert yaml.safe_load((folder / "configs" / "a.yaml").read_text())["data"]["source"] == "../things.csv"
    assert hpt("plan", "configs/a.yaml").exit_code == 0


def test_a_dash_prints_the_config_and_writes_nothing(hpt, folder):
    result = hpt("init", "iris", "-o", "-")
    assert yaml.safe_load(result.stdout)["data"]["source"] == "iris"
    assert [file.name for file in folder.iterdir()] == ["things.csv"]


def test_what_is_there_is_kept_without_force(hpt, folder):
    (folder / "iris.yaml").write_text("mine")
    (folder / "hpt.schema.json").write_text("mine")
    refused = hpt("init", "iris")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "hpt: iris.yaml: is there already; --force writes over it" in refused.stderr
    assert (folder / "iris.yaml").read_text() == "mine"
    assert hpt("init", "iris", "-o", "other.yaml").exit_code == 0
    assert (folder / "hpt.schema.json").read_text() == "mine"
    assert hpt("init", "iris", "--force").exit_code == 0
    assert "mine" not in (folder / "iris.yaml").read_text() + (folder / "hpt.schema.json").read_text()


def test_a_pipe_is_not_replaced_by_a_file(hpt, folder):
    os.mkfifo(folder / "pipe.yaml")
    refused = hpt("init", "iris", "-o", "pipe.yaml", "--force")
    assert refused.exit_code == 2
    assert "pipe.yaml: is a device or a pipe" in refused.stderr
    assert (folder / "pipe.yaml").is_fifo()


MESSY = "id,part,weight,color,copy,grade\n" + "".join(
    f"{100 + 7 * row},{('train', 'train', 'val', 'test')[row % 4]},{row % 9}.5,"
    f"{('red', 'blue', '')[row % 3]},{'AB'[row * 7 % 10 > 3]},{'ab'[row * 7 % 10 > 3]}\n"
    for row in range(200)
)


def test_ids_and_leaks_are_left_out_and_a_column_of_parts_makes_the_split(hpt, folder, runs):
    (folder / "messy.csv").write_text(MESSY)
    result = hpt("init", "messy.csv", "--target", "grade", "--json")
    assert result.exit_code == 0, result.output
    data = yaml.safe_load((folder / "messy.yaml").read_text())["data"]
    assert sorted(data["drop"]) == ["copy", "id"]
    assert data["split"] == {"column": "part"}
    columns = {column["name"]: column for column in json.loads(result.stdout)["columns"]}
    taken = {name: column["taken_for"] for name, column in columns.items()}
    assert taken == {
        "id": "left out: an id",
        "part": "split",
        "weight": "number",
        "color": "category",
        "copy": "left out: a leak",
        "grade": "label",
    }
    assert columns["color"]["missing"] == pytest.approx(66 / 200)
    assert "the label 'grade'" in columns["copy"]["warnings"][0]
    assert hpt("plan", "messy.yaml").exit_code == 0


def test_where_no_column_is_left_the_reasons_are_told(hpt, folder):
    rows = "".join(f"{row},{'xy'[row % 2]},{'ab'[row % 2]}\n" for row in range(60))
    (folder / "bad.csv").write_text("id,copy,kind\n" + rows)
    result = hpt("init", "bad.csv", "--target", "kind")
    assert result.exit_code == 2
    assert "no column is left to learn from: 'id' left out: an id: " in result.stderr
    assert "'copy' left out: a leak: " in result.stderr


def test_rows_of_one_person_stay_together(hpt, folder, runs):
    rows = "".join(f"p{row // 4},{row % 7},{row % 11},{'ab'[row // 4 % 2]}\n" for row in range(120))
    (folder / "people.csv").write_text("patient_id,a,b,kind\n" + rows)
    result = hpt("init", "people.csv", "--target", "kind")
    assert result.exit_code == 0
    text = (folder / "people.yaml").read_text()
    assert "drop" not in yaml.safe_load(text)["data"]  # a person's label is no leak: the column is no feature
    assert "leave it out" not in result.output + text
    assert yaml.safe_load(text)["data"]["split"] == {"group": "patient_id", "validation": 0.2, "test": 0.2}
    assert "Rows of one 'patient_id' stay in one part" in text
    assert hpt("plan", "people.yaml").exit_code == 0


def test_a_table_without_a_line_of_names(hpt, folder, runs):
    (folder / "bare.csv").write_text(
        "".join(f"{row % 7}.5,{row % 5}.25,{'ab'[row % 2]}\n" for row in range(60))
    )
    result = hpt("init", "bare.csv", "--target", "-1")
    assert result.exit_code == 0, result.output
    assert yaml.safe_load((folder / "bare.yaml").read_text())["data"]["header"] is False
    assert hpt("plan", "bare.yaml").exit_code == 0


def test_of_very_many_columns_only_those_worth_a_look_are_listed(hpt, folder):
    names = ",".join(f"x{n}" for n in range(60))
    rows = "".join(
        ",".join(str((row * (n + 3)) % 17) for n in range(60)) + f",{'ab'[row % 2]}\n" for row in range(40)
    )
    (folder / "wide.csv").write_text(f"{names},kind\n{rows}")
    result = hpt("init", "wide.csv", "--target", "kind")
    assert "and 21 more columns" in result.stdout
    text = (folder / "wide.yaml").read_text()
    assert "#   and " in text
    assert text.count("\n") < 60


def test_json_says_what_was_written(hpt, folder):
    document = json.loads(hpt("init", "iris", "--json").stdout)
    assert document["written"] == ["iris.yaml", "hpt.schema.json"]
    assert document["config"]["name"] == "iris"
    assert any("classification" in note for note in document["notes"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "which data? Name a file"),
        (("irsi",), "did you mean 'iris'?"),
        (
            ("things.csv",),
            "which column is the label? Add --target COLUMN; the columns are 'height', 'width', 'kind'",
        ),
        (("things.csv", "--target", "knd"), "did you mean 'kind'?"),
        (("iris", "-o", "nowhere/a.yaml"), "there is no folder nowhere"),
        (("iris", "-o", "."), "is a folder; name a file"),
    ],
)
def test_what_is_missing_or_wrong_is_said_and_nothing_written(hpt, folder, arguments, said):
    result = hpt("init", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert [file.name for file in folder.iterdir()] == ["things.csv"]


def test_a_folder_that_cannot_be_written_to(hpt, folder, monkeypatch):
    def full(path, content):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("hpt_cli.files.publish", full)
    result = hpt("init", "iris")
    assert (result.exit_code, result.stderr) == (74, "hpt: iris.yaml: No space left on device\n")


SCRIPT = """\
import argparse, json
parser = argparse.ArgumentParser()
parser.add_argument("-l", "--learning-rate", type=float, default=0.01)
parser.add_argument("--hidden-units", type=int, default=32)
parser.add_argument("--kind", choices=["a", "b"])
parser.add_argument("--fast", action="store_true")
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--data", default=open)
parser.add_argument("--seed", type=int)
args = parser.parse_args()
assert args.kind in "ab" and args.seed is not None
print(json.dumps({"loss": (args.learning_rate - 0.02) ** 2 + args.fast}))
"""


class TestCommand:
    def test_a_scripts_options_become_the_space_and_the_study_runs(self, hpt, folder, runs):
        (folder / "train.py").write_text(SCRIPT)
        command = f"{sys.executable} train.py"
        result = hpt("init", "--command", command)
        assert result.exit_code == 0, result.output
        written = yaml.safe_load((folder / "train.yaml").read_text())
        assert written["space"] == {
            "learning-rate": {"type": "float", "low": 0.001, "high": 0.1, "scale": "log"},
            "hidden-units": {"type": "int", "low": 8, "high": 128, "scale": "log"},
            "kind": ["a", "b"],
            "fast": [True, False],
        }
        assert written["command"] == f"{command} {{args}} --seed {{seed}}"
        assert written["args"] == {"booleans": "flag"}
        assert "# Left as they are: epochs (3), data\n" in (folder / "train.yaml").read_text()
        assert hpt("plan", "train.yaml").exit_code == 0
        ran = hpt("run", "train.yaml", "--trials", 4)
        assert ran.exit_code == 0, ran.output
        assert "train: 4 trials, done, minimize loss" in ran.stdout

    @pytest.mark.parametrize(
        ("printed", "metric", "goal"),
        [
            ('{"epoch": 1, "train_loss": 1, "accuracy": 1}', "accuracy", "maximize"),
            ('{"loss": 1, "validation_auc": 1}', "validation_auc", "maximize"),
            ('{"val_brier_score": 1, "acc": 1}', "val_brier_score", "minimize"),
            ('{"train_loss": 1, **more, name: 2}', "loss", "minimize"),
            ("results", "loss", "minimize"),
        ],
    )
    def test_the_metric_is_what_the_script_gives_to_json(self, printed, metric, goal, hpt, folder):
        (folder / "own.py").write_text(f"import json\nprint(json.dumps({printed}))")
        assert hpt("init", "--command", f"{sys.executable} own.py").exit_code == 0
        written = yaml.safe_load((folder / "own.yaml").read_text())
        assert written["objective"] == {"metric": metric, "goal": goal}

    def test_sizes_without_a_default_get_a_range_of_their_kind(self, hpt, folder):
        options = "".join(f"p.add_argument('--{name}', type=int)\n" for name in ("depth", "units"))
        (folder / "own.py").write_text(options)
        assert hpt("init", "--command", f"{sys.executable} own.py").exit_code == 0
        space = yaml.safe_load((folder / "own.yaml").read_text())["space"]
        assert {name: entry["high"] for name, entry in space.items()} == {"depth": 16, "units": 256}

    def test_the_script_is_read_and_not_run(self, hpt, folder):
        (folder / "train.py").write_text("open('ran', 'w')\n" + SCRIPT)
        assert hpt("init", "--command", f"{sys.executable} train.py", "-o", "-").exit_code == 0
        assert not (folder / "ran").exists()

    def test_placeholders_of_the_command_are_what_is_searched(self, hpt, folder, runs):
        (folder / "f.py").write_text("import sys; print(float(sys.argv[1]) + float(sys.argv[2]))")
        command = f"{sys.executable} f.py {{lr}} {{hidden_size}}"
        assert hpt("init", "--command", command).exit_code == 0
        written = yaml.safe_load((folder / "f.yaml").read_text())
        assert (list(written["space"]), written["command"]) == (["lr", "hidden_size"], command)
        assert hpt("run", "f.yaml", "--trials", 2).exit_code == 0

    @pytest.mark.parametrize("script", ["print(1)", "this is no python", "parser.add_argument(name, *more)"])
    def test_without_readable_options_there_are_two_examples(self, hpt, folder, runs, script):
        (folder / "own.py").write_text(script)
        result = hpt("init", "--command", f"{sys.executable} own.py")
        assert "the space holds two examples" in result.stdout
        assert list(yaml.safe_load((folder / "own.yaml").read_text())["space"]) == [
            "learning_rate",
            "hidden_units",
        ]
        assert hpt("plan", "own.yaml").exit_code == 0

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("--command", ""), "--command is empty"),
            (("--command", "python 'x"), "a quote is not closed"),
            (("--command", "nosuchprogram --x"), "nosuchprogram"),
            (("iris", "--command", "echo"), "leave out DATA, --target, --drop"),
        ],
    )
    def test_what_is_wrong_is_said_and_nothing_written(self, hpt, folder, arguments, said):
        result = hpt("init", *arguments)
        assert (result.exit_code, said in result.stderr) == (2, True), result.stderr
        assert [file.name for file in folder.iterdir()] == ["things.csv"]


def typed(arguments, answers, environment, folder):
    """The command in a terminal, where a person types ``answers``; its status and what it showed."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "hpt_cli", *arguments]
    with subprocess.Popen(
        command, stdin=follower, stdout=follower, stderr=follower, cwd=folder, env=environment
    ) as process:
        os.close(follower)
        os.write(leader, answers.encode())
        shown = b""
        while True:
            try:
                part = os.read(leader, 65536)
            except OSError:  # the other end is closed
                break
            shown += part
    os.close(leader)
    return process.returncode, shown.decode()


def test_in_a_terminal_it_shows_the_columns_and_asks_which_is_the_label(folder, environment):
    status, shown = typed(["init", "things.csv"], "knd\nkind\n", environment, folder)
    assert status == 0, shown
    assert shown.index("taken for") < shown.index("Which column is the label? [kind]: ")
    assert "there is no column 'knd'" in shown
    assert yaml.safe_load((folder / "things.yaml").read_text())["data"]["target"] == "kind"


def test_in_a_terminal_it_asks_which_data(folder, environment):
    status, shown = typed(["init"], "iris\n", environment, folder)
    assert status == 0, shown
    assert "Data: a file, or digits, wine, breast_cancer, iris, diabetes: " in shown
    assert (folder / "iris.yaml").exists()


def test_a_column_that_cannot_be_read_is_left_out_as_asked(hpt, folder):
    rows = "".join(f"{'9O' if n == 7 else n / 7},{n % 5},{'ab'[n % 3 // 2]}\n" for n in range(60))
    (folder / "odd.csv").write_text("p q,r,kind\n" + rows)
    refused = hpt("init", "odd.csv", "--target", "kind")
    assert refused.exit_code == 2
    assert "odd.csv:9: column 'p q': '9O' is not a number" in refused.stderr
    assert "--drop 'p q'" in refused.stderr
    assert not (folder / "odd.yaml").exists()
    result = hpt("init", "odd.csv", "--target", "kind", "--drop", "p q")
    assert result.exit_code == 0
    text = (folder / "odd.yaml").read_text()
    assert yaml.safe_load(text)["data"]["drop"] == ["p q"]
    assert "# Written by: hpt init odd.csv --target kind --drop 'p q'" in text
    assert hpt("plan", "odd.yaml").exit_code == 0
    assert "--drop is for tables" in hpt("init", "iris", "--drop", "x").stderr
