"""Reads the views of PostgreSQL that depend on an object, with the statements that drop and create them.

Views that read these views, and rules, are among them. Sources: "System Catalogs" and "System Information
Functions" in PostgreSQL's manual.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import sqlalchemy as sa

from alembic_guards.runtime.view_parser import Change

#: The rules that depend on an object directly. A view is the rule `_RETURN` of its relation. A table
#: whose column changes changes its children, too.
TABLES = """tables AS (
    SELECT coalesce(to_regclass(:relation), to_regclass(lower(:relation)))::oid AS oid
    UNION SELECT inhrelid FROM pg_inherits JOIN tables ON inhparent = tables.oid
)"""
OF_COLUMN = """SELECT d.objid FROM pg_depend d
    JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid AND attname::text IN (:part, lower(:part))
    WHERE d.refclassid = 'pg_class'::regclass AND refobjid IN (SELECT oid FROM tables) AND {rule}"""
OF_TABLE = """SELECT d.objid FROM pg_depend d
    WHERE d.refclassid = 'pg_class'::regclass AND refobjid = (SELECT oid FROM tables LIMIT 1) AND {rule}"""
OF_CONSTRAINT = """SELECT d.objid FROM pg_depend d
    JOIN pg_constraint k ON refobjid = k.oid AND conname::text IN (:part, lower(:part))
    WHERE d.refclassid = 'pg_constraint'::regclass AND conrelid IN (SELECT oid FROM tables) AND {rule}"""
OF_VIEW = """SELECT r.oid FROM pg_rewrite r
    WHERE ev_class = (SELECT oid FROM tables LIMIT 1) AND rulename = '_RETURN'"""
OF_RULE = """SELECT r.oid FROM pg_rewrite r
    WHERE ev_class = (SELECT oid FROM tables LIMIT 1) AND rulename::text IN (:part, lower(:part))"""
OF_TYPE = """SELECT d.objid FROM pg_depend d JOIN pg_type t ON refobjid IN (t.oid, t.typarray)
    WHERE d.refclassid = 'pg_type'::regclass AND t.oid = coalesce(to_regtype(:relation), to_regtype(lower(:relation)))
        AND {rule}"""
IS_RULE = "d.classid = 'pg_rewrite'::regclass AND d.deptype = 'n'"
ROOTS = {
    "retype": OF_COLUMN,
    "drop": OF_COLUMN,
    "constraint": OF_CONSTRAINT,
    "table": OF_TABLE,
    "type": OF_TYPE,
    "drop view": OF_VIEW,
    "drop rule": OF_RULE,
}

#: The rules with their depth: those that depend on others are deeper. Those that depend on rules in `without`
#: alone are not among them. Before PostgreSQL 16 the rule of a view
#: depends on the view itself, too.
FIND = """
WITH RECURSIVE {tables}, roots (rule) AS ({roots}),
rules (rule, depth) AS (
    SELECT rule, 0 FROM roots
    UNION
    SELECT d.objid, depth + 1
    FROM rules JOIN pg_rewrite r ON r.oid = rule
        JOIN pg_class c ON c.oid = ev_class AND relkind IN ('v', 'm') AND rulename = '_RETURN'
        JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND refobjid = ev_class AND {rule}
            AND d.objid <> rule
    WHERE rule <> ALL (CAST(:without AS oid[]))
)
SELECT rule::text, max(depth)::text FROM rules GROUP BY rule ORDER BY rule"""

#: The rules deepest last; `relation` is a view, or a table for a rule of one. The statements are in the order
#: of `place`: 0 drops, and all others create. chr(59) is a semicolon, which would look like the end of a
#: statement.
DESCRIBE = """
WITH rules (rule, depth) AS (
    SELECT * FROM unnest(CAST(:rules AS oid[]), CAST(:depths AS integer[]))
),
found AS (
    SELECT rule, depth, c.*, rulename, c.relkind IN ('v', 'm') AND rulename = '_RETURN'
        AS is_view, format('%I.%I', nspname, relname) AS name, nspname, pg_table_is_visible(c.oid)
        AS is_visible,
        CASE relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END AS kind
    FROM rules JOIN pg_rewrite r ON r.oid = rule JOIN pg_class c ON c.oid = ev_class
        JOIN pg_namespace n ON n.oid = relnamespace
    WHERE rulename = '_RETURN' OR NOT EXISTS (  -- the rule of a view is created again with it
        SELECT FROM rules JOIN pg_rewrite v ON v.oid = rule AND v.rulename = '_RETURN'
        WHERE v.ev_class = r.ev_class)
),
parts AS (
    SELECT rule, 0 AS place, '' AS columns, CASE WHEN is_view THEN format('DROP %s %s', kind, name)
        ELSE format('DROP RULE %I ON %s', rulename, name) END AS sql
    FROM found
    UNION ALL
    SELECT rule, 1, '', concat('CREATE ', kind, ' ', name,
        ' USING ' || amname, ' WITH (' || (
            SELECT string_agg(format('%s=%L', option_name, option_value), ', ')
            FROM pg_options_to_table(reloptions)) || ')',
        ' TABLESPACE ' || quote_ident(spcname),
        ' AS ', rtrim(pg_get_viewdef(found.oid), chr(59)),
        CASE WHEN NOT relispopulated THEN ' WITH NO DATA' END)
    FROM found LEFT JOIN pg_am a ON a.oid = relam AND relkind = 'm' AND amname <> 'heap'
        LEFT JOIN pg_tablespace s ON s.oid = reltablespace
    WHERE is_view
    UNION ALL
    SELECT rule, 1, '', rtrim(pg_get_ruledef(rule), chr(59)) FROM found WHERE NOT is_view
    UNION ALL
    SELECT rule, 2, '', format('ALTER %s %s OWNER TO %I', kind, name, pg_get_userbyid(relowner))
    FROM found WHERE is_view AND pg_get_userbyid(relowner) <> current_user
    UNION ALL
    SELECT rule, 3, attname, format('ALTER VIEW %s ALTER %I SET DEFAULT %s', name, attname,
        pg_get_expr(adbin, adrelid))
    FROM found JOIN pg_attrdef ON adrelid = found.oid
        JOIN pg_attribute ON attrelid = found.oid AND attnum = adnum
    WHERE is_view
    UNION ALL
    SELECT rule, 4, {key}, pg_get_indexdef(indexrelid)
    FROM found JOIN pg_index ON indrelid = found.oid
    WHERE is_view
    UNION ALL
    SELECT rule, 5, {key}, format('ALTER INDEX %I.%I SET TABLESPACE %I', nspname, i.relname, spcname)
    FROM found JOIN pg_index ON indrelid = found.oid JOIN pg_class i ON i.oid = indexrelid
        JOIN pg_tablespace s ON s.oid = i.reltablespace
    WHERE is_view
    UNION ALL
    SELECT rule, 6, {key}, format('ALTER MATERIALIZED VIEW %s CLUSTER ON %I', name, i.relname)
    FROM found JOIN pg_index ON indrelid = found.oid JOIN pg_class i ON i.oid = indexrelid
    WHERE is_view AND indisclustered
    UNION ALL
    SELECT rule, 5, attname, format('ALTER MATERIALIZED VIEW %s ALTER %I SET STATISTICS %s', name, attname,
        attstattarget)
    FROM found JOIN pg_attribute ON attrelid = found.oid
    WHERE relkind = 'm' AND attnum > 0 AND attstattarget >= 0
    UNION ALL
    SELECT rule, 6, '', pg_get_statisticsobjdef(x.oid)
    FROM found JOIN pg_statistic_ext x ON stxrelid = found.oid
    WHERE is_view
    UNION ALL
    SELECT rule, 6, '', rtrim(pg_get_ruledef(r.oid), chr(59))
    FROM found JOIN pg_rewrite r ON r.ev_class = found.oid AND r.oid NOT IN (SELECT rule FROM found)
    WHERE is_view
    UNION ALL
    SELECT rule, 6, '', pg_get_triggerdef(t.oid)
    FROM found JOIN pg_trigger t ON tgrelid = found.oid WHERE is_view AND NOT tgisinternal
    UNION ALL
    SELECT rule, 7, '', format('ALTER TABLE %s %s RULE %I', name, CASE r.ev_enabled
        WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, r.rulename)
    FROM found JOIN pg_rewrite r ON r.oid = rule WHERE NOT is_view AND r.ev_enabled <> 'O'
    UNION ALL
    SELECT rule, 8, coalesce(attname, ''), CASE WHEN objsubid = 0
        THEN format('COMMENT ON %s %s IS %L', kind, name, description)
        ELSE format('COMMENT ON COLUMN %s.%I IS %L', name, attname, description) END
    FROM found JOIN pg_description x ON classoid = 'pg_class'::regclass AND objoid = found.oid
        LEFT JOIN pg_attribute ON attrelid = found.oid AND attnum = objsubid AND attnum > 0
    WHERE is_view
    UNION ALL
    SELECT rule, 7, {key}, format('COMMENT ON INDEX %I.%I IS %L', nspname, i.relname, description)
    FROM found JOIN pg_index ON indrelid = found.oid JOIN pg_class i ON i.oid = indexrelid
        JOIN pg_description ON classoid = 'pg_class'::regclass AND objoid = i.oid
    WHERE is_view
    UNION ALL
    SELECT rule, 7, '', format('COMMENT ON TRIGGER %I ON %s IS %L', tgname, name, description)
    FROM found JOIN pg_trigger t ON tgrelid = found.oid
        JOIN pg_description ON classoid = 'pg_trigger'::regclass AND objoid = t.oid
    WHERE is_view
    UNION ALL
    SELECT rule, 7, '', format('COMMENT ON RULE %I ON %s IS %L', r.rulename, name, description)
    FROM found JOIN pg_rewrite r ON r.ev_class = found.oid AND (is_view OR r.oid = rule)
        JOIN pg_description ON classoid = 'pg_rewrite'::regclass AND objoid = r.oid
    UNION ALL
    SELECT rule, 9, '', format('GRANT %s ON %s TO %s%s', privilege_type, name,
        CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END,
        CASE WHEN is_grantable AND grantee <> relowner THEN ' WITH GRANT OPTION' END)
    FROM found, aclexplode(relacl) AS a WHERE is_view
    UNION ALL
    SELECT rule, 10, attname, format('GRANT %s (%I) ON %s TO %s%s', privilege_type, attname, name,
        CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END,
        CASE WHEN is_grantable THEN ' WITH GRANT OPTION' END)
    FROM found JOIN pg_attribute ON attrelid = found.oid AND NOT attisdropped,
        aclexplode(attacl) AS a WHERE is_view
),
obstacles AS (
    SELECT rule, min(format('it belongs to the role %I', pg_get_userbyid(relowner))) AS obstacle
    FROM found WHERE NOT pg_has_role(relowner, 'USAGE')
        OR (pg_get_userbyid(relowner) <> current_user AND NOT pg_has_role(relowner, '{gives}'))
    GROUP BY rule
    UNION ALL
    SELECT rule, string_agg(DISTINCT pg_describe_object(classid, objid, objsubid) || ' needs it', ', ')
    FROM found JOIN pg_depend d ON d.deptype = 'n' AND d.classid <> 'pg_rewrite'::regclass AND (
        (refclassid = 'pg_class'::regclass AND refobjid = found.oid)
        OR (refclassid = 'pg_type'::regclass AND refobjid IN (
            SELECT unnest(ARRAY[oid, typarray]) FROM pg_type WHERE typrelid = found.oid)))
    WHERE is_view GROUP BY rule
    UNION ALL
    SELECT rule, min(pg_describe_object(refclassid, refobjid, 0)) || ' needs it'
    FROM found JOIN pg_depend d ON d.deptype = 'e' AND classid = 'pg_class'::regclass AND objid = found.oid
    GROUP BY rule
    UNION ALL
    SELECT rule, min('it is temporary, of another session') FROM found
    WHERE relpersistence = 't' AND relnamespace <> pg_my_temp_schema() GROUP BY rule
)
SELECT rule::text, CASE WHEN is_view THEN name ELSE format('%I ON %s', rulename, name) END, nspname::text, relname::text, CASE WHEN is_view THEN kind ELSE 'RULE' END, is_visible,
    CASE WHEN is_view THEN coalesce(relacl::text, '') END, coalesce(
        (SELECT string_agg(obstacle, ', ') FROM obstacles WHERE obstacles.rule = found.rule), ''),
    place, columns, sql
