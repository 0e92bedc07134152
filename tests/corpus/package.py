"""Packages the pairs of sqldef: `python tests/corpus/package.py FOLDER`, the folder of a checkout.

https://github.com/sqldef/sqldef, MIT. The pairs are kept compressed, with the licence beside them.
"""

import json
import lzma
import re
import sys
from pathlib import Path

import yaml

HERE = Path(__file__).parent
TOOLS = {"sqlite": "sqlite3def", "postgresql": "psqldef", "mariadb": "mysqldef"}

#: The subjects that models do not have: each is a file of pairs.
NOT_IN_MODELS = re.compile(r"events|function|privilege|roles|policies|dsql|pgvector")
#: What would change the server, and not only the database.
OF_SERVER = re.compile(r"\b(CREATE|ALTER|DROP) (ROLE|USER)\b|\bGRANT\b|\bREVOKE\b", re.IGNORECASE)


def main() -> None:
    checkout = Path(sys.argv[1])
    found = {
        f"{database}-{file.stem.removeprefix('tests').strip('_') or 'tests'}-{name}": [
            case.get("current") or "",
            case.get("desired") or "",
        ]
        for database, tool in TOOLS.items()
        for file in sorted((checkout / "cmd" / tool).glob("tests*.yml"))
        if not NOT_IN_MODELS.search(file.stem)
        for name, case in yaml.safe_load(file.read_text()).items()
    }
    pairs = {name: pair for name, pair in found.items() if not OF_SERVER.search("".join(pair))}
    text = json.dumps(pairs, ensure_ascii=False, separators=(",", ":"))
    (HERE / "sqldef.json.xz").write_bytes(lzma.compress(text.encode()))
    licence = (checkout / "LICENSE").read_text()
    mit = licence.partition("-----")[0].partition("The MIT")  # what follows is that of its parser
    (HERE / "LICENSE.sqldef").write_text("".join(mit[1:]).strip() + "\n")
    print(f"{len(pairs)} pairs of {len(found)}")


if __name__ == "__main__":
    main()
