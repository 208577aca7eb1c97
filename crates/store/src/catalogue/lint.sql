-- What is wrong with schema "migration", by rule. $1: its global tables; $2: those of them whose rows are never deleted. To be run with
-- search_path = pg_catalog. Reads the catalogue only.
WITH stored AS (
    SELECT c.oid, c.relname::text AS name, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity, c.relowner, c.relacl,
           c.relname = ANY ($1::text[]) AS is_global,
           (SELECT attnum FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'client_account_id' AND NOT a.attisdropped) AS tenant
    FROM pg_class c
    WHERE c.relnamespace = to_regnamespace('migration') AND c.relkind IN ('r', 'p') AND c.relname <> '_sqlx_migrations'
),
col AS (
    SELECT s.name AS of_table, s.name || '.' || a.attname AS name, a.attname::text AS own_name, a.attnotnull, a.attgenerated, a.attidentity,
           format_type(a.atttypid, a.atttypmod) AS type, a.atttypid, a.attnum, a.attrelid,
           pg_get_expr(d.adbin, d.adrelid) AS default_value
    FROM stored s
    JOIN pg_attribute a ON a.attrelid = s.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
),
ind AS (
    SELECT s.name AS of_table, s.is_global, s.tenant, i.relname::text AS name, x.indkey::int2[] AS columns, x.indnkeyatts, x.indisunique, x.indisprimary,
           x.indisvalid AND x.indisready AS is_valid, x.indrelid, pg_get_expr(x.indpred, x.indrelid) AS predicate,
           EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = x.indrelid AND k.conindid = x.indexrelid AND k.contype IN ('p', 'u', 'x')) AS of_constraint
    FROM stored s
    JOIN pg_index x ON x.indrelid = s.oid
    JOIN pg_class i ON i.oid = x.indexrelid
),
con AS (
    SELECT s.name AS of_table, s.is_global, s.tenant, s.oid, k.oid AS id, k.conname::text AS name, k.contype, k.conkey, k.confkey, k.confrelid,
           k.confdeltype, k.confupdtype, k.convalidated, t.name AS target, t.is_global AS target_is_global, t.tenant AS target_tenant
    FROM stored s
    JOIN pg_constraint k ON k.conrelid = s.oid AND k.contype <> 't'
    LEFT JOIN stored t ON t.oid = k.confrelid
),
held_right AS (
    SELECT s.name, CASE a.grantee WHEN 0 THEN 'public' ELSE a.grantee::regrole::text END AS role, lower(a.privilege_type) AS privilege
    FROM stored s, aclexplode(s.relacl) a
    WHERE a.grantee <> s.relowner
),
expected_policy (text) AS (
    VALUES ('(client_account_id = (NULLIF(current_setting(''app.client_account_id''::text, true), ''''::text))::uuid)')
),
finding (rule, object, sentence) AS (
    SELECT 'tenant.column', name, 'A tenant-owned table has client_account_id uuid NOT NULL.'
    FROM stored s
    WHERE NOT is_global AND NOT EXISTS (SELECT FROM col c WHERE c.attrelid = s.oid AND c.own_name = 'client_account_id' AND c.type = 'uuid' AND c.attnotnull)
    UNION ALL
    SELECT 'tenant.client_account', name, 'A tenant-owned table refers to client_accounts with client_account_id.'
    FROM stored s
    WHERE NOT is_global AND NOT EXISTS (
        SELECT FROM con k WHERE k.oid = s.oid AND k.contype = 'f' AND k.target = 'client_accounts' AND k.conkey = ARRAY[s.tenant])
    UNION ALL
    SELECT 'tenant.primary_key', name, 'The primary key of a tenant-owned table begins with client_account_id.'
    FROM stored s
    WHERE NOT is_global AND NOT EXISTS (SELECT FROM con k WHERE k.oid = s.oid AND k.contype = 'p' AND k.conkey[1] = s.tenant)
    UNION ALL
    SELECT 'tenant.unique', name, 'A unique key of a tenant-owned table begins with client_account_id: it must not tell of other tenants'' values.'
    FROM ind WHERE NOT is_global AND indisunique AND NOT indisprimary AND columns[0] IS DISTINCT FROM tenant
    UNION ALL
    SELECT 'tenant.index', name, 'An index of a tenant-owned table begins with client_account_id.'
    FROM ind WHERE NOT is_global AND NOT indisunique AND columns[0] IS DISTINCT FROM tenant
    UNION ALL
    SELECT 'tenant.foreign_key', of_table || '.' || name,
           'A foreign key between tenant-owned tables begins with client_account_id on both sides: checking it sees all tenants'' rows.'
    FROM con
    WHERE contype = 'f' AND NOT is_global AND NOT target_is_global
      AND (conkey[1] IS DISTINCT FROM tenant OR confkey[1] IS DISTINCT FROM target_tenant)
    UNION ALL
    SELECT 'tenant.row_security', name, 'Row-level security of a tenant-owned table is enabled and forced.'
    FROM stored WHERE NOT is_global AND NOT (relrowsecurity AND relforcerowsecurity)
    UNION ALL
    SELECT 'tenant.policy', s.name, 'A tenant-owned table has the policy tenant_isolation for everybody and every command, comparing client_account_id with app.client_account_id.'
    FROM stored s, expected_policy e
    WHERE NOT s.is_global AND NOT EXISTS (
        SELECT FROM pg_policy p
        WHERE p.polrelid = s.oid AND p.polname = 'tenant_isolation' AND p.polpermissive AND p.polcmd = '*' AND p.polroles = '{0}'
          AND pg_get_expr(p.polqual, p.polrelid) = e.text AND coalesce(pg_get_expr(p.polwithcheck, p.polrelid), e.text) = e.text)
    UNION ALL
    SELECT 'tenant.other_policy', s.name || '.' || p.polname, 'Beside tenant_isolation there is one policy, which lets drydock_backup read.'
    FROM stored s JOIN pg_policy p ON p.polrelid = s.oid
    WHERE p.polname <> 'tenant_isolation'
      AND NOT (NOT s.is_global AND p.polname = 'backup_reads_all' AND p.polcmd = 'r' AND p.polroles = ARRAY[to_regrole('drydock_backup')::oid])
    UNION ALL
    SELECT 'global.foreign_key', of_table || '.' || name, 'A global table refers to global tables only.'
    FROM con WHERE contype = 'f' AND is_global AND NOT target_is_global
    UNION ALL
    SELECT 'table.primary_key', name, 'A table has a primary key.'
    FROM stored s WHERE is_global AND NOT EXISTS (SELECT FROM con k WHERE k.oid = s.oid AND k.contype = 'p')
    UNION ALL
    SELECT 'table.comment', name, 'A table has a comment that says what its rows are.'
    FROM stored WHERE coalesce(obj_description(oid, 'pg_class'), '') = ''
    UNION ALL
    SELECT 'table.unlogged', name, 'A table is logged: an unlogged one is empty after a crash.'
    FROM stored WHERE relpersistence <> 'p'
    UNION ALL
    SELECT 'column.id', name, 'A column named id is a uuid that the database fills: DEFAULT gen_random_uuid().'
    FROM col WHERE own_name = 'id' AND (type <> 'uuid' OR NOT attnotnull OR default_value IS DISTINCT FROM 'gen_random_uuid()')
    UNION ALL
    SELECT 'column.timestamps', name, 'created_at and updated_at are timestamptz NOT NULL DEFAULT now().'
    FROM col
    WHERE own_name IN ('created_at', 'updated_at')
      AND (type <> 'timestamp with time zone' OR NOT attnotnull OR default_value IS DISTINCT FROM 'now()')
    UNION ALL
    SELECT 'column.timestamps', name || '.created_at', 'A table says when a row was made.'
    FROM stored s
    WHERE name <> 'alembic_version' AND NOT EXISTS (SELECT FROM col c WHERE c.attrelid = s.oid AND c.own_name = 'created_at')
    UNION ALL
    SELECT 'column.type', name, format('%s loses something: a time zone, an order, a length. Take timestamptz, jsonb, varchar.', type)
    FROM col WHERE atttypid IN ('timestamp'::regtype, 'json'::regtype, 'timetz'::regtype, 'bpchar'::regtype, 'money'::regtype)
    UNION ALL
    SELECT 'column.sequence', name, 'Keys are uuids: sequences are not the same on every node of a distributed PostgreSQL.'
    FROM col WHERE attidentity <> '' OR default_value LIKE 'nextval(%'
    UNION ALL
    SELECT 'column.status', name, 'A column named status has a check of its values, which are lower-case.'
    FROM col c
    WHERE own_name = 'status' AND NOT EXISTS (
        SELECT FROM con k WHERE k.oid = c.attrelid AND k.contype = 'c' AND k.conkey = ARRAY[c.attnum])
    UNION ALL
    SELECT 'column.case', name, format('The default %s has capitals: what compares with lower-case words would never find it.', default_value)
    FROM col WHERE (own_name ~ '(status|level|type|state|priority)$') AND default_value ~ '^''[^'']*[A-Z]' AND attgenerated = ''
    UNION ALL
    SELECT 'constraint.name', of_table || '.' || name, 'The name of a constraint begins with pk_, uq_, fk_ or ck_, as its kind is, and the table.'
    FROM con
    WHERE NOT starts_with(name, CASE contype WHEN 'p' THEN 'pk_' WHEN 'u' THEN 'uq_' WHEN 'f' THEN 'fk_' WHEN 'c' THEN 'ck_' ELSE 'ex_' END || of_table)
    UNION ALL
    SELECT 'index.name', name, 'The name of an index begins with ix_, or uq_ if it is unique, and the table.'
    FROM ind WHERE NOT of_constraint AND NOT starts_with(name, CASE WHEN indisunique THEN 'uq_' ELSE 'ix_' END || of_table)
    UNION ALL
    SELECT 'name.length', name, 'PostgreSQL cuts names at 63 bytes; one that is as long may have been cut.'
    FROM (SELECT name FROM stored UNION ALL SELECT own_name FROM col UNION ALL SELECT name FROM con
          UNION ALL SELECT name FROM ind WHERE NOT of_constraint) named
    WHERE octet_length(name) >= 63
    UNION ALL
    SELECT 'constraint.validated', of_table || '.' || name, 'The constraint is NOT VALID: rows from before it may break it.'
    FROM con WHERE NOT convalidated
    UNION ALL
    SELECT 'index.valid', name, 'The index is invalid: a concurrent build failed and left it. Nothing uses it and every write pays for it.'
    FROM ind WHERE NOT is_valid
    UNION ALL
    SELECT 'foreign_key.enforced', of_table || '.' || name, 'The triggers that keep the foreign key are disabled.'
    FROM con k WHERE contype = 'f' AND EXISTS (SELECT FROM pg_trigger t WHERE t.tgconstraint = k.id AND t.tgenabled <> 'O')
    UNION ALL
    SELECT 'foreign_key.action', of_table || '.' || name,
           'A foreign key neither sets its columns to something else nor follows changed keys: a distributed PostgreSQL refuses that.'
    FROM con WHERE contype = 'f' AND (confdeltype IN ('n', 'd') OR confupdtype IN ('n', 'd', 'c'))
    UNION ALL
    SELECT 'foreign_key.index', of_table || '.' || name, 'No index begins with the columns of the foreign key: deleting what it refers to reads the whole table.'
    FROM con k
    WHERE contype = 'f' AND NOT coalesce(target = ANY ($2::text[]), false) AND NOT EXISTS (
        SELECT FROM ind x
        WHERE x.indrelid = k.oid AND x.is_valid AND x.indnkeyatts >= cardinality(k.conkey)
          AND x.columns[0:cardinality(k.conkey) - 1] @> k.conkey
          AND (x.predicate IS NULL OR x.predicate IN (
              SELECT format('(%I IS NOT NULL)', c.own_name) FROM col c WHERE c.attrelid = k.oid AND c.attnum = ANY (k.conkey))))
    UNION ALL
    SELECT 'schema.trigger', s.name || '.' || t.tgname, 'There are no triggers: a distributed PostgreSQL refuses them, and nobody sees them run.'
    FROM stored s JOIN pg_trigger t ON t.tgrelid = s.oid AND NOT t.tgisinternal
    UNION ALL
    SELECT 'schema.rule', c.relname || '.' || w.rulename, 'There are no rules.'
    FROM pg_class c JOIN pg_rewrite w ON w.ev_class = c.oid AND w.rulename <> '_RETURN'
    WHERE c.relnamespace = to_regnamespace('migration')
    UNION ALL
    SELECT 'schema.enum', typname, 'There are no ENUM types: their values can''t be taken back. Take a check.'
    FROM pg_type WHERE typnamespace = to_regnamespace('migration') AND typtype = 'e'
    UNION ALL
    SELECT 'schema.materialised_view', relname, 'A materialised view keeps all tenants'' rows where no policy closes them.'
    FROM pg_class WHERE relnamespace = to_regnamespace('migration') AND relkind = 'm'
    UNION ALL
    SELECT 'schema.view', relname, 'A view asks with its owner''s rights, past the policies, unless it is WITH (security_invoker = true).'
    FROM pg_class
    WHERE relnamespace = to_regnamespace('migration') AND relkind = 'v'
      AND NOT coalesce(reloptions && ARRAY['security_invoker=true', 'security_invoker=on'], false)
    UNION ALL
    SELECT 'schema.sequence', relname, 'There are no sequences: keys are uuids.'
    FROM pg_class WHERE relnamespace = to_regnamespace('migration') AND relkind = 'S'
    UNION ALL
    SELECT 'schema.security_definer', format('%s(%s)', proname, pg_get_function_identity_arguments(oid)),
           'A function that runs with its owner''s rights goes past the policies.'
    FROM pg_proc WHERE pronamespace = to_regnamespace('migration') AND prosecdef
    UNION ALL
    SELECT 'grant.public', name, format('Everybody has the right %s.', privilege)
    FROM held_right WHERE role = 'public'
    UNION ALL
    SELECT 'grant.app', name, format('The application has the right %s, to which row-level security does not apply.', privilege)
    FROM held_right WHERE role = 'drydock_app' AND privilege NOT IN ('select', 'insert', 'update', 'delete')
    UNION ALL
    SELECT 'grant.delete', name, 'The application may delete rows here, which are to be deactivated only.'
    FROM held_right WHERE role = 'drydock_app' AND privilege = 'delete' AND name = ANY ($2::text[])
    UNION ALL
    SELECT 'grant.audit', name, format('The application has the right %s: a log can only be added to.', privilege)
    FROM held_right WHERE role = 'drydock_app' AND privilege IN ('update', 'delete') AND name LIKE '%\_audit\_log%'
    UNION ALL
    SELECT 'grant.reader', name, format('%s has the right %s, and is to read only.', role, privilege)
    FROM held_right WHERE role IN ('drydock_readonly', 'drydock_backup') AND privilege <> 'select'
    UNION ALL
    SELECT 'grant.create', 'migration', format('%s may create things in the schema.', r.rolname)
    FROM pg_roles r
    WHERE r.rolname IN ('drydock_app', 'drydock_readonly', 'drydock_backup') AND has_schema_privilege(r.oid, to_regnamespace('migration'), 'CREATE')
)
SELECT rule AS "rule!", object::text AS "object!", sentence AS "sentence!"
FROM finding
ORDER BY rule COLLATE "C", object COLLATE "C"
