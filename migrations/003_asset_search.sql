-- Assets in any order, searched, changed and put back; what each user has set up about them
--
-- Keep to the rules at the top of 001 and in README.md. In short:
--   * One transaction, which is the migrator's: no BEGIN, COMMIT, CONCURRENTLY or VACUUM. Forward only; never edited once landed.
--   * As the owner, who row-level security binds as well: to change rows of a client account, set app.client_account_id first, and go
--     through the client accounts one by one.
--   * A new table belongs to a client account: client_account_id NOT NULL and first in every key, row-level security enabled and
--     forced, both policies, and grants for drydock_app, drydock_readonly and drydock_backup where these roles exist.
--   * A new column of a table that has rows is nullable or has a constant default.
--   * What older builds still read is not taken away in the same step: add first, remove in a later one.
-- What it changes or removes on purpose, as table or table.column, on a line of its own that begins with "-- changes:".


-- 1. Search and order

-- 340 characters are at most 1,360 bytes, so that the index below, with the longest name, stays within what an index row may hold (2,704 bytes).
ALTER TABLE migration.assets ADD COLUMN search_text text NOT NULL GENERATED ALWAYS AS (lower("left"(
    name || chr(10) || coalesce(hostname, '') || chr(10) || coalesce(ip_address, '') || chr(10) || coalesce(application_name, '')
    || chr(10) || coalesce(operating_system, '') || chr(10) || coalesce(department, '') || chr(10) || coalesce(location, '')
    || chr(10) || coalesce(business_owner, '') || chr(10) || coalesce(technical_owner, ''), 340))) STORED;
COMMENT ON COLUMN migration.assets.search_text IS 'What the search looks in, in lower case: name, host name, address, application, system, place and owners.';

-- Row-level security keeps operators that are not leakproof from using an index, and those of full-text search and of LIKE are not. They may be
-- checked on what an index carries, though: this one is read without its table, in the order of the names.
DROP INDEX migration.ix_assets_engagement_id_name;
CREATE INDEX ix_assets_search ON migration.assets (client_account_id, engagement_id, name, id)
    INCLUDE (asset_type, environment, criticality, status, six_r_strategy, search_text);
-- Keyset pages in the other orders that are asked for most. id decides between equal values.
DROP INDEX migration.ix_assets_engagement_id_created_at;
CREATE INDEX ix_assets_created_at ON migration.assets (client_account_id, engagement_id, created_at, id);
CREATE INDEX ix_assets_updated_at ON migration.assets (client_account_id, engagement_id, updated_at, id);
CREATE INDEX ix_assets_hostname ON migration.assets (client_account_id, engagement_id, hostname, id);
CREATE INDEX ix_assets_cpu_cores ON migration.assets (client_account_id, engagement_id, cpu_cores, id);
CREATE INDEX ix_assets_memory_gb ON migration.assets (client_account_id, engagement_id, memory_gb, id);
CREATE INDEX ix_assets_storage_gb ON migration.assets (client_account_id, engagement_id, storage_gb, id);


-- 2. Changes

