-- What somebody made in schema "public", which is on everybody's search path behind "migration": one line each, as in the listing, and
-- none in a whole database. Left out are what an extension has brought, what PostgreSQL made along with something else, and tables of
-- the names of the histories, which have a gate of their own. To be run with search_path = pg_catalog.
WITH brought (of_class, id) AS (
    SELECT classid, objid FROM pg_depend WHERE deptype IN ('e', 'i')
),
thing (of_class, id, name, definition) AS (
    SELECT 'pg_class'::regclass, oid,
           format('%s public.%I', CASE relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialised view' WHEN 'S' THEN 'sequence'
                                               WHEN 'f' THEN 'foreign table' WHEN 'c' THEN 'composite type' ELSE 'table' END, relname), ''
    FROM pg_class
    WHERE relnamespace = to_regnamespace('public') AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')
      AND relname NOT IN ('_sqlx_migrations', 'alembic_version')
    UNION ALL
    SELECT 'pg_proc'::regclass, oid, format('function public.%I(%s)', proname, pg_get_function_identity_arguments(oid)),
           CASE WHEN prosecdef THEN 'security definer' ELSE '' END
    FROM pg_proc WHERE pronamespace = to_regnamespace('public')
    UNION ALL
    SELECT 'pg_type'::regclass, oid, format('type public.%I', typname), CASE typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' ELSE 'other' END
    FROM pg_type WHERE typnamespace = to_regnamespace('public') AND typrelid = 0 AND typelem = 0 AND typtype <> 'm'
    UNION ALL
    SELECT 'pg_operator'::regclass, oid, format('operator public.%s(%s, %s)', oprname, oprleft::regtype, oprright::regtype), ''
    FROM pg_operator WHERE oprnamespace = to_regnamespace('public')
)
SELECT format('%s: %s', name, definition) AS "line!"
FROM thing t
WHERE NOT EXISTS (SELECT FROM brought b WHERE b.of_class = t.of_class AND b.id = t.id)
ORDER BY 1
