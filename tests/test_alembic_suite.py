"""Alembic's own tests, without the guards and with them: what differs is listed with its reason."""

import os
import re
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import alembic
import pytest
from conftest import TEMPLATE

SUITE = Path(__file__).with_name("alembic_suite")
LIBS = TEMPLATE / "{{cookiecutter.project_slug}}" / "libs"

pytestmark = pytest.mark.suite


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution of the Alembic that is installed, from the package index."""
    folder = tmp_path_factory.mktemp("alembic")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary=:all:"]
    subprocess.run([*pip, f"--dest={folder}", f"alembic=={alembic.__version__}"], check=True)
    [archive] = folder.glob("*.tar.gz")
    return archive


def test_with_the_guards_alembic_differs_only_where_that_is_meant(
    source: Path, tmp_path: Path
) -> None:
    runs = [
        start(source, tmp_path / "plain"),
        start(source, tmp_path / "guarded", "-p", "with_guards"),
    ]
    plain, guarded = (outcomes(folder, run) for folder, run in runs)
    assert plain.keys() == guarded.keys() and len(plain) > 1500
    differ = {test for test in plain if plain[test] != guarded[test]}
    listed = [test for tests in differences().values() for test in tests]
    assert sorted(differ - set(listed)) == [], "these differ, and no reason is listed"
    assert sorted(set(listed) - differ) == [], "these are listed, and do not differ"


def test_each_difference_has_one_reason() -> None:
    listed = [test for tests in differences().values() for test in tests]
    assert len(listed) == len(set(listed))


def differences() -> dict[str, list[str]]:
    """Return the tests that may differ, by the reason."""
    entries = tomllib.loads((SUITE / "differences.toml").read_text())["difference"]
    return {entry["reason"]: entry["tests"] for entry in entries}


def start(source: Path, folder: Path, *options: str) -> tuple[Path, subprocess.Popen[str]]:
    """Start the tests in a folder of their own, on SQLite, which is their default."""
    with tarfile.open(source) as archive:
        archive.extractall(folder, filter="data")
    [project] = folder.iterdir()
    pytest_ = [sys.executable, "-m", "pytest", "tests", "--maxfail=0", "--quiet"]
    report = folder / "report.xml"
    run = subprocess.Popen(
        [*pytest_, "-p", "no:cacheprovider", f"--junitxml={report}", *options],
        cwd=project,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (SUITE, LIBS)))},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return report, run


def outcomes(report: Path, run: subprocess.Popen[str]) -> dict[str, str]:
    """Return how each test ended: "" for one that passed."""
    said, _ = run.communicate()
    assert report.exists(), said
    cases = ElementTree.parse(report).iter("testcase")
    return {name(case): next((child.tag for child in case), "") for case in cases}


def name(case: ElementTree.Element) -> str:
    """Return a name that holds no version of SQLite."""
    group = re.sub(r"_sqlite\+pysqlite[\d_]*", "", case.get("classname", ""))
    return f"{group.removeprefix('tests.')}.{case.get('name')}"