CREATE TABLE migration.asset_changes (
    client_account_id   uuid            NOT NULL,
    id                  uuid            NOT NULL DEFAULT gen_random_uuid(),
    engagement_id       uuid            NOT NULL,
    kind                varchar(20)     NOT NULL,
    asset_count         integer         NOT NULL,
    undoes_id           uuid,
    made_by             uuid            NOT NULL,
    created_at          timestamptz     NOT NULL DEFAULT now(),
    CONSTRAINT pk_asset_changes PRIMARY KEY (client_account_id, id),
    CONSTRAINT uq_asset_changes_undoes_id UNIQUE (client_account_id, undoes_id),
    CONSTRAINT fk_asset_changes_client_account_id FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT fk_asset_changes_engagement_id
        FOREIGN KEY (client_account_id, engagement_id) REFERENCES migration.engagements (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_asset_changes_made_by FOREIGN KEY (made_by) REFERENCES migration.users (id),
    CONSTRAINT ck_asset_changes_kind CHECK (kind IN ('create', 'edit', 'delete', 'undo')),
    CONSTRAINT ck_asset_changes_asset_count CHECK (asset_count > 0),
    CONSTRAINT ck_asset_changes_undoes_id CHECK ((kind = 'undo') = (undoes_id IS NOT NULL))
);
COMMENT ON TABLE migration.asset_changes IS 'What people did to assets by hand, one row per step that is undone as one.';
COMMENT ON COLUMN migration.asset_changes.undoes_id IS 'The change that this one took back, once. No foreign key: neither is ever deleted without the other.';
CREATE INDEX ix_asset_changes_engagement_id ON migration.asset_changes (client_account_id, engagement_id, created_at);

CREATE TABLE migration.asset_change_rows (
    client_account_id   uuid            NOT NULL,
    id                  uuid            NOT NULL DEFAULT gen_random_uuid(),
    change_id           uuid            NOT NULL,
    asset_id            uuid            NOT NULL,
    before              jsonb,
    after               jsonb,
    related             jsonb,
    created_at          timestamptz     NOT NULL DEFAULT now(),
    CONSTRAINT pk_asset_change_rows PRIMARY KEY (client_account_id, id),
    CONSTRAINT uq_asset_change_rows_change_id_asset_id UNIQUE (client_account_id, change_id, asset_id),
    CONSTRAINT fk_asset_change_rows_client_account_id FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT fk_asset_change_rows_change_id
        FOREIGN KEY (client_account_id, change_id) REFERENCES migration.asset_changes (client_account_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE migration.asset_change_rows IS 'The assets of a change: what is needed to tell it and to take it back.';
COMMENT ON COLUMN migration.asset_change_rows.asset_id IS 'Not a foreign key: it outlives the asset.';
COMMENT ON COLUMN migration.asset_change_rows.before IS 'JSON object: the changed columns as they were; of a deletion every column; null: it was not there.';
COMMENT ON COLUMN migration.asset_change_rows.after IS 'JSON object: the changed columns as they became; null: it is not there any more.';
COMMENT ON COLUMN migration.asset_change_rows.related IS 'JSON array of {table, row}: what a deletion took along, parents before their parts. Null: nothing.';
CREATE INDEX ix_asset_change_rows_asset_id ON migration.asset_change_rows (client_account_id, asset_id, created_at);


-- 3. What each user has set up

CREATE TABLE migration.saved_views (
    client_account_id   uuid            NOT NULL,
    id                  uuid            NOT NULL DEFAULT gen_random_uuid(),
    engagement_id       uuid            NOT NULL,
    user_id             uuid            NOT NULL,
    table_name          varchar(50)     NOT NULL,
    name                varchar(80)     NOT NULL,
    query               varchar(4000)   NOT NULL,
    layout              jsonb           NOT NULL,
    is_default          boolean         NOT NULL DEFAULT false,
    created_at          timestamptz     NOT NULL DEFAULT now(),
    updated_at          timestamptz     NOT NULL DEFAULT now(),
    CONSTRAINT pk_saved_views PRIMARY KEY (client_account_id, id),
    CONSTRAINT uq_saved_views_name UNIQUE (client_account_id, engagement_id, user_id, table_name, name),
    CONSTRAINT fk_saved_views_client_account_id FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT fk_saved_views_engagement_id
        FOREIGN KEY (client_account_id, engagement_id) REFERENCES migration.engagements (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_saved_views_user_id FOREIGN KEY (user_id) REFERENCES migration.users (id),
    CONSTRAINT ck_saved_views_table_name CHECK (table_name ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT ck_saved_views_name CHECK (btrim(name) <> '')
);
COMMENT ON TABLE migration.saved_views IS 'Views of a table that a user keeps under a name, within an engagement.';
COMMENT ON COLUMN migration.saved_views.query IS 'Filter and order as the page''s address has them, without the question mark.';
COMMENT ON COLUMN migration.saved_views.layout IS 'JSON object: columns in their order, widths in px, density.';
COMMENT ON COLUMN migration.saved_views.is_default IS 'Whether the table opens with it.';

CREATE TABLE migration.table_layouts (
    client_account_id   uuid            NOT NULL,
    id                  uuid            NOT NULL DEFAULT gen_random_uuid(),
    user_id             uuid            NOT NULL,
    table_name          varchar(50)     NOT NULL,
    layout              jsonb           NOT NULL,
    created_at          timestamptz     NOT NULL DEFAULT now(),
    updated_at          timestamptz     NOT NULL DEFAULT now(),
    CONSTRAINT pk_table_layouts PRIMARY KEY (client_account_id, id),
    CONSTRAINT uq_table_layouts_user_id_table_name UNIQUE (client_account_id, user_id, table_name),
    CONSTRAINT fk_table_layouts_client_account_id FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT fk_table_layouts_user_id FOREIGN KEY (user_id) REFERENCES migration.users (id),
    CONSTRAINT ck_table_layouts_table_name CHECK (table_name ~ '^[a-z][a-z0-9_]*$')
);
COMMENT ON TABLE migration.table_layouts IS 'How a user last had a table: columns, widths, density.';
COMMENT ON COLUMN migration.table_layouts.layout IS 'JSON object: columns in their order, widths in px, density.';


-- 4. Row-level security and rights

DO $$
DECLARE
    tenant_table text;
BEGIN
    FOREACH tenant_table IN ARRAY ARRAY['asset_changes', 'asset_change_rows', 'saved_views', 'table_layouts'] LOOP
        EXECUTE format('ALTER TABLE migration.%I ENABLE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('ALTER TABLE migration.%I FORCE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format(
            'CREATE POLICY tenant_isolation ON migration.%I
                 USING (client_account_id = nullif(current_setting(''app.client_account_id'', true), '''')::uuid)
                 WITH CHECK (client_account_id = nullif(current_setting(''app.client_account_id'', true), '''')::uuid)',
            tenant_table);
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'drydock_backup') THEN
            EXECUTE format('CREATE POLICY backup_reads_all ON migration.%I FOR SELECT TO drydock_backup USING (true)', tenant_table);
            EXECUTE format('GRANT SELECT ON migration.%I TO drydock_backup', tenant_table);
        END IF;
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'drydock_readonly') THEN
            EXECUTE format('GRANT SELECT ON migration.%I TO drydock_readonly', tenant_table);
        END IF;
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'drydock_app') THEN
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON migration.%I TO drydock_app', tenant_table);
        END IF;
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'drydock_app') THEN
        -- A record of what was done: it is added to, and goes with its engagement.
        REVOKE UPDATE, DELETE ON migration.asset_changes, migration.asset_change_rows FROM drydock_app;
    END IF;
END
$$;
