-- Schema "migration" as JSON, for the pages that `cargo xtask schema` makes of it. To be run with search_path = migration, public, so
-- that names read as people write them.
WITH stored AS (
    SELECT c.oid, c.relname, c.relrowsecurity, c.relacl
    FROM pg_class c
    WHERE c.relnamespace = 'migration'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> '_sqlx_migrations'
)
SELECT json_agg(json_build_object(
    'name', t.relname,
    'comment', obj_description(t.oid, 'pg_class'),
    'closed', t.relrowsecurity,
    'columns', (
        SELECT json_agg(json_build_object(
                   'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'not_null', a.attnotnull,
                   'generated', a.attgenerated <> '', 'default', pg_get_expr(d.adbin, d.adrelid),
                   'comment', col_description(t.oid, a.attnum)) ORDER BY a.attnum)
        FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped),
    'constraints', (
        SELECT json_agg(json_build_object(
                   'name', k.conname, 'kind', k.contype, 'definition', pg_get_constraintdef(k.oid, true),
                   'columns', (SELECT json_agg(a.attname ORDER BY u.place) FROM unnest(k.conkey) WITH ORDINALITY u (number, place)
                               JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number),
                   'target', (SELECT relname FROM pg_class WHERE oid = k.confrelid),
                   'cascades', k.confdeltype = 'c') ORDER BY position(k.contype::text IN 'pufc'), k.conname)
        FROM pg_constraint k WHERE k.conrelid = t.oid),
    'indexes', (
        SELECT coalesce(json_agg(json_build_object(
                   'name', i.relname, 'definition', pg_get_indexdef(x.indexrelid), 'unique', x.indisunique) ORDER BY i.relname), '[]')
        FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
        WHERE x.indrelid = t.oid AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = t.oid AND k.conindid = x.indexrelid
                                                 AND k.contype IN ('p', 'u', 'x'))),
    'app', (SELECT coalesce(json_agg(lower(a.privilege_type) ORDER BY a.privilege_type), '[]') FROM aclexplode(t.relacl) a
            WHERE a.grantee = to_regrole('drydock_app'))
) ORDER BY t.relname)
FROM stored t
