"""Splits SQL into tokens and statements, and parses what the statements of all dialects have in common."""

import re
from collections.abc import Iterator
from itertools import chain, pairwise

TOKEN = re.compile(
    r"""
    \s+ | --[^\n]* | /\*.*?\*/  # white space and comments
    | [eE]'(?:[^'\\]|\\.|'')*'  # a literal of PostgreSQL with escapes
    | '(?:[^']|'')*' | "(?:[^"]|"")*" | `(?:[^`]|``)*`  # literals and quoted names
    | (?P<tag>\$(?:[^\W\d]\w*)?\$).*?(?P=tag)  # the body of a function of PostgreSQL
    | [\w$]+ | .
    """,
    re.VERBOSE | re.DOTALL,
)

#: The tokens of SQLite, which has names in brackets.
SQLITE_TOKEN = re.compile(
    r"""
    \s+ | --[^\n]* | /\*.*?(?:\*/|\Z)
    | '(?:[^']|'')*' | "(?:[^"]|"")*" | `(?:[^`]|``)*` | \[[^\]]*\]
    | [\w$]+ | .
    """,
    re.VERBOSE | re.DOTALL,
)

#: The tokens of MariaDB and MySQL, whose literals have escapes.
MYSQL_TOKEN = re.compile(
    r"""
    \s+ | --(?=\s)[^\n]* | \#[^\n]* | /\*.*?\*/
    | '(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.|"")*" | `(?:[^`]|``)*`
    | [\w$]+ | .
    """,
    re.VERBOSE | re.DOTALL,
)

#: The tokens of PostgreSQL, whose comments nest: here one within another.
POSTGRESQL_TOKEN = re.compile(
    TOKEN.pattern.replace(r"/\*.*?\*/", r"/\*(?>[^*/]+|\*(?!/)|/(?!\*)|/\*.*?\*/)*\*/"), TOKEN.flags
)

TOKENS = {"mysql": MYSQL_TOKEN, "sqlite": SQLITE_TOKEN, "postgresql": POSTGRESQL_TOKEN}

#: What opens a literal, a quoted name, a comment or a body, and what closes it if that is not the same.
MARKS = {
    "mysql": re.compile(r"""['"`]|/\*"""),
    "sqlite": re.compile(r"""['"`[]|/\*"""),
    "postgresql": re.compile(r"""[eE]'|['"]|/\*|\$(?:[^\W\d]\w*)?\$"""),
}
CLOSING = {"/*": "*/", "[": "]", "e'": "'", "E'": "'"}

LITERAL = re.compile(r"(\$\w*\$)(.*)\1|'(.*)'", re.DOTALL)
EXECUTED_COMMENT = re.compile(r"/\*M?!\d*(.*)\*/", re.DOTALL)

#: What a definition defines: none of it runs before somebody calls it.
PROGRAMS = {"EVENT", "FUNCTION", "PROCEDURE", "RULE", "TRIGGER"}

#: What opens a part of a definition that END or a parenthesis closes, and what follows END within it.
OPENING = {"(", "BEGIN", "CASE"}
ENDS_WITHIN = {"FOR", "IF", "LOOP", "REPEAT", "WHILE"}


def tokens_of(sql: str) -> list[str]:
    """Return the tokens of SQL, with white space, and with a space for each comment.

    Those of a comment that MariaDB and MySQL execute are among them.
    """
    tokens: list[str] = []
    for found in TOKEN.finditer(sql):
        token = found[0]
        if executed := EXECUTED_COMMENT.fullmatch(token):
            tokens += tokens_of(executed[1])
        else:
            tokens.append(" " if token.startswith(("--", "/*")) else token)
    return tokens


def statements(sql: str) -> Iterator[list[str]]:
    """Yield the tokens of each statement in SQL, with white space; a definition with its body is one."""
    tokens = tokens_of(sql)
    start = 0
    while start < len(tokens):
        end = _end(tokens, start)
        yield tokens[start:end]
        start = end + 1


