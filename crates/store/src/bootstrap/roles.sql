-- The four roles, with the attributes that tenancy rests on. Run as superuser, any number of times.
-- CREATE ROLE has no IF NOT EXISTS; ALTER puts right whatever an earlier hand changed.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['drydock_owner', 'drydock_app', 'drydock_readonly', 'drydock_backup'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I', name);
        END IF;
        EXECUTE format(
            'ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS INHERIT CONNECTION LIMIT -1',
            name
        );
    END LOOP;
END
$$;
