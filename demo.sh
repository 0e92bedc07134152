#!/bin/sh
# Shows the template at work in the folder named, or in a temporary one: a project, two commands,
# a changed model, the same two commands.
set -eu
template=$(cd "$(dirname "$0")" && pwd)
PATH=$template/.venv/bin:$PATH
unset MAKEFLAGS MAKELEVEL
folder=${1:-$(mktemp -d)}
mkdir -p "$folder"
cd "$folder"

run() {
  printf '\n$ %s\n' "$1"
  eval "$1"
}

echo "In $(pwd):"
cookiecutter "$template" --no-input project_name=Shop "database=${2:-sqlite}"
run 'cd shop'
run 'make revision m="create users"'
run 'make upgrade'
run "echo '    summary: Mapped[str | None]' >> src/shop/models/user.py"
run 'make revision'
run 'make upgrade'
run 'make history'
