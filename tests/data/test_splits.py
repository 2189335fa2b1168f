"""Splits that the data itself makes: by groups, by time, by a column, by files."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from hpt_cli.data import SplitSettings
from hpt_cli.errors import DataError


@pytest.fixture
def speakers(write):
    """300 rows of 40 speakers of unequal lengths; ``a`` is the row's number, the label goes by the row."""
    rng = np.random.default_rng(3)
    who = np.sort(rng.integers(0, 40, 300) ** 2 // 40)
    rows = "".join(f"{n}.5,s{w},{'xy'[(n * 7 % 10) > 6]},{n // 3}\n" for n, w in enumerate(who))
    write("t.csv", "a,who,y,day\n" + rows)
    return who


def parts(dataset):
    """The numbers of each part's rows, by feature ``a``."""
    place = dataset.feature_names.index("a")
    every = (dataset.x_train, dataset.x_validation, dataset.x_test)
    return [np.round(x[:, place] * dataset.std[place] + dataset.mean[place] - 0.5).astype(int) for x in every]


class TestGroups:
    def test_no_group_is_on_two_sides(self, speakers, load):
        for seed in range(8):
            sides = [
                set(speakers[rows])
                for rows in parts(load("t.csv", "y", seed=seed, split=SplitSettings(group="who")))
            ]
            assert set.union(*sides) == set(speakers)
            assert sum(map(len, sides)) == len(set(speakers))

    def test_sizes_and_shares_are_near_to_what_was_asked_for(self, speakers, load):
        dataset = load("t.csv", "y", split=SplitSettings(group="who"))
        sizes = [len(rows) / 300 for rows in parts(dataset)]
        assert np.abs(np.subtract(sizes, [0.6, 0.2, 0.2])).max() < 0.08
        shares = [np.mean(y) for y in (dataset.y_train, dataset.y_validation, dataset.y_test)]
        assert np.abs(np.array(shares) - 0.3).max() < 0.12

    def test_the_seed_draws_and_the_column_is_no_feature(self, speakers, load):
        split = SplitSettings(group="who")
        one, again, other = (load("t.csv", "y", seed=seed, split=split) for seed in (0, 0, 1))
        assert_array_equal(one.x_train, again.x_train)
        assert not np.array_equal(one.x_train, other.x_train)
        assert one.feature_names == ("a", "day")
        assert any("data.split.group, 'who', is no feature" in note for note in one.notes)

    def test_it_is_a_feature_where_features_name_it(self, speakers, load):
        dataset = load("t.csv", "y", features=("a", "who"), split=SplitSettings(group="who"))
        assert dataset.feature_names[1].startswith("who=")

    def test_too_few_groups_are_refused(self, write, load):
        write("t.csv", "a,who,y\n" + "".join(f"{n},{n % 2},{n % 3 // 2}\n" for n in range(60)))
        with pytest.raises(DataError, match="too few groups"):
            load("t.csv", "y", split=SplitSettings(group="who"))
        both = load("t.csv", "y", split=SplitSettings(group="who", test=0))
        assert both.rows() == {"training": 30, "validation": 30, "test": 0}

    def test_a_row_without_a_group_is_refused_with_its_line(self, write, load):
        write("t.csv", "a,who,y\n" + "".join(f"{n},{'' if n == 4 else n % 9},{n % 2}\n" for n in range(60)))
        with pytest.raises(DataError, match=r"t\.csv:6: column 'who': the cell is empty"):
            load("t.csv", "y", split=SplitSettings(group="who"))


class TestTime:
    def test_the_latest_rows_are_test_and_those_before_them_validation(self, speakers, load):
        train, validation, test = parts(load("t.csv", "y", split=SplitSettings(time="day")))
        assert max(train) < min(validation)
        assert max(validation) < min(test)
        assert [len(rows) for rows in (train, validation, test)] == [180, 60, 60]

    def test_rows_of_one_moment_stay_together(self, write, load):
        write("t.csv", "a,day,y\n" + "".join(f"{n}.5,{n // 7},{n % 2}\n" for n in range(100)))
        sides = [set(rows // 7) for rows in parts(load("t.csv", "y", split=SplitSettings(time="day")))]
        assert sum(map(len, sides)) == 15

    def test_dates_order_rows_whatever_their_order_in_the_file(self, write, load):
        order = np.random.default_rng(0).permutation(100)
        rows = "".join(f"{n}.5,{n % 28 + 1}.{n // 28 + 1}.2021,{n % 2}\n" for n in order)
        write("t.csv", "a,day,y\n" + rows)
        train, validation, test = parts(load("t.csv", "y", split=SplitSettings(time="day")))
        assert sorted(train) == list(range(60))
        assert sorted(validation) == list(range(60, 80))
        assert sorted(test) == list(range(80, 100))

    def test_texts_are_no_time(self, speakers, load):
        with pytest.raises(DataError, match=r"column 'who': holds .* data.split.time needs dates"):
            load("t.csv", "y", split=SplitSettings(time="who"))

    def test_one_moment_cannot_be_split(self, write, load):
        write("t.csv", "a,day,y\n" + "".join(f"{n},5,{n % 2}\n" for n in range(60)))
        with pytest.raises(DataError, match="1 different times are too few"):
            load("t.csv", "y", split=SplitSettings(time="day"))


class TestColumn:
    def test_every_row_goes_where_it_says(self, write, load):
        words = ("train", "Training", "VAL", "dev", "test")
        write("t.csv", "a,part,y\n" + "".join(f"{n}.5,{words[n % 5]},{n // 5 % 2}\n" for n in range(60)))
        dataset = load("t.csv", "y", split=SplitSettings(column="part"))
        train, validation, test = parts(dataset)
        assert_array_equal(train % 5 < 2, True)
        assert_array_equal((validation % 5 == 2) | (validation % 5 == 3), True)
        assert_array_equal(test % 5, 4)
        assert dataset.feature_names == ("a",)

    def test_validation_rows_are_drawn_where_it_names_none(self, write, load):
        write(
            "t.csv",
            "a,part,y\n"
            + "".join(f"{n}.5,{('train', 'test')[n % 3 // 2]},{n // 5 % 2}\n" for n in range(60)),
        )
        dataset = load("t.csv", "y", split=SplitSettings(column="part"))
        assert dataset.rows() == {"training": 32, "validation": 8, "test": 20}
        assert any("drawn from the training rows" in note for note in dataset.notes)

    def test_another_word_is_refused_with_its_line(self, write, load):
        write(
            "t.csv",
            "a,part,y\n" + "".join(f"{n}.5,{'holdout' if n == 3 else 'train'},{n % 2}\n" for n in range(60)),
        )
        with pytest.raises(DataError, match=r"t\.csv:5: column 'part': 'holdout' is no part"):
            load("t.csv", "y", split=SplitSettings(column="part"))

    def test_no_row_to_train_on_is_refused(self, write, load):
        write("t.csv", "a,part,y\n" + "".join(f"{n}.5,{('val', 'test')[n % 2]},{n % 3}\n" for n in range(60)))
        with pytest.raises(DataError, match="leave 0 to train on"):
            load("t.csv", "y", split=SplitSettings(column="part"))


class TestFiles:
    @pytest.fixture
    def three(self, write):
        for name, start in (("train.csv", 0), ("dev.csv", 100), ("test.csv", 200)):
            rows = "".join(
                f"{'b' if n % 2 else 'c'},{n}.5,{'yes' if n % 2 else 'no'}\n"
                for n in range(start, start + 40)
            )
            write(name, "b,a,y\n" + rows)

    def test_each_part_is_its_file(self, three, load):
        split = SplitSettings(validation="dev.csv", test="test.csv")
        train, validation, test = parts(load("train.csv", "y", split=split))
        assert sorted(train) == list(range(40))
        assert sorted(validation) == list(range(100, 140))
        assert sorted(test) == list(range(200, 240))

    def test_validation_is_drawn_where_only_the_test_rows_have_a_file(self, three, load):
        dataset = load("train.csv", "y", split=SplitSettings(validation=0.25, test="test.csv"))
        assert dataset.rows() == {"training": 30, "validation": 10, "test": 40}

    def test_groups_stay_together_beside_a_file(self, three, write, load):
        text = "who,a,y\n" + "".join(f"g{n // 4},{n}.5,{n % 2}\n" for n in range(80))
        write("train.csv", text)
        write("test.csv", text.replace("g", "h"))
        split = SplitSettings(test="test.csv", group="who")
        train, validation, _ = parts(load("train.csv", "y", split=split))
        assert not set(train // 4) & set(validation // 4)

    def test_columns_may_be_in_another_order_and_one_that_lacks_is_named(self, three, write, load, tmp_path):
        text = (tmp_path / "test.csv").read_text()
        lines = [line.split(",") for line in text.splitlines()]
        write("turned.csv", "\n".join(",".join(line[::-1]) for line in lines))
        split = SplitSettings(test="test.csv")
        turned = load("train.csv", "y", split=SplitSettings(test="turned.csv"))
        assert_array_equal(turned.x_test, load("train.csv", "y", split=split).x_test)
        write("less.csv", "\n".join(",".join(line[1:]) for line in lines))
        with pytest.raises(DataError, match=r"less\.csv: lacks 'b' of .*train\.csv"):
            load("train.csv", "y", split=SplitSettings(test="less.csv"))

    def test_labels_with_a_point_in_the_test_file_alone_lose_it(self, three, write, load, tmp_path):
        text = (tmp_path / "test.csv").read_text()
        write("pointed.csv", text.replace("yes\n", "yes.\n").replace("no\n", "no.\n"))
        dataset = load("train.csv", "y", split=SplitSettings(test="pointed.csv"))
        assert dataset.classes == ("no", "yes")
        assert set(dataset.y_test) == {0, 1}
        assert any("end in a point" in note for note in dataset.notes)

    def test_a_mistake_is_told_with_its_own_file_and_line(self, three, write, load, tmp_path):
        write("bad.csv", (tmp_path / "test.csv").read_text().replace("204.5", "abc"))
        with pytest.raises(DataError, match=r"bad\.csv:6: column 'a': 'abc' is not a number"):
            load("train.csv", "y", split=SplitSettings(test="bad.csv"))


def test_copies_on_both_sides_are_counted(write, load):
    rows = "".join(f"{n}.5,{n % 7},{n % 2}\n" for n in range(60))
    write("t.csv", "a,b,y\n" + rows)
    assert not any("equal a training row" in note for note in load("t.csv", "y").notes)
    write("t.csv", "a,b,y\n" + rows * 3)
    (note,) = [note for note in load("t.csv", "y").notes if "equal a training row" in note]
    assert "validation and" in note


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"group": "a", "time": "b"}, "exclude each other"),
        ({"column": "a", "test": "t.csv"}, "exclude each other"),
    ],
    ids=str,
)
def test_two_ways_to_split_are_refused(settings, says):
    with pytest.raises(ValueError, match=says):
        SplitSettings(**settings)


def test_a_validation_part_of_few_rows_and_a_class_that_it_lacks_are_told(write, load):
    write("t.csv", "a,y\n" + "".join(f"{n}.5,{'abc'[n % 2 if n else 2]}\n" for n in range(30)))
    notes = [note for seed in range(6) for note in load("t.csv", "y", seed=seed).notes]
    assert any(note.startswith("So few validation rows (6)") for note in notes)
    assert "No validation row, so not judged: 'c'." in notes
