import pytest

from hpt_cli.data import DataSettings, load_dataset


@pytest.fixture
def write(tmp_path):
    """Write a file of the test's own folder: text as UTF-8, bytes as they are."""

    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def load(tmp_path):
    """Load a source relative to the test's own folder."""

    def load(source, target=None, *, seed=0, **settings):
        return load_dataset(DataSettings(str(source), target, **settings), folder=tmp_path, seed=seed)

    return load


@pytest.fixture
def table():
    """The text of a table with 30 rows: ``a`` and ``b`` are numbers, ``y`` is 'no' and 'yes' in turn."""

    def table(separator=",", newline="\n", header="a,b,y", **cells):
        rows = [header.replace(",", separator)]
        for n in range(30):
            row = {"a": f"{n}.5", "b": str(n * n % 7), "y": ("no", "yes")[n % 2]}
            row |= {name: given(n) for name, given in cells.items()}
            rows.append(separator.join(row[name] for name in header.split(",")))
        return newline.join(rows) + newline

    return table
