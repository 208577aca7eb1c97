-- Everything that the detectors look at and the catalogue shows, as one document. Read-only, with search_path = pg_catalog; runs on
-- PostgreSQL 12 and later. Objects of the system and of extensions are left out.
WITH made AS (
    SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), relations AS (
    SELECT c.oid, c.relname, c.relkind, c.relowner, c.relrowsecurity, c.relforcerowsecurity, c.reloptions, n.nspname
    FROM pg_class c
    JOIN made n ON n.oid = c.relnamespace
    WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
), clients AS (
    SELECT a.*, r.rolconnlimit
    FROM pg_stat_activity a
    LEFT JOIN pg_roles r ON r.oid = a.usesysid
    WHERE a.backend_type = 'client backend' AND a.pid <> pg_backend_pid()
)
SELECT jsonb_build_object(
    'server', jsonb_build_object(
        'version', current_setting('server_version_num')::int,
        'database', current_database(),
        'in_recovery', pg_is_in_recovery(),
        'clock', extract(epoch FROM clock_timestamp())::float8,
        'max_connections', current_setting('max_connections')::int,
        'reserved', current_setting('superuser_reserved_connections')::int
            + coalesce(current_setting('reserved_connections', true), '0')::int,
        'used', (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
        'database_limit', (SELECT datconnlimit FROM pg_database WHERE datname = current_database()),
        'database_used', (SELECT count(*) FROM pg_stat_activity
                          WHERE backend_type = 'client backend' AND datname = current_database()),
        'settings', (SELECT jsonb_object_agg(name, setting) FROM pg_settings
                     WHERE name IN ('idle_session_timeout', 'idle_in_transaction_session_timeout', 'statement_timeout', 'lock_timeout',
                                    'default_transaction_read_only', 'fsync', 'full_page_writes', 'synchronous_commit',
                                    'data_checksums', 'hnsw.iterative_scan'))),
    'role', (SELECT jsonb_build_object(
                 'name', r.rolname, 'superuser', r.rolsuper, 'bypasses_row_security', r.rolbypassrls,
                 'may_create', has_database_privilege(current_database(), 'CREATE'))
             FROM pg_roles r WHERE r.rolname = current_user),
    'role_limits', (SELECT coalesce(jsonb_agg(jsonb_build_object('role', usename, 'limit', rolconnlimit, 'used', used)), '[]')
                    FROM (SELECT usename, rolconnlimit, count(*) AS used FROM pg_stat_activity a
                          JOIN pg_roles r ON r.oid = a.usesysid
                          WHERE a.backend_type = 'client backend' AND rolconnlimit >= 0 GROUP BY 1, 2) limits),
    'role_settings', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                              'role', coalesce(r.rolname, ''), 'settings', to_jsonb(s.setconfig)) ORDER BY r.rolname), '[]')
                      FROM pg_db_role_setting s
                      LEFT JOIN pg_roles r ON r.oid = s.setrole
                      WHERE s.setdatabase = 0 OR s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())),
    'public', (SELECT jsonb_build_object('oid', n.oid::bigint, 'has_rights', n.nspacl IS NOT NULL, 'owner', n.nspowner::regrole::text,
                                         'usable', has_schema_privilege(n.oid, 'USAGE'))
               FROM pg_namespace n WHERE n.nspname = 'public'),
    'tables', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                   'schema', t.nspname, 'name', t.relname, 'owner', t.relowner::regrole::text,
                   'row_security', t.relrowsecurity, 'forced', t.relforcerowsecurity,
                   'policies', p.policies, 'lacks_nullif', p.lacks_nullif,
                   'columns', (SELECT coalesce(jsonb_agg(a.attname ORDER BY a.attnum), '[]') FROM pg_attribute a
                               WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
                                 AND a.attname IN ('version_num', 'version', 'tenant_id', 'client_account_id', 'id', 'user_id', 'email',
                                                   'password_hash', 'is_active', 'is_verified', 'status', 'role_type',
                                                   'success', 'checksum', 'description', 'app', 'name', 'script', 'installed_rank',
                                                   'profile')),
                   'version_width', (SELECT CASE WHEN a.atttypmod > 4 AND a.atttypid = 'varchar'::regtype THEN a.atttypmod - 4 END
                                     FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attname = 'version_num' AND NOT a.attisdropped),
                   'indexed_by_tenant', EXISTS (
                       SELECT FROM pg_index i
                       JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                       WHERE i.indrelid = t.oid AND i.indisvalid AND a.attname IN ('tenant_id', 'client_account_id')),
                   'has_hnsw', EXISTS (
                       SELECT FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam
                       WHERE i.indrelid = t.oid AND i.indisvalid AND m.amname = 'hnsw'),
                   'partitioned', t.relkind = 'p',
                   'rows', (SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = t.oid)
               ) ORDER BY t.nspname, t.relname), '[]')
               FROM relations t
               LEFT JOIN LATERAL (
                   SELECT count(*) AS policies,
                          coalesce(bool_or(pg_get_expr(polqual, polrelid) LIKE '%current_setting%'
                                           AND pg_get_expr(polqual, polrelid) NOT ILIKE '%nullif%'), false) AS lacks_nullif
                   FROM pg_policy WHERE polrelid = t.oid
               ) p ON true
               WHERE t.relkind IN ('r', 'p')),
    'invalid_indexes', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                            'index', i.indexrelid::regclass::text, 'table', i.indrelid::regclass::text, 'unique', i.indisunique)), '[]')
                        FROM pg_index i JOIN relations x ON x.oid = i.indexrelid WHERE NOT i.indisvalid),
    'unvalidated', (SELECT coalesce(jsonb_agg(jsonb_build_object('table', conrelid::regclass::text, 'constraint', conname)), '[]')
                    FROM pg_constraint c JOIN made n ON n.oid = c.connamespace WHERE NOT c.convalidated),
    'enums', (SELECT coalesce(jsonb_agg(jsonb_build_object('schema', n.nspname, 'name', t.typname, 'labels', l.labels, 'used',
                  EXISTS (SELECT FROM pg_attribute a WHERE a.atttypid IN (t.oid, t.typarray) AND NOT a.attisdropped))), '[]')
              FROM pg_type t
              JOIN made n ON n.oid = t.typnamespace
              JOIN LATERAL (SELECT jsonb_agg(enumlabel ORDER BY enumsortorder) AS labels FROM pg_enum WHERE enumtypid = t.oid) l ON true
              WHERE t.typtype = 'e'),
    'advisory_locks', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                           'pid', l.pid, 'granted', l.granted, 'key', (l.classid::bigint << 32) | l.objid::bigint,
                           'state', coalesce(a.state, ''), 'program', a.application_name, 'role', coalesce(a.usename, ''),
                           'in_transaction', a.xact_start IS NOT NULL,
                           'state_ms', (extract(epoch FROM clock_timestamp() - a.state_change) * 1000)::bigint)), '[]')
                       FROM pg_locks l JOIN pg_stat_activity a USING (pid)
                       WHERE l.locktype = 'advisory' AND l.pid <> pg_backend_pid()
                         AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())),
    'sessions', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                     'pid', pid, 'role', coalesce(usename, ''), 'program', application_name, 'state', coalesce(state, ''),
                     'state_ms', (extract(epoch FROM clock_timestamp() - state_change) * 1000)::bigint,
                     'transaction_ms', (extract(epoch FROM clock_timestamp() - xact_start) * 1000)::bigint,
                     'blocked_by', to_jsonb(pg_blocking_pids(pid)),
                     -- What kind of statement, behind a BEGIN: the text itself may hold values.
                     'statement', lower(substring(query FROM '(?i)^\s*(?:begin\s*;\s*)?([a-z]+)')))
                     ORDER BY pid), '[]')
                 FROM (SELECT * FROM clients WHERE datname = current_database() ORDER BY pid LIMIT 500) c),
    'extension', (SELECT jsonb_build_object(
                      'available', a.default_version, 'installed', e.extversion, 'schema', n.nspname,
                      'superuser', coalesce(v.superuser, true), 'trusted', coalesce(v.trusted, false))
                  FROM (SELECT 'vector'::name AS name) w
                  LEFT JOIN pg_available_extensions a ON a.name = w.name
                  LEFT JOIN pg_extension e ON e.extname = w.name
                  LEFT JOIN pg_namespace n ON n.oid = e.extnamespace
                  LEFT JOIN pg_available_extension_versions v ON v.name = a.name AND v.version = a.default_version),
    'has_hnsw', EXISTS (SELECT FROM pg_am WHERE amname = 'hnsw'),
    'vector_columns', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                           'table', a.attrelid::regclass::text, 'column', a.attname, 'dimensions', a.atttypmod)), '[]')
                       FROM pg_attribute a
                       JOIN relations t ON t.oid = a.attrelid AND t.relkind IN ('r', 'p')
                       JOIN pg_type y ON y.oid = a.atttypid AND y.typname IN ('vector', 'halfvec')
                       WHERE a.attnum > 0 AND NOT a.attisdropped),
    -- Statements that this session finds prepared were prepared by another client of the same server connection.
    'prepared', (SELECT coalesce(jsonb_agg(name ORDER BY prepare_time), '[]') FROM pg_prepared_statements),
    'collation', (SELECT jsonb_build_object('recorded', datcollversion, 'actual', pg_database_collation_actual_version(oid))
                  FROM pg_database WHERE datname = current_database())
)
