-- What the migrations need inside the database, and only a superuser may give. Run any number of times.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
CREATE SCHEMA IF NOT EXISTS migration AUTHORIZATION drydock_owner;
CREATE EXTENSION IF NOT EXISTS vector SCHEMA public;

-- Nobody but the owner makes anything here, not even a temporary table. Clones lose it: rights on a database are not copied with it.
DO $$
BEGIN
    EXECUTE format('REVOKE CREATE, TEMPORARY ON DATABASE %I FROM PUBLIC, drydock_app, drydock_readonly, drydock_backup', current_database());
END
$$;

-- Role settings rather than database settings: they follow the role into every clone of the database.
ALTER ROLE drydock_owner SET search_path = migration, public;
ALTER ROLE drydock_app SET search_path = migration, public;
ALTER ROLE drydock_readonly SET search_path = migration, public;
ALTER ROLE drydock_backup SET search_path = migration, public;
-- Not what keeps them from writing, which is that they hold no such right, but what tells a person so at once.
ALTER ROLE drydock_readonly SET default_transaction_read_only = on;
ALTER ROLE drydock_backup SET default_transaction_read_only = on;
