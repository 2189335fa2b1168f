"""The documentation's site: every page is in it, every link leads somewhere, nothing is fetched."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hpt_cli.cli.app import COMMANDS
from hpt_cli.cli.describe import page

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def test_the_page_of_commands_has_every_command_with_its_example_and_options():
    sections = dict(
        zip(*[iter(re.split(r"^## hpt (\w+)\n", page(), flags=re.MULTILINE)[1:])] * 2, strict=True)
    )
    assert list(sections) == list(COMMANDS)
    assert all(f"```sh\nhpt {name}" in text for name, text in sections.items())
    assert "| `--workers INTEGER` | Processes that train" in sections["run"]
    assert not [name for name, text in sections.items() if "--debug" not in text]


def anchors(path):
    """What headings of a page are called in links to them."""
    titles = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.md")), ids=lambda path: path.stem)
def test_links_lead_to_pages_and_headings_that_are_there(path):
    text = re.sub(r"```.*?```|`[^`]*`", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in link:
            continue
        page_name, _, heading = link.partition("#")
        target = DOCS / page_name if page_name else path
        assert target.resolve().is_relative_to(DOCS), f"{link} leads out of the site"
        assert target.exists(), link
        assert not heading or heading in anchors(target), link


@pytest.mark.skipif(
    shutil.which("zensical", path=Path(sys.executable).parent) is None, reason="needs zensical"
)
def test_the_site_is_built_without_warnings_and_fetches_nothing(tmp_path):
    for part in ("docs", "mkdocs.yml"):
        source = ROOT / part
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / part)
    built = subprocess.run(
        [Path(sys.executable).parent / "zensical", "build", "--strict", "--clean"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    start = (tmp_path / "site" / "index.html").read_text()
    for name in (path.stem for path in DOCS.glob("*.md")):
        assert (tmp_path / "site" / f"{name}.html").is_file()
    loaded = re.findall(r"""<(?:script|link|img|iframe)[^>]*(?:src|href)=["']?(https?:[^"' >]+)""", start)
    assert [url for url in loaded if "canonical" not in url] == []
