"""Writes the parts of a CREATE TABLE of SQLite in a canonical spelling, to compare them by meaning.

White space, comments, the case of keywords, quotes around names, and the place of a constraint make no
difference. Literals and the case of names do.
"""

import re
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from alembic_guards.database.catalog.sqlite_parser import (
    RESERVED,
    Clause,
    Column,
    Definition,
    Table,
    Token,
    Tokens,
    groups,
    quoted,
    solid,
    tokenize,
)

#: The words that are written in capitals.
CAPITALS = RESERVED | {
    *("CAST", "LIKE", "GLOB", "REGEXP", "MATCH", "END", "NULLS", "FIRST", "LAST", "DESC"),
    *("CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "TRUE", "FALSE"),
}

#: Operators that have two spellings.
OPERATORS = {"==": "=", "!=": "<>"}

#: Returns a table of the database by name, or None.
Lookup = Callable[[str], Table | None]


class Constraint(NamedTuple):
    """A constraint of a table, whether it was declared in a column or in the table."""

    kind: str
    meaning: str  # its canonical spelling, without the name
    name: str | None
    columns: tuple[str, ...]
    refers_to: str  # the table; "" for none
    referred_columns: tuple[str, ...]
    definition: Definition  # that contains it: a column, or the constraint itself
    clause: Clause

    @property
    def text(self) -> str:
        """The canonical spelling, with the name if it has one."""
        return (
            f"CONSTRAINT {quoted_if_needed(self.name)} {self.meaning}"
            if self.name
            else self.meaning
        )


def expression(tokens: Tokens, columns: Collection[str] | None = None) -> str:
    """Return the canonical spelling of an expression.

    With `columns`, a name in double quotes that is not one of them is a literal, as in SQLite.
    """
    parts, text = solid(tokens), ""
    for number, token in enumerate(parts):
        following = parts[number + 1].word if number + 1 < len(parts) else ""
        word = _canonical_token(token, columns, is_call=following == "(")
        text += f"{_space_before(token, parts[:number])}{word}"
    return text


def without_parentheses(tokens: Tokens) -> Tokens:
    """Return an expression without parentheses around the whole of it."""
    inner = solid(tokens)
    while inner and inner[0].word == "(" and len(groups(inner)) == 1:
        inside = solid(groups(inner)[0])
        if len(inside) != len(inner) - 2:
            break
        inner = inside
    return inner


def quoted_if_needed(name: str | None) -> str:
    """Return a name, in quotes where it needs them."""
    if re.fullmatch(r"[^\W\d]\w*", name or "") and str(name).upper() not in CAPITALS:
        return str(name)
    return quoted(name or "")


def column_meaning(column: Column, table: Table) -> str:
    """Return the canonical spelling of a column, without its name and without table constraints."""
    found = {clause.kind: clause for clause in column.clauses}
    texts = [type_meaning(column.type)]
    if "NOT NULL" in found or column.name in primary_key(table):
        texts += ["NOT NULL", *_on_conflict(found.get("NOT NULL"))]
    if default := default_of(column):
        texts.append(f"DEFAULT {default}")
    if "COLLATE" in found and (collation := found["COLLATE"].tokens[1].name.upper()) != "BINARY":
        texts.append(f"COLLATE {collation}")
    if "GENERATED" in found:
        tokens = found["GENERATED"].tokens
        text = expression(without_parentheses(groups(tokens)[0]), table.columns)
        texts.append(f"GENERATED ALWAYS AS ({text}) {computed_from(column, table)[1]}")
    return " ".join(filter(None, texts))


def default_of(column: Column) -> str | None:
    """Return the canonical spelling of the default of a column; None where it has none."""
    clauses = [clause for clause in column.clauses if clause.kind == "DEFAULT"]
    return default_meaning(clauses[0].tokens[1:]) if clauses else None


def default_meaning(tokens: Tokens) -> str | None:
    """Return the canonical spelling of a DEFAULT, in which a name in double quotes is a literal.

    DEFAULT NULL is None.
    """
    bare = without_parentheses(tokens)
    text = expression(bare, ())
    is_signed = len(bare) == 2 and bare[0].word in ("+", "-")
    text = text if len(bare) == 1 or is_signed else f"({text})"
    return None if text == "NULL" else text


def constraints_of(table: Table, lookup: Lookup, *, all_of_them: bool = False) -> list[Constraint]:
    """Return the constraints of a table; redundant ones only if `all_of_them`."""
    everything = [
        constraint
        for definition in table.definitions
        for clause in definition.clauses
        for constraint in _constraint(clause, definition, table, lookup)
    ]
    if all_of_them:
        return everything
    found = {constraint.text: constraint for constraint in reversed(everything)}
    found = dict(reversed(found.items()))
    named = {constraint.meaning for constraint in everything if constraint.name}
    key = [constraint.columns for constraint in found.values() if constraint.kind == "PRIMARY KEY"]
    return [
        constraint
        for constraint in found.values()
        if constraint.name
        or (
            constraint.meaning not in named
            and not (constraint.kind == "UNIQUE" and constraint.columns in key)
        )
    ]


def primary_key(table: Table) -> tuple[str, ...]:
    """Return the columns of the primary key."""
    for definition in table.definitions:
        for clause in definition.clauses:
            if clause.kind == "PRIMARY KEY":
                if isinstance(definition, Column):
                    return (definition.name,)
                return _names(clause.tokens, table)
    return ()


def canonical_form(table: Table, lookup: Lookup) -> str:
    """Return a CREATE TABLE in the canonical spelling, which SQLAlchemy's reflection understands."""
    lines = [
        f"{quoted_if_needed(column.name)} {column_meaning(column, table)}"
        for column in table.columns.values()
    ]
    lines += [constraint.text for constraint in constraints_of(table, lookup)]
    body = ",\n\t".join(lines)
    return f"CREATE TABLE {quoted_if_needed(table.name)} (\n\t{body}\n) {', '.join(table.options)}".rstrip()


def computed_from(column: Column, table: Table) -> tuple[tuple[str, ...], str]:
    """Return the columns that a generated column reads, and STORED or VIRTUAL; "" for other columns."""
    for clause in column.clauses:
        if clause.kind == "GENERATED":
            base = tuple(name for name in table.columns if mentions(clause.tokens, name))
            return base, "STORED" if clause.tokens[-1].word == "STORED" else "VIRTUAL"
    return (), ""


def is_unique_index(tokens: Tokens) -> bool:
    """Whether a CREATE INDEX is UNIQUE."""
    return solid(tokens)[1].word == "UNIQUE"


def index_columns(tokens: Tokens, table: Table | None) -> tuple[tuple[str, ...], bool]:
    """Return the columns that an index covers or reads, and whether it has expressions or a condition."""
    start = next((i for i, token in enumerate(tokens) if token.word == "("), len(tokens))
    names = table.columns if table else ()
    parts = [solid(group)[0].name.lower() for group in groups(tokens)]
    listed = tuple(name for part in parts for name in names if name.lower() == part)
    others = tuple(n for n in names if n not in listed and mentions(tokens[start:], n))
    words = {token.word for token in tokens[start:]}
    return listed + others, len(listed) < len(parts) or "WHERE" in words


def index_meaning(tokens: Tokens, table: Table | None) -> str:
    """Return the canonical spelling of a CREATE INDEX."""
    parts = solid(tokens)
    start = next((i for i, token in enumerate(parts) if token.word == "("), len(parts))
    rest = [token for token in parts[start:] if token.word != "ASC"]
    columns = table.columns if table else None
    return f"{expression(parts[:start])} {expression(rest, columns)}"


def _canonical_token(token: Token, columns: Collection[str] | None, *, is_call: bool) -> str:
    if token.kind in ("name", "word") and columns is not None:
        same = {name.lower(): name for name in columns}
        is_column = token.kind == "name" or (not is_call and token.word not in RESERVED)
        if is_column and token.name.lower() in same:
            return quoted_if_needed(same[token.name.lower()])
        if token.text.startswith('"'):
            return "'" + token.name.replace("'", "''") + "'"
    if token.kind == "name":
        return quoted_if_needed(token.name)
    if token.word in CAPITALS:
        return token.word
    if token.kind == "word":
        return token.text if columns is None else token.text.lower()
    if token.kind in ("blob", "number"):
        return token.text.upper()
    return OPERATORS.get(token.text, token.text)


def _space_before(token: Token, before: Tokens) -> str:
    """Return the white space between a token and those before it."""
    if not before or before[-1].text in ("(", ".") or token.text in (")", ",", "."):
        return ""
    previous = before[-1]
    if token.text == "(":
        is_call = previous.kind in ("word", "name") and previous.word not in RESERVED
        return "" if is_call else " "
    if previous.text in ("+", "-"):  # a sign
        other = before[-2] if len(before) > 1 else previous
        is_value = other.text == ")" or (other.kind != "operator" and other.word not in RESERVED)
        return " " if is_value else ""
    return " "


def type_meaning(text: str) -> str:
    """Return the canonical spelling of the type of a column."""
    tokens = [Token("word", token.name.upper()) for token in solid(tokenize(text))]
    spaced = " ".join(token.text for token in tokens)
    return re.sub(r" ?([(),]) ?", r"\1", spaced).replace(",", ", ").replace(")", ") ").strip()


def _on_conflict(clause: Clause | None) -> list[str]:
    """Return the conflict clause of a constraint, unless it is the default, ABORT."""
    words = [token.word for token in clause.tokens] if clause else []
    if "CONFLICT" not in words:
        return []
    action = words[words.index("CONFLICT") + 1]
    return [] if action == "ABORT" else [f"ON CONFLICT {action}"]


def _names(tokens: Tokens, table: Table) -> tuple[str, ...]:
    """Return the columns in the first parentheses of a constraint, as the table spells them."""
    same = {name.lower(): name for name in table.columns}
    firsts = [solid(group)[0].name for group in groups(tokens)]
    return tuple(same.get(name.lower(), name) for name in firsts)


def _constraint(
    clause: Clause, definition: Definition, table: Table, lookup: Lookup
) -> Iterator[Constraint]:
    """Yield the constraint of a clause; nothing for other clauses, such as DEFAULT."""
    own = (definition.name,) if isinstance(definition, Column) else ()
    refers_to, columns, referred = "", tuple[str, ...](own), tuple[str, ...]()
    if clause.kind in ("PRIMARY KEY", "UNIQUE"):
        columns = own or _names(clause.tokens, table)
        texts = [clause.kind, _key(clause, own, table)]
        words = {token.word for token in clause.tokens}
        texts += ["AUTOINCREMENT"] if "AUTOINCREMENT" in words else []
        texts += _on_conflict(clause)
    elif clause.kind == "CHECK":
        text = expression(without_parentheses(groups(clause.tokens)[0]), table.columns)
        texts = [f"CHECK ({text})"]
        columns = tuple(name for name in table.columns if mentions(clause.tokens, name))
    elif clause.kind in ("REFERENCES", "FOREIGN KEY"):
        columns = own or _names(clause.tokens, table)
        number = next(i for i, token in enumerate(clause.tokens) if token.word == "REFERENCES")
        refers_to, referred, texts = _reference(clause.tokens[number + 1 :], table, lookup)
        texts = ["FOREIGN KEY", f"({', '.join(map(quoted_if_needed, columns))})", *texts]
    else:
        return
    yield Constraint(
        kind=clause.kind.replace("REFERENCES", "FOREIGN KEY"),
        meaning=" ".join(texts),
        name=clause.name,
        columns=columns,
        refers_to=refers_to,
        referred_columns=referred,
        definition=definition,
        clause=clause,
    )


def _key(clause: Clause, own: tuple[str, ...], table: Table) -> str:
    """Return the columns of a key, with collations, and with DESC for a descending one."""
    if own:
        words = {token.word for token in clause.tokens}
        return f"({quoted_if_needed(own[0])}{' DESC' if 'DESC' in words else ''})"
    parts = [
        [token for token in solid(group) if token.word not in ("ASC", "AUTOINCREMENT")]
        for group in groups(clause.tokens)
    ]
    return f"({', '.join(_key_part(part, table) for part in parts)})"


def _key_part(tokens: Tokens, table: Table) -> str:
    (name,) = _names([Token("operator", "("), tokens[0], Token("operator", ")")], table)
    return " ".join([quoted_if_needed(name), *(token.name.upper() for token in tokens[1:])])


def _reference(
    tokens: Tokens, table: Table, lookup: Lookup
) -> tuple[str, tuple[str, ...], list[str]]:
    """Return the table and columns that a foreign key refers to, and its words from REFERENCES on."""
    is_own = tokens[0].name.lower() == table.name.lower()
    target = table if is_own else lookup(tokens[0].name)
    name = target.name if target else tokens[0].name
    bare, columns = tokens[1:], tuple[str, ...]()
    if bare and bare[0].word == "(":
        firsts = tuple(solid(group)[0].name for group in groups(bare))
        columns = _names(bare, target) if target else firsts
        bare = bare[next(i for i, token in enumerate(bare) if token.word == ")") + 1 :]
    elif target:
        columns = primary_key(target)
    listed = f" ({', '.join(map(quoted_if_needed, columns))})" if columns else ""
    words = " ".join(token.name.upper() for token in bare)
    actions = re.findall(r"ON (?:DELETE|UPDATE) (?:SET \w+|NO ACTION|\w+)", words)
    others = re.findall(r"MATCH \w+|(?<!NOT )DEFERRABLE(?: INITIALLY \w+)?", words)
    actions = sorted(action for action in actions if not action.endswith("NO ACTION"))
    return name, columns, [f"REFERENCES {quoted_if_needed(name)}{listed}", *actions, *others]


def mentions(tokens: Tokens, column: str) -> bool:
    """Whether an expression reads a column: its name in a literal or of a function does not count."""
    parts = solid(tokens)
    return any(
        token.name.lower() == column.lower()
        and (
            token.kind == "name"
            or (
                token.kind == "word"
                and token.word not in RESERVED
                and (number + 1 == len(parts) or parts[number + 1].text != "(")
            )
        )
        for number, token in enumerate(parts)
    )
