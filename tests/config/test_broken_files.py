"""Configs as careless users write them, wrong as a whole.

Each case: name, text, line, key, words of the message.
"""

from __future__ import annotations

import pytest

CASES = [
    ("empty file", "", 1, "", "is empty"),
    ("only comments", "# todo\n", 1, "", "is empty"),
    ("only a document mark", "---\n", 1, "", "is empty"),
    ("a list", "- data\n- space\n", 1, "", "must be a mapping of keys to values"),
    ("a single word", "digits\n", 1, "", "must be a mapping of keys to values"),
    ("a number", "42\n", 1, "", "must be a mapping of keys to values"),
    (
        "json without commas",
        '{"data": {"source": "digits"} "space": {}}\n',
        1,
        "",
        "a bracket that is never closed, or a comma",
    ),
    (
        "two documents",
        "data: {source: digits}\nspace: {learning_rate: 0.1}\n---\nname: second\n",
        3,
        "",
        "more than one YAML document",
    ),
    (
        "tab indentation",
        "data:\n\tsource: digits\nspace: {learning_rate: 0.1}\n",
        2,
        "",
        "a tab where only blanks may stand",
    ),
    (
        "tab after a colon",
        "data:\n  source:\tdigits\nspace: {learning_rate: 0.1}\n",
        2,
        "",
        "a tab where only blanks may stand",
    ),
    (
        "no blank after a colon",
        "data:\n  source: digits\nseed:3\nspace: {learning_rate: 0.1}\n",
        3,
        "",
        "a key without ': '",
    ),
    (
        "equals sign for a colon",
        "data:\n  source: digits\nseed = 3\nspace: {learning_rate: 0.1}\n",
        3,
        "",
        "a key without ': '",
    ),
    (
        "two colons",
        "data:\n  source: digits\nname: a: b\nspace: {learning_rate: 0.1}\n",
        3,
        "",
        "a second ': ' on one line, or an indentation",
    ),
    (
        "unclosed quote",
        "data:\n  source: 'digits\nspace: {learning_rate: 0.1}\n",
        2,
        "",
        "a quote that is never closed",
    ),
    (
        "unclosed bracket",
        "data: {source: digits}\nspace:\n  learning_rate: [0.1, 0.2\n  dropout: 0.1\n",
        3,
        "",
        "a bracket that is never closed, or a comma",
    ),
    (
        "unclosed brace",
        "data: {source: digits\nspace:\n  learning_rate: 0.1\n",
        1,
        "",
        "a bracket that is never closed, or a comma",
    ),
    (
        "indentation that does not fit",
        "data:\n    source: digits\n  target: label\nspace: {learning_rate: 0.1}\n",
        3,
        "",
        "the indentation does not fit the lines above",
    ),
    (
        "first line indented",
        "  data: {source: digits}\nspace: {learning_rate: 0.1}\n",
        2,
        "",
        "the indentation does not fit the lines above",
    ),
    (
        "key written twice",
        "data: {source: digits}\nseed: 1\nspace: {learning_rate: 0.1}\nseed: 2\n",
        4,
        "seed",
        "is written twice: on line 2 and on line 4",
    ),
    (
        "section written twice",
        "data: {source: digits}\nspace:\n  learning_rate: 0.1\nspace:\n  dropout: 0.1\n",
        4,
        "space",
        "is written twice: on line 2 and on line 4",
    ),
    (
        "alias",
        "data: {source: digits}\nspace:\n  learning_rate: &rates [0.1, 0.2]\n  dropout: *rates\n",
        4,
        "space.dropout",
        "aliases (*name) are not read",
    ),
    (
        "merge key",
        "data: {source: digits}\nspace:\n  learning_rate:\n    <<: {low: 1}\n    high: 2\n",
        4,
        "space.learning_rate.<<",
        "merge keys (<<) are not read",
    ),
    (
        "python object",
        "data: {source: !!python/object/apply:os.system ['ls']}\nspace: {learning_rate: 0.1}\n",
        1,
        "data.source",
        "the tag !!python/object/apply:os.system is",
    ),
    (
        "unknown tag",
        "data: {source: !env DATA}\nspace: {learning_rate: 0.1}\n",
        1,
        "data.source",
        "the tag !env is not read",
    ),
    (
        "template not filled in",
        "data: {source: {{ source }}}\nspace: {learning_rate: 0.1}\n",
        1,
        "data.source",
        "a key must be text",
    ),
    (
        "jinja block",
        "{% if x %}\ndata: {source: digits}\nspace: {learning_rate: 0.1}\n",
        1,
        "",
        "text cannot start with '%'",
    ),
    (
        "nul byte",
        "data: {source: digits}\nname: a\x00b\nspace: {learning_rate: 0.1}\n",
        2,
        "",
        "contains the control character \\x00",
    ),
    (
        "nested too deeply",
        ("data: {source: digits}\nspace: " + "[" * 60 + "]" * 60 + "\n"),
        2,
        "",
        "is nested deeper than 50 levels",
    ),
    (
        "percent sign at the start",
        "data: {source: digits}\nname: %x\nspace: {learning_rate: 0.1}\n",
        2,
        "",
        "text cannot start with '%'",
    ),
    (
        "at sign at the start",
        "data: {source: digits}\nname: @me\nspace: {learning_rate: 0.1}\n",
        2,
        "",
        "text cannot start with '@'",
    ),
    (
        "backslash in double quotes",
        'data: {source: "C:\\data\\x.csv"}\nspace: {learning_rate: 0.1}\n',
        1,
        "",
        "an unknown \\ in double quotes",
    ),
    (
        "star as a value",
        "data: {source: digits}\nname: *\nspace: {learning_rate: 0.1}\n",
        2,
        "",
        "text cannot start with '*' or '&'",
    ),
    (
        "lone surrogate",
        'data: {source: digits}\nname: "\\ud800"\nspace: {learning_rate: 0.1}\n',
        2,
        "name",
        "holds half a character (a lone surrogate)",
    ),
    ("no data", "space: {learning_rate: 0.1}\n", 1, "data", "is missing"),
    ("no space", "data: {source: digits}\nsearch: {trials: 3}\n", 1, "space", "is missing"),
    ("empty space", "data: {source: digits}\nspace: {}\n", 2, "space", "is empty"),
    (
        "space without entries",
        "data: {source: digits}\nspace:\n",
        2,
        "space",
        "must be a mapping of keys to values",
    ),
    (
        "space is a list",
        "data: {source: digits}\nspace:\n  - learning_rate: 0.1\n",
        2,
        "space",
        "must be a mapping of keys to values",
    ),
    (
        "data is a word",
        "data: digits\nspace: {learning_rate: 0.1}\n",
        1,
        "data",
        "must be a mapping of keys to values",
    ),
    (
        "unknown section",
        "data: {source: digits}\nspace: {learning_rate: 0.1}\ntraining: {epochs: 3}\n",
        3,
        "training",
        "unknown key",
    ),
    (
        "typing error in a section",
        "data: {source: digits}\nsapce: {learning_rate: 0.1}\n",
        2,
        "sapce",
        "unknown key",
    ),
    (
        "search space as other tools call it",
        "data: {source: digits}\nsearch_space: {learning_rate: 0.1}\n",
        2,
        "search_space",
        "unknown key",
    ),
    (
        "parameters as other tools call it",
        "data: {source: digits}\nparameters: {learning_rate: 0.1}\n",
        2,
        "parameters",
        "unknown key",
    ),
    ("capital letter", "Data: {source: digits}\nspace: {learning_rate: 0.1}\n", 1, "Data", "unknown key"),
    (
        "trials at the root",
        "data: {source: digits}\nspace: {learning_rate: 0.1}\ntrials: 20\n",
        3,
        "trials",
        "unknown key",
    ),
    (
        "epochs at the root",
        "data: {source: digits}\nspace: {learning_rate: 0.1}\nepochs: 20\n",
        3,
        "epochs",
        "unknown key",
    ),
    (
        "workers at the root",
        "data: {source: digits}\nspace: {learning_rate: 0.1}\nworkers: 2\n",
        3,
        "workers",
        "unknown key",
    ),
    (
        "metric at the root",
        "data: {source: digits}\nspace: {learning_rate: 0.1}\nmetric: validation_loss\n",
        3,
        "metric",
        "unknown key",
    ),
    (
        "the network's keys beside a command",
        "command: echo {learning_rate}\nspace: {learning_rate: 0.1}\nnetwork: {epochs: 3}\n"
        "objective: {goal: minimize}\n",
        3,
        "network",
        "is for the built-in network and does not go with command",
    ),
    (
        "zero-width blank in a key",
        "data: {source: digits}\nspace: {learning_rate: 0.1}\nse\u200bed: 3\n",
        3,
        "se\\u200bed",
        "unknown key",
    ),
    (
        "number as a key",
        "data: {source: digits}\nspace: {learning_rate: 0.1}\n1: 3\n",
        3,
        "1",
        "a key must be text",
    ),
    (
        "on as a key",
        "data: {source: digits}\nspace: {learning_rate: 0.1}\non: 3\n",
        3,
        "on",
        "on may mean true or a text",
    ),
    (
        "grid with too few trials",
        (
            "data: {source: digits}\n"
            "space:\n"
            "  dropout: {low: 0, high: 0.5, points: 3}\n"
            "search:\n"
            "  strategy: grid\n"
            "  trials: 2\n"
        ),
        6,
        "search.trials",
        "the grid has 3 trials",
    ),
    (
        "grid with too many trials",
        (
            "data: {source: digits}\n"
            "space:\n"
            "  dropout: {low: 0, high: 0.5, points: 3}\n"
            "search:\n"
            "  strategy: grid\n"
            "  trials: 20\n"
        ),
        6,
        "search.trials",
        "the grid has 3 trials",
    ),
    (
        "grid that is too large",
        (
            "data: {source: digits}\n"
            "space:\n"
            "  dropout: {low: 0, high: 0.5, points: 1000}\n"
            "  l2: {low: 0, high: 1, points: 1000}\n"
            "search:\n"
            "  strategy: grid\n"
        ),
        6,
        "search.strategy",
        "the grid has 1000000 trials, more than 100000",
    ),
    (
        "grid of a wide int",
        ("data: {source: digits}\nspace:\n  hidden_units: {low: 16, high: 256}\nsearch: {strategy: grid}\n"),
        3,
        "space.hidden_units",
        "a grid needs to know how many values to take",
    ),
]


@pytest.mark.parametrize(
    ("text", "line", "key", "words"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_is_refused_where_it_is_wrong(problems, text, line, key, words):
    found = problems(text)
    first = found[0]
    assert (first.line, first.key) == (line, key)
    assert words in first.what
    assert len(found) <= 2