def split(sql: str, dialect: str) -> list[str]:
    """Return the text of each statement in a file of SQL, without the semicolon at its end.

    Comments before a statement are left out; all else is as it is in the file. `dialect` is the name of a
    backend: that of MariaDB is mysql.
    """
    pattern = TOKENS.get(dialect, TOKEN)
    texts = [found[0] for found in pattern.finditer(sql)]
    tokens = [" " if _is_comment(text) else text for text in texts]
    found, start = list[str](), 0
    while start < len(texts):
        end = _end(tokens, start)
        first = next((at for at in range(start, end) if not tokens[at].isspace()), end)
        if first < end:
            found.append("".join(texts[first:end]).rstrip())
        start = end + 1
    return found


def is_open(sql: str, dialect: str) -> bool:
    """Whether SQL ends within a literal, a quoted name, a comment or a body in dollar quotes."""
    for found in TOKENS.get(dialect, TOKEN).finditer(sql):
        if mark := MARKS[dialect].match(sql, found.start()):
            closing = CLOSING.get(mark[0], mark[0])
            if len(found[0]) < len(mark[0] + closing) or not found[0].endswith(closing):
                return True
    return False


def is_ended(sql: str, dialect: str) -> bool:
    """Whether the last statement in SQL has its semicolon: outside of literals, comments and bodies."""
    texts = [found[0] for found in TOKENS.get(dialect, TOKEN).finditer(sql)]
    tokens = [" " if _is_comment(text) else text for text in texts]
    start = end = 0
    while "".join(tokens[start:]).strip():
        end = _end(tokens, start, unfinished=len(tokens))
        start = end + 1
    return end < len(tokens) and not is_open(sql, dialect)


def _is_comment(token: str) -> bool:
    is_block = token.startswith("/*") and not EXECUTED_COMMENT.fullmatch(token)
    return is_block or (token.startswith(("--", "#")) and len(token) > 1)


def only_statement(sql: str) -> list[str] | None:
    """Return the tokens of SQL that is one statement; None for several."""
    first, *others = statements(sql)
    return None if any("".join(tokens).strip() for tokens in others) else first


def is_definition(tokens: list[str]) -> bool:
    """Whether a statement only defines what runs later: a function, procedure, trigger, event or rule."""
    return Statement(tokens).defines_program()


def _end(tokens: list[str], start: int, *, unfinished: int | None = None) -> int:
    """Return the position of the semicolon that ends a statement, or that of the end of the tokens.

    The body of a definition ends with the END of its BEGIN. Where that is missing, such as with a
    parameter named begin, the definition ends at `unfinished`; without it, at the first semicolon.
    """
    end = next((at for at in range(start, len(tokens)) if tokens[at] == ";"), len(tokens))
    if not is_definition(tokens[start:end]):
        return end
    words = ((at, tokens[at].upper()) for at in range(start, len(tokens)) if tokens[at].strip())
    depth, before = 0, ""
    for (at, word), (_, after) in pairwise(chain(words, [(0, "")])):
        if word == ";" and depth == 0:
            return at
        if word in OPENING and before not in {"END", "."}:
            depth += 1
        elif word == ")" or (word == "END" and before != "." and after not in ENDS_WITHIN):
            depth -= 1
        before = word
    if depth == 0:
        return len(tokens)
    return end if unfinished is None else unfinished


def unquoted(token: str) -> str:
    """Return a name without its quotes."""
    mark = token[:1]
    return token[1:-1].replace(mark * 2, mark) if mark in ('"', "`") and mark else token


