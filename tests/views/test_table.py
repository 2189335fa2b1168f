import pytest

from hpt_cli.views.table import KEEP, Column, draw, fitting, numbers


def widths(text):
    return [len(line.rstrip()) for line in text.splitlines()]


def test_a_long_title_is_broken_where_words_meet():
    assert Column("hidden_units", ("64", "128")).lines == ["hidden_", "units"]
    assert Column("batch_norm.momentum", ("0.9", "0.95")).lines == ["batch_", "norm.", "momentum"]
    assert Column("a_b_c", ("123456",)).lines == ["a_b_c"]


def test_the_greatest_number_goes_first_and_of_equals_the_last():
    columns = [
        Column("a", ("x" * 9,)),
        *(Column(name, ("x" * 9,), drop=1) for name in "bc"),
        Column("d", ("x" * 9,), drop=2),
    ]
    names = [[column.title for column in fitting(columns, width)[0]] for width in (42, 41, 30, 19, 5)]
    assert names == [["a", "b", "c", "d"], ["a", "b", "c"], ["a", "b"], ["a"], ["a"]]
    assert [column.title for column in fitting(columns, 30)[1]] == ["c", "d"]


@pytest.mark.parametrize("width", [120, 80, 60, 40, 20])
def test_what_fits_is_drawn_within_the_width(terminal, width):
    columns = [Column("rank", ("1",), "right", KEEP)]
    columns += [numbers(f"some_long_name_{n}", [f"{10.0**-n:.4g}"], n + 1) for n in range(12)]
    console, written = terminal(width)
    kept, _ = fitting(columns, width)
    console.print(draw(console, kept, [""]))
    assert max(widths(written())) <= width
    assert len(written().splitlines()) == max(len(column.lines) for column in kept) + 2


def test_numbers_keep_their_decimal_points_in_line(terminal):
    console, written = terminal()
    console.print(
        draw(console, [numbers("x", ["0.5", "12.25", "3"]), Column("y", ("a", "b", "c"))], ["", "", ""])
    )
    assert written().splitlines()[2:] == [" 0.5   a", "12.25  b", " 3     c"]


def test_sentences_wrap_and_nothing_else(terminal):
    console, written = terminal(60)
    console.print(
        draw(
            console,
            [Column("name", ("learning_rate",)), Column("why", ("because of this " * 6,), wraps=True)],
            [""],
        )
    )
    lines = written().splitlines()
    assert max(widths(written())) <= 60
    assert sum("learning_rate" in line for line in lines) == 1
    assert sum(line.count("because") for line in lines) == 6


def test_ascii_keeps_the_blanks_between_columns(terminal):
    console, written = terminal(encoding="ascii")
    console.print(draw(console, [Column("x", ("a",)), Column("y", ("b",))], [""]))
    assert [line.rstrip() for line in written().splitlines()] == ["x  y", "----", "a  b"]
