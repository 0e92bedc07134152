"""Reads the catalog of PostgreSQL in one query."""

import re
from collections.abc import Iterator

from sqlalchemy import Connection

from alembic_guards.database.catalog.model import Part

#: The fields of each Part, quoted, and what it is; pg_temp and pg_toast are schemas too.
QUERY = """
    WITH theirs AS (SELECT objid FROM pg_depend WHERE deptype = 'e'),  -- of an extension
    found AS (
        SELECT c.*, c.oid::regclass::text AS name
        FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
        WHERE nspname NOT LIKE 'pg\\_%%' AND nspname <> 'information_schema'
            AND relname NOT IN ('alembic_version', 'alembic_version_pkc')
            AND NOT relispartition AND c.oid NOT IN (SELECT objid FROM theirs)
    )
    SELECT name, kind, '', text FROM found, LATERAL (VALUES
        ('table', coalesce(pg_get_partkeydef(oid), '')),
        ('options', array_to_string(reloptions, ', ')),
        ('logging', CASE relpersistence WHEN 'u' THEN 'UNLOGGED' ELSE 'LOGGED' END),
        ('table comment', quote_literal(obj_description(oid, 'pg_class')))
    ) AS aspect (kind, text)
    WHERE relkind IN ('r', 'p') AND text IS NOT NULL
    UNION ALL
    SELECT name, kind, quote_ident(attname), text
    FROM found JOIN pg_attribute a ON attrelid = found.oid
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        LEFT JOIN pg_collation l ON l.oid = attcollation AND collname <> 'default',
        LATERAL (SELECT format_type(atttypid, atttypmod) AS type) AS t,
        LATERAL (VALUES
            ('column', concat(type, ' COLLATE ' || l.oid::regcollation)),
            ('not null', CASE WHEN attnotnull THEN 'NOT NULL' END),
            ('default', CASE attgenerated WHEN '' THEN pg_get_expr(adbin, adrelid) END),
            ('generated', format('%%s GENERATED ALWAYS AS (%%s) %%s', type, pg_get_expr(adbin, adrelid),
                CASE attgenerated WHEN 's' THEN 'STORED' WHEN 'v' THEN 'VIRTUAL' END)),
            ('identity', CASE attidentity WHEN 'a' THEN 'ALWAYS' WHEN 'd' THEN 'BY DEFAULT' END),
            ('comment', quote_literal(col_description(attrelid, attnum)))
        ) AS aspect (kind, text)
    WHERE relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped AND text IS NOT NULL
        AND (kind <> 'generated' OR attgenerated <> '')
    UNION ALL
    SELECT name, kind, quote_ident(conname), text
    FROM found JOIN pg_constraint k ON conrelid = found.oid,
        LATERAL (VALUES
            ('constraint', pg_get_constraintdef(k.oid)),
            ('constraint comment', quote_literal(obj_description(k.oid, 'pg_constraint')))
        ) AS aspect (kind, text)
    WHERE contype <> 'n' AND text IS NOT NULL
    UNION ALL
    SELECT indrelid::regclass::text, 'index', name,
        pg_get_indexdef(oid) || CASE WHEN indisvalid THEN '' ELSE ' INVALID' END
    FROM found JOIN pg_index ON indexrelid = oid
    WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = found.oid AND contype <> 'f')
    UNION ALL
    SELECT name, 'view', '', pg_get_viewdef(oid) FROM found WHERE relkind IN ('v', 'm')
    UNION ALL
    SELECT '', 'sequence', name, format(
        'AS %%s START %%s INCREMENT %%s MINVALUE %%s MAXVALUE %%s CACHE %%s %%sCYCLE', seqtypid::regtype,
        seqstart, seqincrement, seqmin, seqmax, seqcache, CASE WHEN NOT seqcycle THEN 'NO ' END)
    FROM found JOIN pg_sequence ON seqrelid = oid
    UNION ALL
    SELECT name, 'trigger', quote_ident(tgname), pg_get_triggerdef(t.oid)
    FROM found JOIN pg_trigger t ON tgrelid = found.oid WHERE NOT tgisinternal
    UNION ALL
    SELECT '', 'enum', enumtypid::regtype::text,
        string_agg(format('''%%s''', replace(enumlabel, '''', '''''')), ', ' ORDER BY enumsortorder)
    FROM pg_enum WHERE enumtypid NOT IN (SELECT objid FROM theirs) GROUP BY enumtypid
    UNION ALL
    SELECT '', 'domain', t.oid::regtype::text, concat_ws(' ', format_type(typbasetype, typtypmod),
        'DEFAULT ' || typdefault, CASE WHEN typnotnull THEN 'NOT NULL' END, (
            SELECT string_agg(format('CONSTRAINT %%I %%s', conname, pg_get_constraintdef(oid)), ' ')
            FROM pg_constraint WHERE contypid = t.oid AND contype = 'c'))
    FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace
    WHERE typtype = 'd' AND nspname NOT LIKE 'pg\\_%%' AND nspname <> 'information_schema'
        AND t.oid NOT IN (SELECT objid FROM theirs)
"""


def read(connection: Connection) -> Iterator[tuple[Part, str]]:
    for *part, text in connection.exec_driver_sql(QUERY):
        yield Part(*part), re.sub(r"\s+", " ", text)
