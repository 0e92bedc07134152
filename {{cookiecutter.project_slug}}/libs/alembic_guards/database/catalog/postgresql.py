"""Reads the catalog of PostgreSQL in one query."""

from collections.abc import Iterator

from sqlalchemy import Connection

from alembic_guards.database.catalog.model import Entry, Reference

#: The fields of each entry, with quoted names, from all schemas but those of the system, such as pg_toast.
#: Dependencies come from conkey, confkey, indkey and pg_depend, never from the text of a definition.
#: Source: "System Catalogs" in PostgreSQL's manual.
QUERY = """
    WITH extension_objects AS (SELECT objid FROM pg_depend WHERE deptype = 'e'),
    found AS (
        SELECT c.*, c.oid::regclass::text AS name
        FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
        WHERE nspname NOT LIKE 'pg\\_%%' AND nspname <> 'information_schema'
            AND relname !~ '^alembic_(guards|progress)(_pkey)?$'
            AND NOT relispartition AND c.oid NOT IN (SELECT objid FROM extension_objects)
    ),
    needs AS (  -- the columns, sequences and types that each object depends on
        SELECT classid, objid, objsubid, refobjid, refobjsubid, CASE
            WHEN refclassid = 'pg_class'::regclass AND refobjsubid = 0
                THEN (SELECT refobjid::regclass::text FROM pg_class
                    WHERE oid = refobjid AND relkind = 'S')
            WHEN refclassid = 'pg_type'::regclass
                THEN (SELECT CASE WHEN typlen = -1 AND typelem <> 0 THEN typelem ELSE oid END
                    ::regtype::text FROM pg_type WHERE oid = refobjid)
        END AS used
        FROM pg_depend
        WHERE refclassid IN ('pg_class'::regclass, 'pg_type'::regclass)
    ),
    used AS (  -- for a join: a subquery for each object would read all of them as often
        SELECT classid, objid, objsubid, array_agg(used) AS names
        FROM needs WHERE used IS NOT NULL GROUP BY classid, objid, objsubid
    )
    SELECT name AS "table", kind, '' AS name, text AS definition, NULL::text[] AS columns,
        NULL::text[] AS "unique", NULL AS target, NULL::text[] AS target_columns,
        NULL::text[] AS uses, '' AS generated, false AS has_expression
    FROM found, LATERAL (VALUES
        ('table', coalesce(pg_get_partkeydef(oid), '')),
        ('options', nullif(array_to_string(reloptions || ARRAY(
            SELECT 'toast.' || option FROM pg_class toast, unnest(toast.reloptions) AS option
            WHERE toast.oid = reltoastrelid), ', '), '')),
        ('tablespace', (SELECT quote_ident(spcname) FROM pg_tablespace WHERE oid = reltablespace)),
        ('access method', (SELECT quote_ident(amname) FROM pg_am
            WHERE oid = relam AND amname <> current_setting('default_table_access_method'))),
        ('logging', CASE relpersistence WHEN 'u' THEN 'UNLOGGED' ELSE 'LOGGED' END),
        ('table comment', quote_literal(obj_description(oid, 'pg_class')))
    ) AS aspect (kind, text)
    WHERE relkind IN ('r', 'p') AND text IS NOT NULL
    UNION ALL
    SELECT name, 'inheritance', inhparent::regclass::text, '',
        NULL, NULL, NULL, NULL, NULL, '', false
    FROM found JOIN pg_inherits ON inhrelid = found.oid
    WHERE relkind = 'r'
    UNION ALL
    SELECT name, kind, quote_ident(attname), text,
        CASE WHEN kind = 'generated' THEN ARRAY(
            SELECT DISTINCT b.attname::text
            FROM needs JOIN pg_attribute b ON b.attrelid = refobjid AND b.attnum = refobjsubid
            WHERE refobjid = a.attrelid AND refobjsubid <> a.attnum AND (
                (classid = 'pg_attrdef'::regclass AND objid = d.oid)
                OR (classid = 'pg_class'::regclass AND (objid, objsubid) = (a.attrelid, a.attnum)))
            ORDER BY 1)
        END, NULL, NULL, NULL,
        CASE WHEN kind = 'column' THEN of_type.names
            WHEN kind IN ('default', 'generated') THEN of_expression.names END,
        CASE WHEN kind = 'generated' THEN way ELSE '' END, false
    FROM found JOIN pg_attribute a ON attrelid = found.oid
        LEFT JOIN pg_attrdef d ON adrelid = attrelid AND adnum = attnum
        LEFT JOIN pg_collation l ON l.oid = attcollation AND collname <> 'default'
        LEFT JOIN used of_type ON of_type.classid = 'pg_class'::regclass
            AND of_type.objid = attrelid AND of_type.objsubid = attnum
        LEFT JOIN used of_expression ON of_expression.classid = 'pg_attrdef'::regclass
            AND of_expression.objid = d.oid,
        LATERAL (SELECT format_type(atttypid, atttypmod) AS type,
            CASE attgenerated WHEN 's' THEN 'STORED' WHEN 'v' THEN 'VIRTUAL' ELSE '' END AS way) AS t,
        LATERAL (VALUES
            ('column', concat(type, ' COLLATE ' || l.oid::regcollation)),
            ('not null', CASE WHEN attnotnull THEN 'NOT NULL' END),
            ('default', CASE way WHEN '' THEN pg_get_expr(adbin, adrelid) END),
            ('generated', CASE WHEN way <> '' THEN format(
                '%%s GENERATED ALWAYS AS (%%s) %%s', type, pg_get_expr(adbin, adrelid), way) END),
            ('identity', CASE attidentity WHEN 'a' THEN 'ALWAYS' WHEN 'd' THEN 'BY DEFAULT' END),
            ('comment', quote_literal(col_description(attrelid, attnum)))
        ) AS aspect (kind, text)
    WHERE relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped AND text IS NOT NULL
    UNION ALL
    SELECT name, kind, quote_ident(conname), text, keys,
        CASE WHEN kind IN ('primary key', 'unique') THEN keys END,
        CASE kind WHEN 'foreign key' THEN confrelid::regclass::text END,
        CASE kind WHEN 'foreign key' THEN ARRAY(
            SELECT attname::text
            FROM unnest(confkey) WITH ORDINALITY AS key (number, place)
                JOIN pg_attribute ON attrelid = confrelid AND attnum = number
            ORDER BY place) END,
        used.names, '', false
    FROM found JOIN pg_constraint k ON conrelid = found.oid
        LEFT JOIN used ON used.classid = 'pg_constraint'::regclass AND used.objid = k.oid,
        LATERAL (SELECT ARRAY(
            SELECT attname::text
            FROM unnest(conkey) WITH ORDINALITY AS key (number, place)
                JOIN pg_attribute ON attrelid = conrelid AND attnum = number
            ORDER BY place) AS keys) AS own,
        LATERAL (VALUES
            (CASE contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique'
                WHEN 'c' THEN CASE WHEN connoinherit THEN 'check without inheritance' ELSE 'check' END
                WHEN 'f' THEN 'foreign key' WHEN 'x' THEN 'exclusion' END, pg_get_constraintdef(k.oid)),
            ('constraint comment', quote_literal(obj_description(k.oid, 'pg_constraint')))
        ) AS aspect (kind, text)
    WHERE contype IN ('p', 'u', 'c', 'f', 'x') AND text IS NOT NULL
        AND (contype <> 'f' OR conparentid = 0)  -- not the copies for partitions
    UNION ALL
    SELECT indrelid::regclass::text, 'index', name,
        pg_get_indexdef(found.oid) || CASE WHEN indisvalid THEN '' ELSE ' INVALID' END,
        CASE WHEN more OR indnatts > indnkeyatts THEN array_cat(keys, ARRAY(
            SELECT DISTINCT attname::text
            FROM needs JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
            WHERE classid = 'pg_class'::regclass AND objid = found.oid AND refobjid = indrelid
                AND attname <> ALL (keys)
            ORDER BY 1)) ELSE keys END,
        CASE WHEN indisunique AND NOT more THEN keys END, NULL, NULL, used.names, '', more
    FROM found JOIN pg_index ON indexrelid = found.oid
        LEFT JOIN used ON used.classid = 'pg_class'::regclass AND used.objid = found.oid,
        LATERAL (SELECT ARRAY(
            SELECT attname::text
            FROM unnest(indkey) WITH ORDINALITY AS key (number, place)
                JOIN pg_attribute ON attrelid = indrelid AND attnum = number
            WHERE place <= indnkeyatts
            ORDER BY place) AS keys, num_nulls(indexprs, indpred) < 2 AS more) AS own
    WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = found.oid AND contype <> 'f')
    UNION ALL
    SELECT name, kind, '', text,
        ARRAY(SELECT attname::text FROM pg_attribute
            WHERE attrelid = found.oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum),
        NULL, NULL, NULL, NULL, '', false
    FROM found, LATERAL (VALUES
        ('view', concat(CASE relkind WHEN 'm' THEN 'MATERIALIZED ' END, 'VIEW',
            ' WITH (' || array_to_string(reloptions, ', ') || ')', ' AS', pg_get_viewdef(oid))),
        ('view comment', quote_literal(obj_description(oid, 'pg_class')))
    ) AS aspect (kind, text)
    WHERE relkind IN ('v', 'm') AND text IS NOT NULL
    UNION ALL
    SELECT name, 'view comment', quote_ident(attname), quote_literal(col_description(attrelid, attnum)),
        NULL, NULL, NULL, NULL, NULL, '', false
    FROM found JOIN pg_attribute ON attrelid = found.oid AND attnum > 0
    WHERE relkind IN ('v', 'm') AND col_description(attrelid, attnum) IS NOT NULL
    UNION ALL
    SELECT name, 'rule', quote_ident(rulename), pg_get_ruledef(r.oid),
        NULL, NULL, NULL, NULL, NULL, '', false
    FROM found JOIN pg_rewrite r ON ev_class = found.oid WHERE rulename <> '_RETURN'
    UNION ALL
    SELECT '', 'sequence', name, format(
        'AS %%s START %%s INCREMENT %%s MINVALUE %%s MAXVALUE %%s CACHE %%s %%sCYCLE', seqtypid::regtype,
        seqstart, seqincrement, seqmin, seqmax, seqcache, CASE WHEN NOT seqcycle THEN 'NO ' END),
        NULL, NULL, NULL, NULL, NULL, '', false
    FROM found JOIN pg_sequence ON seqrelid = oid
    UNION ALL
    SELECT name, 'trigger', quote_ident(tgname), pg_get_triggerdef(t.oid),
        NULL, NULL, NULL, NULL, NULL, '', false
    FROM found JOIN pg_trigger t ON tgrelid = found.oid WHERE NOT tgisinternal
    UNION ALL
    SELECT '', 'enum', enumtypid::regtype::text,
        string_agg(format('''%%s''', replace(enumlabel, '''', '''''')), ', ' ORDER BY enumsortorder),
        NULL, NULL, NULL, NULL, NULL, '', false
    FROM pg_enum WHERE enumtypid NOT IN (SELECT objid FROM extension_objects) GROUP BY enumtypid
    UNION ALL
    SELECT '', 'domain', t.oid::regtype::text, concat_ws(' ', format_type(typbasetype, typtypmod),
        'DEFAULT ' || typdefault, CASE WHEN typnotnull THEN 'NOT NULL' END, (
            SELECT string_agg(format('CONSTRAINT %%I %%s', conname, pg_get_constraintdef(oid)), ' ')
            FROM pg_constraint WHERE contypid = t.oid AND contype = 'c')),
        NULL, NULL, NULL, NULL, used.names, '', false
    FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace
        LEFT JOIN used ON used.classid = 'pg_type'::regclass AND used.objid = t.oid
    WHERE typtype = 'd' AND nspname NOT LIKE 'pg\\_%%' AND nspname <> 'information_schema'
        AND t.oid NOT IN (SELECT objid FROM extension_objects)
"""