FROM found JOIN parts USING (rule)
ORDER BY depth, name, rulename, place, sql
"""

#: The privilege to give an object to a role. Before PostgreSQL 16 each member of the role had it.
GIVES = {True: "SET", False: "MEMBER"}

#: The columns of an index, a line each.
KEY = """array_to_string(ARRAY(SELECT attname FROM pg_attribute
        WHERE attrelid = found.oid AND attnum = ANY (indkey)), chr(10))"""

#: The grants of a view as PostgreSQL stores them, and who has any.
GRANTS = """
SELECT coalesce(relacl::text, ''), coalesce((SELECT string_agg(DISTINCT CASE grantee
    WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END, ', ') FROM aclexplode(relacl)), '')
FROM pg_class WHERE oid = to_regclass(:name)"""
COLUMNS = """
SELECT attname::text FROM pg_attribute
WHERE attrelid = to_regclass(:name) AND attnum > 0 AND NOT attisdropped"""

#: Values of `place` in DESCRIBE.
DROP, CREATE, GRANT, COLUMN_GRANT = 0, 1, 9, 10


class Part(NamedTuple):
    """A statement that creates a part of a view; `columns` are those of the view that it names, a line each."""

    place: int
    columns: str
    sql: str


#: The columns of DESCRIBE that are fields of a view.
FIELDS = ("key", "name", "schema", "own_name", "kind", "is_visible", "grants", "obstacle")


@dataclass(frozen=True)
class View:
    """A view, or a rule, with the statements that drop and create it."""

    key: str
    name: str  # as SQL, with its schema
    schema: str
    own_name: str
    kind: str  # VIEW, MATERIALIZED VIEW or RULE
    is_visible: bool  # without its schema
    grants: str | None  # as PostgreSQL stores them
    obstacle: str  # why it cannot be dropped, "" if nothing is in the way
    parts: list[Part]

    @property
    def drop(self) -> str:
        """The statement that drops it."""
        return self.parts[0].sql

    def create(self) -> list[str]:
        """Return the statements that create it as it was, without its grants."""
        return [part.sql for part in self.parts if DROP < part.place < GRANT]

    def grant(self, columns: set[str], *, columns_only: bool) -> list[str]:
        """Return the statements that grant what was granted on the view, and on those of `columns`."""
        return [
            part.sql
            for part in self.parts
            if (part.place == COLUMN_GRANT and part.columns in columns)
            or (part.place == GRANT and not columns_only)
        ]

    def complete(self, columns: set[str]) -> list[str]:
        """Return the statements that give another definition of it, with `columns`, what it had.

        What it had for a column that is gone is left out.
        """
        return [
            re.sub("^(CREATE (?:UNIQUE )?INDEX) ", r"\1 IF NOT EXISTS ", part.sql)
            for part in self.parts
            if CREATE < part.place < GRANT
            and columns.issuperset(part.columns.split("\n") if part.columns else ())
        ]


def dependent_views(
    connection: sa.Connection, change: Change, without: Iterable[str] = ()
) -> list[View]:
    """Return the views that depend on what a change changes, each after those that it reads.

    Views that depend on it through views with the keys `without` alone are left out.
    """
    roots, quote = ROOTS.get(change.kind), connection.dialect.identifier_preparer.quote_identifier
    if roots is None:
        return []
    names = filter(None, (change.schema, change.name))
    relation = ".".join(quote(name).replace("%%", "%") for name in names)
    query = FIND.replace("{tables}", TABLES).replace("{roots}", roots).replace("{rule}", IS_RULE)
    keys = "{" + ",".join(without) + "}"
    parameters = {"relation": relation, "part": change.part, "without": keys}
    parameters = {name: parameters[name] for name in parameters if f":{name}" in query}
    found = connection.execute(sa.text(query), parameters).all()
    if not found:
        return []
    rules, depths = ("{" + ",".join(numbers) + "}" for numbers in zip(*found, strict=True))
    gives = GIVES[(connection.dialect.server_version_info or ()) >= (16,)]
    describe = DESCRIBE.replace("{key}", KEY).replace("{gives}", gives)
    rows = connection.execute(sa.text(describe), {"rules": rules, "depths": depths}).all()
    return [
        View(**dict(zip(FIELDS, key, strict=True)), parts=[Part(*row[8:]) for row in group])
        for key, group in groupby(rows, lambda row: tuple(row[:8]))
    ]


def grants_of(connection: sa.Connection, view: View) -> tuple[str, str]:
    """Return the grants of an existing view as PostgreSQL stores them, and the roles that have any, as SQL."""
    stored, roles = connection.execute(sa.text(GRANTS), {"name": view.name}).one()
    return stored, roles


def columns_of(connection: sa.Connection, view: View) -> set[str]:
    """Return the columns of an existing view."""
    return set(connection.execute(sa.text(COLUMNS), {"name": view.name}).scalars())
