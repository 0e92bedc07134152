"""Finds by git where a revision without a file is: removed on this branch, or on other branches."""

import os
import re
import subprocess
from pathlib import Path

CHANGED = """Its file was deleted or changed here, and git has it. Restore it: git checkout HEAD -- {file}"""
REMOVED = """Commit {commit} has removed its file on this branch (git log -1 {commit}). Restore it: \
git checkout {commit}~ -- {file}"""


def removed_here(folder: Path, revision: str) -> str:
    """Return how to restore the file of a revision that was removed on this branch, or ""."""
    pattern = _declaration(revision)
    for found in _git(folder, "grep", "-l", "-E", "-e", pattern, "HEAD", "--", "."):
        return CHANGED.format(file=_shown(folder, found.removeprefix("HEAD:")))
    log = _git(
        folder,
        *("log", "-1", "-G", pattern, "--no-renames", "--diff-filter=DM", "--relative"),
        *("--name-only", "--format=%h", "HEAD", "--", "."),
    )
    if log:
        return REMOVED.format(commit=log[0], file=_shown(folder, log[-1]))
    return ""


def branches(folder: Path, revision: str) -> list[str]:
    """Return the git branches that have a revision; none without git or a repository."""
    pattern = _declaration(revision)
    added = ("log", "--all", "-G", pattern, "--diff-filter=A", "--format=%H", "--", ".")
    commits = _git(folder, *added)
    each = "--format=%(refname:short)"
    return _git(folder, "branch", "--all", each, "--contains", commits[0]) if commits else []


def _declaration(revision: str) -> str:
    """Return a regular expression of git for the line that declares the id of a revision."""
    quoted = re.sub(r"\W", ".", revision)
    return f"""^revision[^=]*= *["']{quoted}["']"""


def _shown(folder: Path, file: str) -> str:
    return os.path.relpath(folder / file)


def _git(folder: Path, *arguments: str) -> list[str]:
    try:
        command = ["git", *arguments]
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=True
        ).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        return []
