"""What is written, what is read: each surprise of YAML 1.1 by itself."""

from __future__ import annotations

import os
import shlex
import time

import pytest

from hpt_cli.config.yaml_loader import BROKEN, MAX_BYTES, MAX_NODES, read_file, read_yaml
from hpt_cli.errors import ConfigError

READ = [
    ("1e-4", 1e-4),
    ("1E-4", 1e-4),
    ("1e5", 1e5),
    ("1.0e5", 1e5),
    ("-1e-3", -1e-3),
    ("1.0e-4", 1e-4),
    ("1.e-4", 1e-4),
    ("1.0e+5", 1e5),
    (".5e-3", 5e-4),
    (".5", 0.5),
    ("+.5", 0.5),
    ("-.5", -0.5),
    ("1.", 1.0),
    ("1_000", 1000),
    ("1_0.5", 10.5),
    ("42", 42),
    ("-7", -7),
    ("+7", 7),
    ("0", 0),
    ("999999999999999999", 999_999_999_999_999_999),
    ("true", True),
    ("True", True),
    ("false", False),
    ("FALSE", False),
    ("null", None),
    ("~", None),
    ("", None),
    # text
    ("1,000", "1,000"),
    ("1/10", "1/10"),
    ("2**8", "2**8"),
    ("1e-4x", "1e-4x"),
    ("1__0", "1__0"),
    ("_1", "_1"),
    ("e5", "e5"),
    (".", "."),
    ("1:30", "1:30"),
    ("1:30.5", "1:30.5"),
    ("2024-01-02", "2024-01-02"),
    ("2024-13-45", "2024-13-45"),
    ("inf", "inf"),
    (".inf", ".inf"),
    ("-.inf", "-.inf"),
    (".nan", ".nan"),
    ("NaN", "NaN"),
    ("nil", "nil"),
    ("none", "none"),
    ("y", "y"),
    ("n", "n"),
    ("=", "="),
    ("<<", "<<"),
    ("tRuE", "tRuE"),
    ("0b12", "0b12"),
    ("１２", "１２"),
    ('"yes"', "yes"),
    ("'017'", "017"),
    ('"1e-4"', "1e-4"),
    ("!!str 1e-4", "1e-4"),
    ("!!str yes", "yes"),
    ("!!float 1", 1.0),
    ("!!int 3", 3),
    ("!!bool true", True),
    ("[64:32]", ["64:32"]),
    ("|\n  two\n  lines", "two\nlines\n"),
]

REFUSED = [
    ("017", "write 17"),
    ("0o17", "write 15"),
    ("08", "write 8"),
    ("0x1F", "write 31"),
    ("0b11", "write 3"),
    ("-0x1F", "write -31"),
    ("00", "write 0"),
    ("yes", "write true"),
    ("Yes", "write true"),
    ("on", "write true"),
    ("ON", "write true"),
    ("no", "write false"),
    ("off", "write false"),
    ("None", "write null"),
    ("1.0e+400", ""),
    ("-1e999", ""),
    ("1e-999", ""),
    ("9" * 19, ""),
    ("9" * 5000, ""),
    ("0x" + "f" * 6000, "in quotes"),
    ("1." + "0" * 200, "round it"),
    ("!!float abc", "remove the tag"),
    ("!!bool maybe", "remove the tag"),
    ("!!bool yes", "write true"),
    ("!!int ''", "remove the tag"),
    ("!!int 017", "write 17"),
    ("!!timestamp x", "remove it"),
    ("!!binary aGVsbG8=", "remove it"),
    ("!!null x", "remove it"),
    ("!!set {a, b}", "remove it"),
    ("!!omap [a: 1]", "remove it"),
    ("!!python/object/apply:os.system [ls]", "remove it"),
    ("!!python/name:os.system", "remove it"),
    ("!!python/tuple [1]", "remove it"),
    ("!Foo 1", "remove it"),
    ('"\\ud800"', "write the character itself"),
]


