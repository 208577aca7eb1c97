-- What the migrations need inside the database, and only a superuser may give. Run any number of times.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
CREATE SCHEMA IF NOT EXISTS migration AUTHORIZATION drydock_owner;
CREATE EXTENSION IF NOT EXISTS vector SCHEMA public;

-- Role settings rather than database settings: they follow the role into every clone of the database.
ALTER ROLE drydock_owner SET search_path = migration, public;
ALTER ROLE drydock_app SET search_path = migration, public;
ALTER ROLE drydock_readonly SET search_path = migration, public;
ALTER ROLE drydock_backup SET search_path = migration, public;