class Statement:
    """A parser of one statement or of a part of it, which consumes its tokens."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = list(tokens)

    def peek(self) -> str:
        """Return the next word in capitals, without consuming it; "" at the end."""
        self.skip_space()
        return self.tokens[0].upper() if self.tokens else ""

    def accept(self, *words: str) -> bool:
        """Consume `words` if they are the next tokens; return whether they are."""
        at = 0
        for word in words:
            while at < len(self.tokens) and self.tokens[at].isspace():
                at += 1
            if at == len(self.tokens) or self.tokens[at].upper() != word:
                return False
            at += 1
        del self.tokens[:at]
        return True

    def name(self) -> str:
        """Consume a name, and return it without quotes."""
        self.skip_space()
        return unquoted(self.tokens.pop(0)) if self.tokens else ""

    def literal(self) -> str | None:
        """Consume a literal, and return its text; None for another token."""
        found = LITERAL.fullmatch(self.peek() and self.tokens[0])
        if not found:
            return None
        self.tokens.pop(0)
        return found[2] if found[1] else found[3].replace("''", "'")

    def qualified_name(self) -> tuple[str | None, str]:
        """Consume a name; return its schema, or None, and the name."""
        schema, name = None, self.name()
        while self.accept("."):  # PostgreSQL takes the name of the database, too
            schema, name = name, self.name()
        return schema, name

    def altered_table(self) -> tuple[str | None, str] | None:
        """Consume ALTER TABLE up to its first action; return schema and table, or None for another."""
        if not self.accept("ALTER"):
            return None
        self.accept("ONLINE")  # this, IGNORE, WAIT and NOWAIT are of MariaDB
        self.accept("IGNORE")
        if not self.accept("TABLE"):
            return None
        self.accept("IF", "EXISTS")
        self.accept("ONLY")
        table = self.qualified_name()
        self.accept("*")
        if self.accept("WAIT"):
            self.name()
        self.accept("NOWAIT")
        return table

    def defines_program(self) -> bool:
        """Consume CREATE with its options; return whether it creates one of PROGRAMS."""
        if not self.accept("CREATE"):
            return False
        self.accept("OR", "REPLACE")
        if self.accept("DEFINER", "="):
            self.name()
            if self.accept("@"):
                self.name()
            self.accept("(", ")")
        _ = self.accept("TEMP") or self.accept("TEMPORARY")
        _ = self.accept("AGGREGATE") or self.accept("CONSTRAINT")
        return self.peek() in PROGRAMS

    def skip_space(self) -> None:
        """Consume white space."""
        while self.tokens and self.tokens[0].isspace():
            self.tokens.pop(0)

    def skip_to(self, word: str) -> bool:
        """Consume tokens up to a word outside of parentheses, and that; return whether there is one."""
        depth = 0
        for at, token in enumerate(self.tokens, 1):
            depth += (token == "(") - (token == ")")
            if depth == 0 and token.upper() == word:
                del self.tokens[:at]
                return True
        return False

    def group(self) -> list[str]:
        """Consume the next tokens in parentheses, and return those inside; none where there are none."""
        if self.peek() != "(":
            return []
        depth = 0
        for at, token in enumerate(self.tokens):
            depth += (token == "(") - (token == ")")
            if depth == 0:
                inside = self.tokens[1:at]
                del self.tokens[: at + 1]
                return inside
        inside, self.tokens = self.tokens[1:], []
        return inside

    def split(self) -> list[list[str]]:
        """Return the tokens between commas that are outside of parentheses."""
        depth, parts = 0, [list[str]()]
        for token in self.tokens:
            depth += (token == "(") - (token == ")")
            if token == "," and depth == 0:
                parts.append([])
            else:
                parts[-1].append(token)
        return [part for part in parts if "".join(part).strip()]

    def words(self) -> list[str]:
        """Return the next tokens outside of parentheses, in capitals, without consuming them."""
        depth, words = 0, list[str]()
        for token in self.tokens:
            depth += (token == "(") - (token == ")")
            if depth == 0 and token != ")" and not token.isspace():
                words.append(token.upper())
        return words

    def names(self) -> tuple[str, ...]:
        """Consume names in parentheses."""
        return tuple(Statement(part).name() for part in Statement(self.group()).split())