@pytest.mark.parametrize(("written", "value"), READ)
def test_is_read_as_a_person_means_it(written, value):
    document = read_yaml(f"key: {written}\n".encode())
    assert document.problems == []
    read = document.data["key"]
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(("written", "hint"), REFUSED, ids=lambda text: text[:20])
def test_is_refused_with_its_line_and_what_to_write(written, hint):
    document = read_yaml(f"before: 1\nkey: {written}\n".encode())
    [problem] = document.problems
    assert (problem.line, problem.key) == (2, "key")
    assert hint in problem.hint
    assert document.data == {"before": 1, "key": BROKEN}
    assert len(problem.what) < 140


@pytest.mark.parametrize("key", ["1", "1.5", "true", "null", "~", "[a]", "{a: 1}", "on", "no", "017"])
def test_a_key_must_be_text(key):
    document = read_yaml(f"? {key}\n: 1\nafter: 2\n".encode())
    [problem] = document.problems
    assert problem.line == 1
    assert document.data == {"after": 2}


@pytest.mark.parametrize(
    "text",
    [
        "a: &x 1\nb: *x\n",
        "a: &x [1]\nb:\n  <<: *x\n",
        "a: &x [*x]\n",
        "a: {<<: {b: 1}}\n",
        "*x : 1\n",
    ],
)
def test_aliases_and_merge_keys_are_refused(text):
    document = read_yaml(text.encode())
    assert document.problems
    assert all("not read" in problem.what for problem in document.problems)


def test_many_laughs_are_refused_at_once():
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 19)]
    started = time.perf_counter()
    document = read_yaml("\n".join(lines).encode())
    assert len(document.problems) == 36
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
@pytest.mark.parametrize("depth", [60, 10_000])
def test_depth_is_bounded_before_it_hurts(opening, depth):
    [problem] = read_yaml(("a:\n" + opening * depth).encode()).problems
    assert problem.line == 2


def test_the_number_of_values_is_bounded():
    [problem] = read_yaml(b"a: [" + b"1," * MAX_NODES + b"]").problems
    assert "20000 values" in problem.what


def test_a_large_file_is_read_in_reasonable_time():
    started = time.perf_counter()
    document = read_yaml(b"a: 1\n" + b"# comment\n" * (MAX_BYTES // 10 - 1))
    assert document.data == {"a": 1}
    assert time.perf_counter() - started < 10


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "---\n...\n", "~", "null"])
def test_nothing_is_not_a_config(text):
    [problem] = read_yaml(text.encode()).problems
    assert "is empty" in problem.what or "must be a mapping" in problem.what


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_ends_and_a_byte_order_mark_do_not_matter(ending):
    text = "\ufeff" + ending.join(["a: 1", "b:", "  c: yes", ""])
    document = read_yaml(text.encode())
    assert document.data == {"a": 1, "b": {"c": BROKEN}}
    assert [(problem.line, problem.key) for problem in document.problems] == [(3, "b.c")]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (b"a: 1\nb: \xe9\n", 2, "not UTF-8"),
        ("a: 1\n".encode("utf-16"), 1, "UTF-16"),
        ("a: 1\n".encode("utf-16-le"), 1, "\\x00"),
        (b"a: 1\nb: x\x00y\n", 2, "\\x00"),
        (b"a: 1\nb: \x1b[31mred\n", 2, "\\x1b"),
        (b"a: 1\n\nb: \x7f\n", 3, "\\x7f"),
        (b"a: [1, 2\nb: 3\n", 1, "never closed"),
        (b"a: 'x\nb: 3\n", 1, "never closed"),
        (b"a: 1\nb: 2\n---\nc: 3\n", 3, "more than one YAML document"),
        (b"a: 1\n---\n", 2, "more than one YAML document"),
        (b"a:\n  b: 1\n\tc: 2\n", 3, "tab"),
        (b"a:\n  b: 1\n \xc2\xa0c: 1\n", 3, "indentation"),
        (b"a: @x\n", 1, "'@'"),
        (b"a: `x`\n", 1, "backtick"),
        (b"a: b: c\n", 1, "second ': '"),
        (b'a: "\\q"\n', 1, "unknown \\"),
        (b'a: "\\UFFFFFFFF"\n', 1, "is not YAML"),
        (b"%YAML 99999999999999999999.1\n---\na: 1\n", 1, "is not YAML"),
    ],
)
def test_what_is_not_yaml_is_refused_at_its_line(text, line, words):
    problem = read_yaml(text).problems[0]
    assert problem.line == line
    assert words in problem.what


