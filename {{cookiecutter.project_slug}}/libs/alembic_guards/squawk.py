"""Lints the SQL of new revisions with squawk, for locks and rewrites on PostgreSQL.

Run it beside alembic.ini: python -m alembic_guards.squawk
"""

import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError, to_tuple

#: Revisions of git to compare a branch with: the first one that exists.
BASES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")

#: Excluded rules of squawk, by the reason.
EXCLUDED = {
    "a person has confirmed it by an answer, drop= or rename=": (
        "ban-drop-column,ban-drop-table,renaming-column,renaming-object,renaming-table"
    ),
    "the models define it, and it takes no time": (
        "ban-char-field,ban-drop-constraint,ban-drop-default,ban-drop-not-null,"
        "prefer-bigint-over-int,prefer-bigint-over-smallint,prefer-identity,prefer-text-field,"
        "prefer-timestamp-tz,require-enum-value-ordering"
    ),
    "the upgrade has transactions, timeouts and retries": (
        "prefer-robust-stmts,require-lock-timeout,require-statement-timeout,require-timeout-settings"
    ),
}
ACCEPTED = re.compile(r"# squawk-ignore: *([\w, -]+)")

FINDING = """{file}: {rule_name}
    {statement}
  {message}{help}"""
ADVICE = """Nothing was changed. Write it in another way, or accept it by a line in its file:
    # squawk-ignore: {rule_name}"""


def lint() -> bool:
    """Print the findings of squawk in the revisions that are new on this branch.

    Return whether there are none. Raises CommandError if squawk is not installed, or fails.
    """
    squawk = shutil.which("squawk", path=os.path.dirname(sys.executable))
    if squawk is None:
        raise CommandError(
            "squawk is not installed. Install what the project needs, again: make -B install"
        )
    scripts = ScriptDirectory.from_config(Config("alembic.ini"))
    base, known = _files_of_base(Path(scripts.versions))
    new = [
        script
        for script in scripts.walk_revisions()
        if Path(script.path).name not in known
        and not script.is_merge_point
        and not _is_baseline(script)
    ]
    findings = [finding for script in reversed(new) for finding in _findings(squawk, script)]
    revisions = "1 new revision" if len(new) == 1 else f"{len(new)} new revisions"
    print(f"{revisions} ({base}), and squawk finds {len(findings) or 'nothing'}.")
    for finding in findings:
        print(FINDING.format_map(finding))
    if findings:
        print(ADVICE.format_map(findings[0]))
    return not findings


def _is_baseline(script: Script) -> bool:
    """Whether a revision is what `make adopt` has written: it runs on new databases alone."""
    return script.down_revision is None and Path(script.path).with_suffix(".sql").exists()


def _files_of_base(folder: Path) -> tuple[str, set[str]]:
    """Return a description of the base of this branch, and the names of its revision files."""
    for base in BASES:
        git = ["git", "ls-tree", "--name-only", base, "./"]
        try:
            listed = subprocess.run(git, cwd=folder, capture_output=True, text=True, check=True)
        except FileNotFoundError:
            return "all, for there is no git", set()
        except subprocess.CalledProcessError:
            continue
        return f"not in {base}", set(listed.stdout.splitlines())
    return "all, for git has no main branch here", set()


def _findings(squawk: str, script: Script) -> Iterator[dict[str, str]]:
    """Yield the findings of squawk in a revision; the keys are those of FINDING.

    Raises CommandError if squawk fails.
    """
    file = os.path.relpath(script.path)
    sql = _sql(script, file)
    accepted = ACCEPTED.findall(Path(script.path).read_text(encoding="utf-8"))
    rules = ",".join([*EXCLUDED.values(), *accepted]).replace(" ", "")
    run = [squawk, "--reporter=json", f"--exclude={rules}", "--stdin-filepath", file]
    result = subprocess.run(run, input=sql, capture_output=True, encoding="utf-8", check=False)
    try:
        findings = json.loads(result.stdout)
    except ValueError:
        raise CommandError(f"squawk fails at {file}: {result.stderr.strip()}") from None
    for finding in findings:
        statement = sql.splitlines()[finding["line"]].strip()
        advice = f" {finding['help']}" if finding["help"] else ""
        yield {**finding, "file": file, "statement": statement, "help": advice}


def _sql(script: Script, file: str) -> str:
    """Return the SQL of a revision in offline mode; "" if the revision needs a connection."""
    before = to_tuple(script.down_revision, default=("base",))[0]
    output = io.StringIO()
    try:
        command.upgrade(
            Config("alembic.ini", output_buffer=output), f"{before}:{script.revision}", sql=True
        )
    except CommandError:
        raise
    except Exception as error:  # noqa: BLE001 (what an owner's revision may raise without a connection)
        print(f"{file} cannot be written as SQL, so squawk does not check it: {error!r}")
        return ""
    return output.getvalue()


if __name__ == "__main__":
    try:
        sys.exit(0 if lint() else 1)
    except CommandError as failure:
        sys.exit(f"FAILED: {failure}")
