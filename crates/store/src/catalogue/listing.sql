-- One line per thing in schema "migration": what it is and its name, a colon, how it is defined. Without owners' names, object ids, comments
-- and the order of columns, so that databases that do the same read the same. To be run with search_path = pg_catalog, under which
-- names in other schemas are printed in full.
WITH relation AS (
    SELECT c.oid, c.relname::text AS name, c.relkind, c.relowner, c.relacl, c.relrowsecurity, c.relforcerowsecurity,
           c.relpersistence, c.reloptions
    FROM pg_class c
    WHERE c.relnamespace = to_regnamespace('migration') AND c.relname NOT IN ('_sqlx_migrations', '_sqlx_migrations_pkey')
),
stored AS (
    SELECT * FROM relation WHERE relkind IN ('r', 'p')
),
held_right AS (
    SELECT r.name AS of_object, a.grantee, a.privilege_type, a.is_grantable
    FROM relation r, aclexplode(r.relacl) a
    WHERE r.relkind NOT IN ('i', 'I') AND a.grantee <> r.relowner
    UNION ALL
    SELECT r.name || '.' || t.attname, a.grantee, a.privilege_type, a.is_grantable
    FROM stored r JOIN pg_attribute t ON t.attrelid = r.oid AND t.attacl IS NOT NULL, aclexplode(t.attacl) a
    WHERE a.grantee <> r.relowner
    UNION ALL
    SELECT 'schema migration', a.grantee, a.privilege_type, a.is_grantable
    FROM pg_namespace n, aclexplode(n.nspacl) a
    WHERE n.nspname = 'migration' AND a.grantee <> n.nspowner
),
thing (name, definition) AS (
    SELECT format('table %s', name),
           concat_ws(', ', CASE relkind WHEN 'p' THEN 'partitioned' ELSE 'plain' END,
                     CASE relpersistence WHEN 'u' THEN 'unlogged' END,
                     CASE WHEN relrowsecurity THEN 'row security' END,
                     CASE WHEN relforcerowsecurity THEN 'forced' END,
                     -- Whoever they are: a migration changes all tables or none.
                     CASE WHEN relowner <> (SELECT nspowner FROM pg_namespace WHERE nspname = 'migration')
                          THEN 'not the schema''s owner''s' END,
                     CASE WHEN EXISTS (SELECT FROM pg_inherits WHERE inhparent = stored.oid) THEN 'inherited from' END,
                     array_to_string(reloptions, ', '))
    FROM stored
    UNION ALL
    SELECT format('%s %s', CASE relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialised view' WHEN 'S' THEN 'sequence'
                                        WHEN 'f' THEN 'foreign table' ELSE 'composite type' END, name), ''
    FROM relation WHERE relkind IN ('v', 'm', 'S', 'f', 'c')
    UNION ALL
    SELECT format('column %s.%s', r.name, a.attname),
           concat_ws(' ',
               -- An extension's type is named alone: in which schema the extension lies is not ours to say.
               CASE WHEN t.typnamespace IN ('pg_catalog'::regnamespace, to_regnamespace('migration'))
                    THEN format_type(a.atttypid, a.atttypmod)
                    ELSE regexp_replace(format_type(a.atttypid, a.atttypmod), '^("[^"]*"|[^".]*)\.', '') END,
               CASE WHEN a.attcollation <> t.typcollation
                    THEN 'collate ' || (SELECT collname FROM pg_collation WHERE oid = a.attcollation) END,
               CASE WHEN a.attnotnull THEN 'not null' END,
               CASE a.attidentity WHEN 'a' THEN 'identity always' WHEN 'd' THEN 'identity by default' END,
               -- A default refers to no column; without a table to look into it is printed three times as fast.
               CASE WHEN a.attgenerated <> '' THEN 'generated ' || pg_get_expr(d.adbin, d.adrelid)
                    ELSE 'default ' || pg_get_expr(d.adbin, 0) END)
    FROM stored r
    JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    UNION ALL
    SELECT format('constraint %s.%s', r.name, c.conname), pg_get_constraintdef(c.oid)
    FROM stored r JOIN pg_constraint c ON c.conrelid = r.oid AND c.contype <> 't'
    UNION ALL
    SELECT format('index %s', i.relname),
           pg_get_indexdef(x.indexrelid) || CASE WHEN x.indisvalid AND x.indisready THEN '' ELSE ' invalid' END
    FROM stored r
    JOIN pg_index x ON x.indrelid = r.oid
    JOIN pg_class i ON i.oid = x.indexrelid
    WHERE NOT EXISTS (SELECT FROM pg_constraint c
                      WHERE c.conrelid = r.oid AND c.conindid = x.indexrelid AND c.contype IN ('p', 'u', 'x'))
    UNION ALL
    SELECT format('policy %s.%s', r.name, p.polname),
           concat_ws(' ', CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END,
               CASE p.polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update' WHEN 'd' THEN 'delete'
                             ELSE 'all' END,
               'to ' || (SELECT string_agg(role, ', ' ORDER BY role COLLATE "C")
                         FROM (SELECT CASE g.id WHEN 0 THEN 'public' ELSE g.id::regrole::text END AS role
                               FROM unnest(p.polroles) g (id)) named),
               'using ' || pg_get_expr(p.polqual, p.polrelid),
               'check ' || pg_get_expr(p.polwithcheck, p.polrelid))
    FROM stored r JOIN pg_policy p ON p.polrelid = r.oid
    UNION ALL
    SELECT format('grant on %s to %s', h.of_object, CASE h.grantee WHEN 0 THEN 'public' ELSE h.grantee::regrole::text END),
           string_agg(lower(h.privilege_type) || CASE WHEN h.is_grantable THEN ' with grant option' ELSE '' END, ', '
                      ORDER BY h.privilege_type, h.is_grantable)
    FROM held_right h
    GROUP BY h.of_object, h.grantee
    UNION ALL
    -- A foreign key is kept by triggers; one that is disabled keeps nothing.
    SELECT format('trigger %s.%s', r.name, CASE WHEN t.tgisinternal THEN 'of ' || c.conname ELSE t.tgname END),
           CASE WHEN t.tgisinternal THEN 'disabled'
                ELSE concat_ws(', ', pg_get_triggerdef(t.oid), CASE t.tgenabled WHEN 'O' THEN NULL ELSE 'firing ' || t.tgenabled::text END) END
    FROM relation r
    JOIN pg_trigger t ON t.tgrelid = r.oid
    LEFT JOIN pg_constraint c ON c.oid = t.tgconstraint
    WHERE NOT t.tgisinternal OR t.tgenabled <> 'O'
    UNION ALL
    SELECT format('rule %s.%s', r.name, w.rulename), pg_get_ruledef(w.oid)
    FROM relation r JOIN pg_rewrite w ON w.ev_class = r.oid AND w.rulename <> '_RETURN'
    UNION ALL
    SELECT format('function %s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)),
           CASE WHEN p.prosecdef THEN 'security definer' ELSE '' END
    FROM pg_proc p WHERE p.pronamespace = to_regnamespace('migration')
    UNION ALL
    SELECT format('type %s', t.typname), CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' ELSE 'other' END
    FROM pg_type t
    WHERE t.typnamespace = to_regnamespace('migration') AND t.typrelid = 0 AND t.typelem = 0
    UNION ALL
    SELECT format('operator %s(%s, %s)', o.oprname, o.oprleft::regtype, o.oprright::regtype), ''
    FROM pg_operator o WHERE o.oprnamespace = to_regnamespace('migration')
    UNION ALL
    SELECT format('statistics %s', s.stxname), ''
    FROM pg_statistic_ext s WHERE s.stxnamespace = to_regnamespace('migration')
    UNION ALL
    SELECT format('default rights on %s', d.defaclobjtype), array_to_string(d.defaclacl, ', ')
    FROM pg_default_acl d WHERE d.defaclnamespace = to_regnamespace('migration')
),
uniform (name, definition) AS (
    -- A list of words reads in one of two ways, by whether it came from the migration or from a dump: which type a word has, and where
    -- it is cast to another, is left out.
    SELECT name,
           CASE WHEN definition LIKE '%ANY (%ARRAY[%' THEN
               regexp_replace(
                   regexp_replace(
                       regexp_replace(definition, '(''(?:[^'']|'''')*'')::character varying', '\1', 'g'),
                       '\((''(?:[^'']|'''')*'')\)::text', '\1', 'g'),
                   '\((ARRAY\[[^]]*\])\)::text\[\]', '\1', 'g')
           ELSE definition END
    FROM thing
),
line (text) AS (
    -- PostgreSQL breaks long expressions into lines.
    SELECT regexp_replace(name || ': ' || definition, '\n\s*', ' ', 'g') FROM uniform
)
SELECT text AS "line!" FROM line ORDER BY text COLLATE "C"