def test_a_duplicate_names_both_lines_and_keeps_the_first():
    document = read_yaml(b"a: 1\nb:\n  c: 1\n  c: 2\na: 3\n")
    assert [(problem.line, problem.key) for problem in document.problems] == [(4, "b.c"), (5, "a")]
    assert "line 3" in document.problems[0].what
    assert "line 4" in document.problems[0].what
    assert document.data == {"a": 1, "b": {"c": 1}}


def test_every_key_and_entry_has_its_line():
    document = read_yaml(b"a:\n  b: 1\n  c:\n    - x\n    - y: 2\n")
    assert document.lines["a", "b"] == 2
    assert document.lines["a", "c", 1] == 5
    assert document.lines["a", "c", 1, "y"] == 5
    assert document.line(("a", "c", 7, "z")) == 3


class TestReadFile:
    def problem(self, path):
        with pytest.raises(ConfigError) as caught:
            read_file(path)
        [problem] = caught.value.problems
        return problem

    def test_a_missing_file_gets_a_near_name(self, tmp_path):
        (tmp_path / "digits.yaml").write_text("a: 1")
        problem = self.problem(tmp_path / "digit.yaml")
        assert problem.what == "there is no such file"
        assert "digits.yaml" in problem.hint

    def test_a_folder_is_no_config(self, tmp_path):
        assert "is a folder" in self.problem(tmp_path).what

    def test_a_pipe_without_a_writer_does_not_block(self, tmp_path):
        os.mkfifo(tmp_path / "pipe")
        assert self.problem(tmp_path / "pipe").what == "is not a regular file"

    def test_a_device_is_no_config(self):
        from pathlib import Path

        assert self.problem(Path("/dev/zero")).what == "is not a regular file"

    def test_links_in_a_circle(self, tmp_path):
        (tmp_path / "a").symlink_to("b")
        (tmp_path / "b").symlink_to("a")
        assert self.problem(tmp_path / "a").what == "links lead in a circle"

    def test_a_file_over_the_limit_is_not_read(self, tmp_path):
        (tmp_path / "large").write_bytes(b"#" * (MAX_BYTES + 1))
        assert "larger than 1 MiB" in self.problem(tmp_path / "large").what
        (tmp_path / "just").write_bytes(b"#" * MAX_BYTES)
        assert len(read_file(tmp_path / "just")) == MAX_BYTES

    @pytest.mark.parametrize(
        ("name", "what", "label"),
        [
            ("my houses.csv", "a table", " --target COLUMN"),
            ("T.CSV.GZ", "a table", " --target COLUMN"),
            ("x.npz", "an archive of arrays", ""),
        ],
    )
    def test_data_in_a_configs_place(self, name, what, label, tmp_path):
        (tmp_path / name).write_bytes(b"\xff" * (MAX_BYTES + 1))
        problem = self.problem(tmp_path / name)
        assert (problem.line, problem.what) == (1, f"this is {what}, not a config")
        assert problem.hint == f"first: hpt init {shlex.quote(str(tmp_path / name))}{label}"

    @pytest.mark.parametrize("name", ["a\0b", "x" * 300, "file/below"])
    def test_impossible_names(self, tmp_path, name):
        (tmp_path / "file").write_text("")
        assert self.problem(tmp_path / name).what