#: Restores the two settings.
RESTORE = "SELECT set_config('search_path', %s, true), set_config('jit', %s, true)"
#: Returns the search path and whether statements are compiled. It reduces the path to the default schema,
#: and switches the compiler off: for a thousand tables that takes longer than the query. The order of
#: evaluation is that of the list.
PREPARE = """
    SELECT path, jit
    FROM (SELECT current_setting('search_path') AS path, current_setting('jit') AS jit OFFSET 0) AS before,
        LATERAL (SELECT set_config('search_path', coalesce(quote_ident(current_schema()), path), true),
            set_config('jit', 'off', true) OFFSET 0) AS after
"""


def read(connection: Connection) -> Iterator[Entry]:
    """Yield the entries of all objects, except those of extensions, and partitions.

    Only the names in the default schema are without a schema, whatever the search path is.
    """
    settings = connection.exec_driver_sql(PREPARE).one()
    rows = connection.exec_driver_sql(QUERY).all()
    connection.exec_driver_sql(RESTORE, tuple(settings))
    for row in rows:
        target = Reference(row.target, tuple(row.target_columns)) if row.target else None
        yield Entry(
            kind=row.kind,
            table=row.table,
            name=row.name,
            definition=row.definition,
            columns=tuple(row.columns or ()),
            unique=tuple(row.unique or ()),
            refers_to=target,
            uses=frozenset(row.uses or ()),
            generated=row.generated,
            has_expression=row.has_expression,
        )
