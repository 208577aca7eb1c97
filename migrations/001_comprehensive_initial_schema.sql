-- Baseline of the schema "migration".
--
-- Conditions: PostgreSQL 16 with the extension vector reachable on the search path (migration, public); the schema "migration" exists and
-- belongs to the role that runs this file, which needs no other right. The roles drydock_app, drydock_readonly and drydock_backup get their
-- rights if they exist.
--
-- Rules, for every statement below and in the files that follow:
--   * A global table is one of: client_accounts, users, user_profiles, user_roles, user_account_associations, client_access, sessions,
--     security_audit_logs, boot_history, snapshot_history, seed_history, alembic_version. Global tables reference only global tables.
--   * Every other table is owned by a client account (tenant): client_account_id is NOT NULL and comes first in the primary key, in every
--     unique key, in every foreign key to another tenant-owned table and in every index. A reference to another tenant's row can't be written.
--   * Row-level security is enabled and forced on every tenant-owned table (last section), for the owner too: to write to one, set
--     app.client_account_id in the transaction first.
--   * No triggers, rules or ENUM types, and no ON DELETE SET NULL: a PostgreSQL distributed by tenant refuses them. updated_at is set by
--     whoever updates the row.
--   * A row is deleted with the engagement or the parent it is a part of (CASCADE); every other reference holds its target. A client account
--     with data can't be deleted at all.
--   * Every foreign key has an index that its columns begin, so that deleting what it refers to reads no whole table. Those to client_accounts,
--     users and user_profiles need none: rows there are deactivated, never deleted.
--   * Names: pk_, fk_, uq_, ck_ and ix_ before the table and what it is about; fewer than 63 bytes, where PostgreSQL cuts.
--   * A check that joins several conditions doesn't begin with BETWEEN: PostgreSQL prints it otherwise after a dump and a restore.

DO $$
BEGIN
    IF to_regnamespace('migration') IS NULL THEN
        RAISE EXCEPTION 'schema "migration" is missing'
            USING HINT = 'Run CREATE SCHEMA migration AUTHORIZATION <the role that migrates>, then migrate again.';
    END IF;
    IF to_regtype('vector') IS NULL THEN
        RAISE EXCEPTION 'type "vector" is not on the search path'
            USING HINT = 'Run CREATE EXTENSION vector as an administrator and migrate with search_path = migration, public.';
    END IF;
END
$$;


-- 1. Identity and access: global tables

CREATE TABLE migration.client_accounts (
    id                      uuid            NOT NULL DEFAULT gen_random_uuid(),
    name                    varchar(255)    NOT NULL,
    slug                    varchar(100)    NOT NULL,
    description             text,
    industry                varchar(100),
    company_size            varchar(50),
    headquarters_location   varchar(255),
    primary_contact_name    varchar(255),
    primary_contact_email   varchar(255),
    primary_contact_phone   varchar(50),
    contact_email           varchar(255),
    contact_phone           varchar(50),
    address                 text,
    timezone                varchar(50),
    subscription_tier       varchar(50)     NOT NULL DEFAULT 'standard',
    billing_contact_email   varchar(255),
    subscription_start_date timestamptz,
    subscription_end_date   timestamptz,
    max_users               integer,
    max_engagements         integer,
    features_enabled        jsonb           NOT NULL DEFAULT '{}',
    agent_configuration     jsonb           NOT NULL DEFAULT '{}',
    storage_quota_gb        integer,
    api_quota_monthly       integer,
    settings                jsonb           NOT NULL DEFAULT '{}',
    branding                jsonb           NOT NULL DEFAULT '{}',
    business_objectives     jsonb           NOT NULL
        DEFAULT '{"primary_goals": [], "timeframe": "", "success_metrics": [], "constraints": []}',
    it_guidelines           jsonb           NOT NULL DEFAULT '{}',
    decision_criteria       jsonb           NOT NULL DEFAULT '{}',
    agent_preferences       jsonb           NOT NULL
        DEFAULT '{"discovery_depth": "comprehensive", "automation_level": "assisted", "risk_tolerance": "moderate",
                  "preferred_clouds": [], "compliance_requirements": [], "custom_rules": []}',
    created_at              timestamptz     NOT NULL DEFAULT now(),
    updated_at              timestamptz     NOT NULL DEFAULT now(),
    created_by              uuid,
    is_active               boolean         NOT NULL DEFAULT true,
    CONSTRAINT pk_client_accounts PRIMARY KEY (id),
    CONSTRAINT uq_client_accounts_slug UNIQUE (slug),
    CONSTRAINT ck_client_accounts_name CHECK (btrim(name) <> ''),
    CONSTRAINT ck_client_accounts_slug CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    CONSTRAINT ck_client_accounts_quotas CHECK (
        max_users >= 0 AND max_engagements >= 0 AND storage_quota_gb >= 0 AND api_quota_monthly >= 0),
    CONSTRAINT ck_client_accounts_subscription CHECK (subscription_end_date >= subscription_start_date)
);
COMMENT ON TABLE migration.client_accounts IS 'Client accounts (tenants). Global: everything a tenant owns refers to its id.';
COMMENT ON COLUMN migration.client_accounts.slug IS 'Short name for addresses: lower case, digits and single hyphens.';
COMMENT ON COLUMN migration.client_accounts.subscription_tier IS 'Kept from the platform; nothing depends on it.';
COMMENT ON COLUMN migration.client_accounts.features_enabled IS
    'JSON object: feature to true or false. Kept from the platform; nothing reads it yet.';
COMMENT ON COLUMN migration.client_accounts.agent_configuration IS
    'JSON object. Kept from the platform, whose agents it was for; nothing reads it.';
COMMENT ON COLUMN migration.client_accounts.storage_quota_gb IS 'Nothing counts against it yet; the same holds for the other quotas.';
COMMENT ON COLUMN migration.client_accounts.settings IS 'JSON object of settings that have no column.';
COMMENT ON COLUMN migration.client_accounts.branding IS 'JSON object: colours and logo for reports. Nothing reads it yet.';
COMMENT ON COLUMN migration.client_accounts.business_objectives IS 'JSON object: primary_goals, timeframe, success_metrics, constraints.';
COMMENT ON COLUMN migration.client_accounts.it_guidelines IS 'JSON object of rules that applications must keep. Nothing reads it yet.';
COMMENT ON COLUMN migration.client_accounts.decision_criteria IS 'JSON object: what weighs in 6R decisions. Nothing reads it yet.';
COMMENT ON COLUMN migration.client_accounts.agent_preferences IS
    'JSON object: how thorough and how bold analyses are to be, and which clouds are preferred.';
COMMENT ON COLUMN migration.client_accounts.created_by IS
    'User who created it. Not a foreign key: users refer to client_accounts, and a circle would break data-only dumps.';
COMMENT ON COLUMN migration.client_accounts.is_active IS 'False: archived. Archived client accounts keep their data.';

CREATE TABLE migration.users (
    id                      uuid            NOT NULL DEFAULT gen_random_uuid(),
    email                   varchar(255)    NOT NULL,
    password_hash           varchar(255),
    first_name              varchar(100),
    last_name               varchar(100),
    is_active               boolean         NOT NULL DEFAULT true,
    is_verified             boolean         NOT NULL DEFAULT false,
    default_client_id       uuid,
    default_engagement_id   uuid,
    created_at              timestamptz     NOT NULL DEFAULT now(),
    updated_at              timestamptz     NOT NULL DEFAULT now(),
    last_login              timestamptz,
    CONSTRAINT pk_users PRIMARY KEY (id),
    CONSTRAINT uq_users_email UNIQUE (email),
    CONSTRAINT fk_users_default_client_id FOREIGN KEY (default_client_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT ck_users_email CHECK (email = lower(email) AND position('@' IN email) > 1),
    CONSTRAINT ck_users_password_hash CHECK (password_hash LIKE '$argon2id$%')
);
COMMENT ON TABLE migration.users IS 'People who can sign in. Never deleted by the application, only deactivated: other rows say who did what.';
COMMENT ON COLUMN migration.users.is_verified IS 'Whether the address is known to be theirs. Sign-in needs it.';
COMMENT ON COLUMN migration.users.last_login IS 'When they last signed in.';
COMMENT ON COLUMN migration.users.email IS 'Lower case, so that sign-in does not depend on case.';
COMMENT ON COLUMN migration.users.password_hash IS 'Argon2id in PHC string format. Null: no password set, sign-in impossible.';
COMMENT ON COLUMN migration.users.default_engagement_id IS
    'Engagement of default_client_id to open first. No foreign key (engagements are tenant-owned): check before use.';

CREATE TABLE migration.user_profiles (
    user_id                     uuid            NOT NULL,
    status                      varchar(20)     NOT NULL DEFAULT 'pending_approval',
    approval_requested_at       timestamptz     NOT NULL DEFAULT now(),
    approved_at                 timestamptz,
    approved_by                 uuid,
    registration_reason         text,
    organization                varchar(255),
    role_description            varchar(255),
    requested_access_level      varchar(20)     NOT NULL DEFAULT 'read_only',
    phone_number                varchar(20),
    manager_email               varchar(255),
    linkedin_profile            varchar(255),
    last_login_at               timestamptz,
    login_count                 integer         NOT NULL DEFAULT 0,
    failed_login_attempts       integer         NOT NULL DEFAULT 0,
    last_failed_login           timestamptz,
    notification_preferences    jsonb           NOT NULL
        DEFAULT '{"email_notifications": true, "system_alerts": true, "learning_updates": false, "weekly_reports": true}',
    created_at                  timestamptz     NOT NULL DEFAULT now(),
    updated_at                  timestamptz     NOT NULL DEFAULT now(),
    CONSTRAINT pk_user_profiles PRIMARY KEY (user_id),
    CONSTRAINT fk_user_profiles_user_id FOREIGN KEY (user_id) REFERENCES migration.users (id) ON DELETE CASCADE,
    CONSTRAINT fk_user_profiles_approved_by FOREIGN KEY (approved_by) REFERENCES migration.users (id),
    CONSTRAINT ck_user_profiles_status CHECK (status IN ('pending_approval', 'active', 'suspended', 'deactivated')),
    CONSTRAINT ck_user_profiles_requested_access_level CHECK (
        requested_access_level IN ('read_only', 'read_write', 'admin', 'super_admin')),
    CONSTRAINT ck_user_profiles_login_counts CHECK (login_count >= 0 AND failed_login_attempts >= 0)
);
COMMENT ON TABLE migration.user_profiles IS 'Registration, approval and sign-in counters of a user. Sign-in needs status active.';
COMMENT ON COLUMN migration.user_profiles.status IS 'Lower case; the platform compares with these very words.';
COMMENT ON COLUMN migration.user_profiles.approval_requested_at IS 'When they registered.';
COMMENT ON COLUMN migration.user_profiles.requested_access_level IS
    'What they asked for; what they have is in client_access and engagement_access.';
COMMENT ON COLUMN migration.user_profiles.notification_preferences IS 'JSON object: kind of message to true or false.';
COMMENT ON COLUMN migration.user_profiles.failed_login_attempts IS 'Failed sign-ins since the last success. Not counted yet.';
CREATE INDEX ix_user_profiles_status ON migration.user_profiles (status);

CREATE TABLE migration.user_roles (
    id                  uuid            NOT NULL DEFAULT gen_random_uuid(),
    user_id             uuid            NOT NULL,
    role_type           varchar(50)     NOT NULL,
    role_name           varchar(100)    NOT NULL,
    description         text,
    permissions         jsonb           NOT NULL DEFAULT '{}',
    scope_type          varchar(20)     NOT NULL DEFAULT 'global',
    scope_client_id     uuid,
    scope_engagement_id uuid,
    is_active           boolean         NOT NULL DEFAULT true,
    assigned_at         timestamptz     NOT NULL DEFAULT now(),
    assigned_by         uuid,
    expires_at          timestamptz,
    created_at          timestamptz     NOT NULL DEFAULT now(),
    updated_at          timestamptz     NOT NULL DEFAULT now(),
    CONSTRAINT pk_user_roles PRIMARY KEY (id),
    CONSTRAINT uq_user_roles_user_id_role_type_scope
        UNIQUE NULLS NOT DISTINCT (user_id, role_type, scope_client_id, scope_engagement_id),
    CONSTRAINT fk_user_roles_user_id FOREIGN KEY (user_id) REFERENCES migration.users (id) ON DELETE CASCADE,
    CONSTRAINT fk_user_roles_scope_client_id FOREIGN KEY (scope_client_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT fk_user_roles_assigned_by FOREIGN KEY (assigned_by) REFERENCES migration.users (id),
    CONSTRAINT ck_user_roles_role_type CHECK (
        role_type IN ('platform_admin', 'client_admin', 'engagement_manager', 'analyst', 'viewer')),
    CONSTRAINT ck_user_roles_platform_admin CHECK (role_type <> 'platform_admin' OR scope_type = 'global'),
    CONSTRAINT ck_user_roles_scope CHECK (CASE scope_type
        WHEN 'global' THEN scope_client_id IS NULL AND scope_engagement_id IS NULL
        WHEN 'client' THEN scope_client_id IS NOT NULL AND scope_engagement_id IS NULL
        WHEN 'engagement' THEN scope_client_id IS NOT NULL AND scope_engagement_id IS NOT NULL
        ELSE false END)
);
COMMENT ON TABLE migration.user_roles IS 'Roles of a user: everywhere (global), in a client account, or in one engagement of it.';
COMMENT ON COLUMN migration.user_roles.role_name IS 'The role as a person reads it.';
COMMENT ON COLUMN migration.user_roles.permissions IS
    'JSON object: permission to true or false. Recorded; what a role may do is decided by role_type.';
COMMENT ON COLUMN migration.user_roles.scope_type IS 'Where the role holds: global, client or engagement.';
COMMENT ON COLUMN migration.user_roles.expires_at IS 'The role gives nothing from then on; null: no end.';
COMMENT ON COLUMN migration.user_roles.scope_engagement_id IS
    'Engagement of scope_client_id. No foreign key (engagements are tenant-owned): a role on a missing engagement gives nothing.';
CREATE INDEX ix_user_roles_scope_client_id ON migration.user_roles (scope_client_id);

CREATE TABLE migration.user_account_associations (
    id                  uuid            NOT NULL DEFAULT gen_random_uuid(),
    user_id             uuid            NOT NULL,
    client_account_id   uuid            NOT NULL,
    role                varchar(50)     NOT NULL,
    created_at          timestamptz     NOT NULL DEFAULT now(),
    updated_at          timestamptz     NOT NULL DEFAULT now(),
    created_by          uuid,
    CONSTRAINT pk_user_account_associations PRIMARY KEY (id),
    CONSTRAINT uq_user_account_associations_user_id_client_account_id UNIQUE (user_id, client_account_id),
    CONSTRAINT fk_user_account_associations_user_id FOREIGN KEY (user_id) REFERENCES migration.users (id) ON DELETE CASCADE,
    CONSTRAINT fk_user_account_associations_client_account_id
        FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id) ON DELETE CASCADE,
    CONSTRAINT fk_user_account_associations_created_by FOREIGN KEY (created_by) REFERENCES migration.users (id),
    CONSTRAINT ck_user_account_associations_role CHECK (
        role IN ('platform_admin', 'client_admin', 'engagement_manager', 'analyst', 'viewer'))
);
COMMENT ON TABLE migration.user_account_associations IS 'Which client accounts a user is associated with, and as what. What they may open is in client_access.';
CREATE INDEX ix_user_account_associations_client_account_id ON migration.user_account_associations (client_account_id);

CREATE TABLE migration.client_access (
    id                      uuid            NOT NULL DEFAULT gen_random_uuid(),
    user_profile_id         uuid            NOT NULL,
    client_account_id       uuid            NOT NULL,
    access_level            varchar(20)     NOT NULL,
    permissions             jsonb           NOT NULL
        DEFAULT '{"can_view_data": true, "can_import_data": false, "can_export_data": false, "can_manage_engagements": false,
                  "can_configure_client_settings": false, "can_manage_client_users": false}',
    restricted_environments jsonb           NOT NULL DEFAULT '[]',
    restricted_data_types   jsonb           NOT NULL DEFAULT '[]',
    granted_at              timestamptz     NOT NULL DEFAULT now(),
    granted_by              uuid,
    expires_at              timestamptz,
    is_active               boolean         NOT NULL DEFAULT true,
    last_accessed_at        timestamptz,
    access_count            integer         NOT NULL DEFAULT 0,
    created_at              timestamptz     NOT NULL DEFAULT now(),
    updated_at              timestamptz     NOT NULL DEFAULT now(),
    CONSTRAINT pk_client_access PRIMARY KEY (id),
    CONSTRAINT uq_client_access_user_profile_id_client_account_id UNIQUE (user_profile_id, client_account_id),
    CONSTRAINT fk_client_access_user_profile_id
        FOREIGN KEY (user_profile_id) REFERENCES migration.user_profiles (user_id) ON DELETE CASCADE,
    CONSTRAINT fk_client_access_client_account_id
        FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id) ON DELETE CASCADE,
    CONSTRAINT fk_client_access_granted_by FOREIGN KEY (granted_by) REFERENCES migration.users (id),
    CONSTRAINT ck_client_access_access_level CHECK (access_level IN ('read_only', 'read_write', 'admin', 'super_admin')),
    CONSTRAINT ck_client_access_granted_by CHECK (granted_by IS NOT NULL OR NOT is_active),
    CONSTRAINT ck_client_access_access_count CHECK (access_count >= 0)
);
COMMENT ON TABLE migration.client_access IS 'Which client accounts a user may open, and at which level.';
COMMENT ON COLUMN migration.client_access.permissions IS 'JSON object: permission to true or false. Recorded; not enforced yet.';
COMMENT ON COLUMN migration.client_access.access_count IS 'Times that the client account was opened. Not counted yet.';
COMMENT ON COLUMN migration.client_access.granted_by IS 'Null only while access is asked for and not yet granted (is_active false).';
COMMENT ON COLUMN migration.client_access.restricted_environments IS 'Environments (JSON array of names) this user may not see. Recorded; not enforced yet.';
COMMENT ON COLUMN migration.client_access.restricted_data_types IS 'Kinds of data (JSON array of names) this user may not see. Recorded; not enforced yet.';
CREATE INDEX ix_client_access_client_account_id ON migration.client_access (client_account_id);

CREATE TABLE migration.sessions (
    id              uuid            NOT NULL DEFAULT gen_random_uuid(),
    user_id         uuid            NOT NULL,
    token_hash      bytea           NOT NULL,
    created_at      timestamptz     NOT NULL DEFAULT now(),
    last_seen_at    timestamptz     NOT NULL DEFAULT now(),
    expires_at      timestamptz     NOT NULL,
    revoked_at      timestamptz,
    revoked_reason  text,
    user_agent      text,
    CONSTRAINT pk_sessions PRIMARY KEY (id),
    CONSTRAINT uq_sessions_token_hash UNIQUE (token_hash),
    CONSTRAINT fk_sessions_user_id FOREIGN KEY (user_id) REFERENCES migration.users (id) ON DELETE CASCADE,
    CONSTRAINT ck_sessions_token_hash CHECK (octet_length(token_hash) = 32),
    CONSTRAINT ck_sessions_expires_at CHECK (expires_at > created_at),
    CONSTRAINT ck_sessions_revoked_reason CHECK (revoked_reason IS NULL OR revoked_at IS NOT NULL)
);
COMMENT ON TABLE migration.sessions IS 'Signed-in sessions.';
COMMENT ON COLUMN migration.sessions.token_hash IS 'SHA-256 of the bearer token. The token itself is never stored.';
COMMENT ON COLUMN migration.sessions.expires_at IS 'Absolute end of the session, whatever its use.';
COMMENT ON COLUMN migration.sessions.revoked_at IS 'Set when the session was ended before expires_at.';
CREATE INDEX ix_sessions_user_id ON migration.sessions (user_id);
CREATE INDEX ix_sessions_expires_at ON migration.sessions (expires_at);


-- 2. Engagements: from here to section 7 every table is tenant-owned

CREATE TABLE migration.engagements (
    client_account_id       uuid            NOT NULL,
    id                      uuid            NOT NULL DEFAULT gen_random_uuid(),
    name                    varchar(255)    NOT NULL,
    slug                    varchar(100)    NOT NULL,
    description             text,
    engagement_type         varchar(50)     NOT NULL DEFAULT 'migration',
    status                  varchar(50)     NOT NULL DEFAULT 'active',
    priority                varchar(20)     NOT NULL DEFAULT 'medium',
    start_date              timestamptz,
    target_completion_date  timestamptz,
    actual_completion_date  timestamptz,
    engagement_lead_id      uuid,
    client_contact_name     varchar(255),
    client_contact_email    varchar(255),
    settings                jsonb           NOT NULL DEFAULT '{}',
    migration_scope         jsonb           NOT NULL
        DEFAULT '{"target_clouds": [], "migration_strategies": [], "excluded_systems": [], "included_environments": [],
                  "business_units": [], "geographic_scope": [], "timeline_constraints": {}}',
    team_preferences        jsonb           NOT NULL
        DEFAULT '{"stakeholders": [], "decision_makers": [], "technical_leads": [], "communication_style": "formal",
                  "reporting_frequency": "weekly", "preferred_meeting_times": [], "escalation_contacts": [],
                  "project_methodology": "agile"}',
    created_at              timestamptz     NOT NULL DEFAULT now(),
    updated_at              timestamptz     NOT NULL DEFAULT now(),
    created_by              uuid,
    is_active               boolean         NOT NULL DEFAULT true,
    CONSTRAINT pk_engagements PRIMARY KEY (client_account_id, id),
    CONSTRAINT uq_engagements_slug UNIQUE (client_account_id, slug),
    CONSTRAINT fk_engagements_client_account_id FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT fk_engagements_engagement_lead_id FOREIGN KEY (engagement_lead_id) REFERENCES migration.users (id),
    CONSTRAINT fk_engagements_created_by FOREIGN KEY (created_by) REFERENCES migration.users (id),
    CONSTRAINT ck_engagements_name CHECK (btrim(name) <> ''),
    CONSTRAINT ck_engagements_slug CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    CONSTRAINT ck_engagements_engagement_type CHECK (engagement_type ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT ck_engagements_status CHECK (status IN ('planning', 'active', 'on_hold', 'completed', 'cancelled')),
    CONSTRAINT ck_engagements_priority CHECK (priority IN ('low', 'medium', 'high', 'critical')),
    CONSTRAINT ck_engagements_dates CHECK (target_completion_date >= start_date AND actual_completion_date >= start_date)
);
COMMENT ON TABLE migration.engagements IS 'A project within a client account.';
COMMENT ON COLUMN migration.engagements.slug IS 'Short name for addresses, unique in the client account.';
COMMENT ON COLUMN migration.engagements.engagement_type IS 'Lower snake case, as migration.';
COMMENT ON COLUMN migration.engagements.settings IS 'JSON object of settings that have no column.';
COMMENT ON COLUMN migration.engagements.migration_scope IS
    'JSON object: clouds, strategies, environments and business units that the engagement is about.';
COMMENT ON COLUMN migration.engagements.team_preferences IS 'JSON object: who decides and how the team works together.';
COMMENT ON COLUMN migration.engagements.is_active IS 'False: archived.';

CREATE TABLE migration.engagement_access (
    client_account_id       uuid            NOT NULL,
    id                      uuid            NOT NULL DEFAULT gen_random_uuid(),
    user_profile_id         uuid            NOT NULL,
    engagement_id           uuid            NOT NULL,
    access_level            varchar(20)     NOT NULL,
    engagement_role         varchar(100),
    permissions             jsonb           NOT NULL
        DEFAULT '{"can_view_data": true, "can_import_data": false, "can_export_data": false, "can_manage_sessions": false,
                  "can_configure_agents": false, "can_approve_migration_decisions": false, "can_access_sensitive_data": false}',
    restricted_sessions     jsonb           NOT NULL DEFAULT '[]',
    allowed_session_types   jsonb           NOT NULL DEFAULT '["data_import", "validation_run"]',
    granted_at              timestamptz     NOT NULL DEFAULT now(),
    granted_by              uuid,
    expires_at              timestamptz,
    is_active               boolean         NOT NULL DEFAULT true,
    last_accessed_at        timestamptz,
    access_count            integer         NOT NULL DEFAULT 0,
    created_at              timestamptz     NOT NULL DEFAULT now(),
    updated_at              timestamptz     NOT NULL DEFAULT now(),
    CONSTRAINT pk_engagement_access PRIMARY KEY (client_account_id, id),
    CONSTRAINT uq_engagement_access_user_profile_id_engagement_id UNIQUE (client_account_id, user_profile_id, engagement_id),
    CONSTRAINT fk_engagement_access_client_account_id FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT fk_engagement_access_user_profile_id
        FOREIGN KEY (user_profile_id) REFERENCES migration.user_profiles (user_id) ON DELETE CASCADE,
    CONSTRAINT fk_engagement_access_engagement_id
        FOREIGN KEY (client_account_id, engagement_id) REFERENCES migration.engagements (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_engagement_access_granted_by FOREIGN KEY (granted_by) REFERENCES migration.users (id),
    CONSTRAINT ck_engagement_access_access_level CHECK (access_level IN ('read_only', 'read_write', 'admin', 'super_admin')),
    CONSTRAINT ck_engagement_access_granted_by CHECK (granted_by IS NOT NULL OR NOT is_active),
    CONSTRAINT ck_engagement_access_access_count CHECK (access_count >= 0)
);
COMMENT ON TABLE migration.engagement_access IS 'Access level of a user in one engagement.';
COMMENT ON COLUMN migration.engagement_access.engagement_role IS 'What the person is there, in their own words.';
COMMENT ON COLUMN migration.engagement_access.permissions IS 'JSON object: permission to true or false. Recorded; not enforced yet.';
COMMENT ON COLUMN migration.engagement_access.access_count IS 'Times that the engagement was opened. Not counted yet.';
COMMENT ON COLUMN migration.engagement_access.granted_by IS 'Null only while access is asked for and not yet granted (is_active false).';
COMMENT ON COLUMN migration.engagement_access.restricted_sessions IS 'Kept from the platform; nothing reads it yet.';
COMMENT ON COLUMN migration.engagement_access.allowed_session_types IS 'Kept from the platform; nothing reads it yet.';
CREATE INDEX ix_engagement_access_engagement_id ON migration.engagement_access (client_account_id, engagement_id);


-- 3. Discovery: flows, imports, their raw rows and field mappings

CREATE TABLE migration.crewai_flow_state_extensions (
    client_account_id           uuid            NOT NULL,
    id                          uuid            NOT NULL DEFAULT gen_random_uuid(),
    flow_id                     uuid            NOT NULL DEFAULT gen_random_uuid(),
    engagement_id               uuid            NOT NULL,
    user_id                     uuid            NOT NULL,
    flow_type                   varchar(50)     NOT NULL,
    flow_name                   varchar(255),
    flow_status                 varchar(50)     NOT NULL DEFAULT 'initialized',
    flow_configuration          jsonb           NOT NULL DEFAULT '{}',
    flow_persistence_data       jsonb           NOT NULL DEFAULT '{}',
    agent_collaboration_log     jsonb           NOT NULL DEFAULT '[]',
    memory_usage_metrics        jsonb           NOT NULL DEFAULT '{}',
    knowledge_base_analytics    jsonb           NOT NULL DEFAULT '{}',
    phase_execution_times       jsonb           NOT NULL DEFAULT '{}',
    agent_performance_metrics   jsonb           NOT NULL DEFAULT '{}',
    crew_coordination_analytics jsonb           NOT NULL DEFAULT '{}',
    learning_patterns           jsonb           NOT NULL DEFAULT '[]',
    user_feedback_history       jsonb           NOT NULL DEFAULT '[]',
    adaptation_metrics          jsonb           NOT NULL DEFAULT '{}',
    phase_transitions           jsonb           NOT NULL DEFAULT '[]',
    error_history               jsonb           NOT NULL DEFAULT '[]',
    retry_count                 integer         NOT NULL DEFAULT 0,
    parent_flow_id              uuid,
    child_flow_ids              jsonb           NOT NULL DEFAULT '[]',
    flow_metadata               jsonb           NOT NULL DEFAULT '{}',
    created_at                  timestamptz     NOT NULL DEFAULT now(),
    updated_at                  timestamptz     NOT NULL DEFAULT now(),
    CONSTRAINT pk_crewai_flow_state_extensions PRIMARY KEY (client_account_id, id),
    CONSTRAINT uq_crewai_flow_state_extensions_flow_id UNIQUE (client_account_id, flow_id),
    CONSTRAINT fk_crewai_flow_state_extensions_client_account_id
        FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT fk_crewai_flow_state_extensions_engagement_id
        FOREIGN KEY (client_account_id, engagement_id) REFERENCES migration.engagements (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_crewai_flow_state_extensions_user_id FOREIGN KEY (user_id) REFERENCES migration.users (id),
    CONSTRAINT fk_crewai_flow_state_extensions_parent_flow_id
        FOREIGN KEY (client_account_id, parent_flow_id)
        REFERENCES migration.crewai_flow_state_extensions (client_account_id, flow_id),
    CONSTRAINT ck_crewai_flow_state_extensions_flow_type CHECK (flow_type IN (
        'discovery', 'assessment', 'collection', 'planning', 'execution', 'modernize', 'finops', 'observability', 'decommission')),
    CONSTRAINT ck_crewai_flow_state_extensions_flow_status CHECK (flow_status IN (
        'initialized', 'active', 'processing', 'paused', 'waiting_for_approval', 'completed', 'failed', 'cancelled', 'deleted')),
    CONSTRAINT ck_crewai_flow_state_extensions_retry_count CHECK (retry_count >= 0),
    CONSTRAINT ck_crewai_flow_state_extensions_parent_flow_id CHECK (parent_flow_id <> flow_id)
);
COMMENT ON TABLE migration.crewai_flow_state_extensions IS
    'Master row of every flow, whatever its type. The child row (discovery_flows, assessment_flows) holds what only that type has.';
COMMENT ON COLUMN migration.crewai_flow_state_extensions.flow_configuration IS 'JSON object: what the flow was started with.';
COMMENT ON COLUMN migration.crewai_flow_state_extensions.flow_persistence_data IS
    'JSON object: what the flow needs to go on after a pause.';
COMMENT ON COLUMN migration.crewai_flow_state_extensions.agent_collaboration_log IS 'Kept from the platform, whose agents wrote it; nothing reads it.';
COMMENT ON COLUMN migration.crewai_flow_state_extensions.memory_usage_metrics IS 'Kept from the platform, whose agents wrote it; nothing reads it.';
COMMENT ON COLUMN migration.crewai_flow_state_extensions.knowledge_base_analytics IS 'Kept from the platform, whose agents wrote it; nothing reads it.';
COMMENT ON COLUMN migration.crewai_flow_state_extensions.agent_performance_metrics IS 'Kept from the platform, whose agents wrote it; nothing reads it.';
COMMENT ON COLUMN migration.crewai_flow_state_extensions.crew_coordination_analytics IS 'Kept from the platform, whose agents wrote it; nothing reads it.';
COMMENT ON COLUMN migration.crewai_flow_state_extensions.learning_patterns IS 'Kept from the platform, whose agents wrote it; nothing reads it.';
COMMENT ON COLUMN migration.crewai_flow_state_extensions.user_feedback_history IS 'Kept from the platform, whose agents wrote it; nothing reads it.';
COMMENT ON COLUMN migration.crewai_flow_state_extensions.adaptation_metrics IS 'Kept from the platform, whose agents wrote it; nothing reads it.';
COMMENT ON COLUMN migration.crewai_flow_state_extensions.phase_execution_times IS 'JSON object: phase to milliseconds.';
COMMENT ON COLUMN migration.crewai_flow_state_extensions.phase_transitions IS 'JSON array, oldest first: from, to, at, by.';
COMMENT ON COLUMN migration.crewai_flow_state_extensions.error_history IS 'JSON array, oldest first: phase, code, message, at.';
COMMENT ON COLUMN migration.crewai_flow_state_extensions.child_flow_ids IS
    'JSON array of flow_ids. parent_flow_id of the others says the same and is the key.';
COMMENT ON COLUMN migration.crewai_flow_state_extensions.flow_metadata IS 'JSON object of notes that have no column.';
COMMENT ON COLUMN migration.crewai_flow_state_extensions.flow_id IS
    'The id by which a flow is known. Every master_flow_id refers to this column, never to id.';
CREATE INDEX ix_crewai_flow_state_extensions_engagement_id
    ON migration.crewai_flow_state_extensions (client_account_id, engagement_id, flow_type, flow_status);
CREATE INDEX ix_crewai_flow_state_extensions_parent_flow_id
    ON migration.crewai_flow_state_extensions (client_account_id, parent_flow_id);

CREATE TABLE migration.data_imports (
    client_account_id   uuid                NOT NULL,
    id                  uuid                NOT NULL DEFAULT gen_random_uuid(),
    engagement_id       uuid                NOT NULL,
    master_flow_id      uuid,
    import_name         varchar(255)        NOT NULL,
    import_type         varchar(50)         NOT NULL,
    description         text,
    filename            varchar(255)        NOT NULL,
    file_size           bigint,
    file_sha256         bytea,
    mime_type           varchar(100),
    source_system       varchar(100),
    status              varchar(20)         NOT NULL DEFAULT 'pending',
    progress_percentage double precision    NOT NULL DEFAULT 0,
    total_records       integer,
    processed_records   integer             NOT NULL DEFAULT 0,
    failed_records      integer             NOT NULL DEFAULT 0,
    imported_by         uuid                NOT NULL,
    error_message       text,
    error_details       jsonb,
    started_at          timestamptz         NOT NULL DEFAULT now(),
    completed_at        timestamptz,
    created_at          timestamptz         NOT NULL DEFAULT now(),
    updated_at          timestamptz         NOT NULL DEFAULT now(),
    CONSTRAINT pk_data_imports PRIMARY KEY (client_account_id, id),
    CONSTRAINT fk_data_imports_client_account_id FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT fk_data_imports_engagement_id
        FOREIGN KEY (client_account_id, engagement_id) REFERENCES migration.engagements (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_data_imports_master_flow_id
        FOREIGN KEY (client_account_id, master_flow_id)
        REFERENCES migration.crewai_flow_state_extensions (client_account_id, flow_id),
    CONSTRAINT fk_data_imports_imported_by FOREIGN KEY (imported_by) REFERENCES migration.users (id),
    CONSTRAINT ck_data_imports_status CHECK (status IN (
        'pending', 'processing', 'discovery_initiated', 'completed', 'discovery_failed', 'failed', 'cancelled')),
    CONSTRAINT ck_data_imports_completed_at CHECK (status <> 'completed' OR completed_at IS NOT NULL),
    CONSTRAINT ck_data_imports_progress_percentage CHECK (progress_percentage BETWEEN 0 AND 100),
    CONSTRAINT ck_data_imports_counts CHECK (
        file_size >= 0 AND total_records >= 0 AND processed_records >= 0 AND failed_records >= 0),
    CONSTRAINT ck_data_imports_file_sha256 CHECK (octet_length(file_sha256) = 32)
);
COMMENT ON TABLE migration.data_imports IS 'An imported file and how far its import has come.';
COMMENT ON COLUMN migration.data_imports.source_system IS 'Where the file comes from, as a person says it.';
COMMENT ON COLUMN migration.data_imports.total_records IS 'Rows in the file; null until it was read.';
COMMENT ON COLUMN migration.data_imports.processed_records IS 'Rows that were read, with those that failed.';
COMMENT ON COLUMN migration.data_imports.failed_records IS 'Rows that made no asset.';
COMMENT ON COLUMN migration.data_imports.error_details IS 'JSON: what was wrong, by row.';
COMMENT ON COLUMN migration.data_imports.import_type IS 'Category chosen at upload: cmdb, app-discovery, infrastructure or sensitive.';
COMMENT ON COLUMN migration.data_imports.file_size IS 'Bytes.';
COMMENT ON COLUMN migration.data_imports.file_sha256 IS 'SHA-256 of the file as uploaded, to recognise the same file again.';
COMMENT ON COLUMN migration.data_imports.progress_percentage IS '0 to 100.';
CREATE INDEX ix_data_imports_engagement_id ON migration.data_imports (client_account_id, engagement_id, created_at DESC);
CREATE INDEX ix_data_imports_master_flow_id ON migration.data_imports (client_account_id, master_flow_id);

CREATE TABLE migration.discovery_flows (
    client_account_id               uuid                NOT NULL,
    id                              uuid                NOT NULL DEFAULT gen_random_uuid(),
    flow_id                         uuid                NOT NULL DEFAULT gen_random_uuid(),
    master_flow_id                  uuid,
    engagement_id                   uuid                NOT NULL,
    user_id                         uuid                NOT NULL,
    data_import_id                  uuid,
    flow_name                       varchar(255)        NOT NULL,
    status                          varchar(20)         NOT NULL DEFAULT 'active',
    progress_percentage             double precision    NOT NULL DEFAULT 0,
    data_import_completed           boolean             NOT NULL DEFAULT false,
    field_mapping_completed         boolean             NOT NULL DEFAULT false,
    data_cleansing_completed        boolean             NOT NULL DEFAULT false,
    asset_inventory_completed       boolean             NOT NULL DEFAULT false,
    dependency_analysis_completed   boolean             NOT NULL DEFAULT false,
    tech_debt_assessment_completed  boolean             NOT NULL DEFAULT false,
    learning_scope                  varchar(50)         NOT NULL DEFAULT 'engagement',
    memory_isolation_level          varchar(20)         NOT NULL DEFAULT 'strict',
    assessment_ready                boolean             NOT NULL DEFAULT false,
    phase_state                     jsonb               NOT NULL DEFAULT '{}',
    agent_state                     jsonb               NOT NULL DEFAULT '{}',
    flow_type                       varchar(100),
    current_phase                   varchar(100),
    phases_completed                jsonb               NOT NULL DEFAULT '[]',
    flow_state                      jsonb               NOT NULL DEFAULT '{}',
    crew_outputs                    jsonb,
    field_mappings                  jsonb,
    discovered_assets               jsonb,
    dependencies                    jsonb,
    tech_debt_analysis              jsonb,
    crewai_persistence_id           uuid,
    crewai_state_data               jsonb               NOT NULL DEFAULT '{}',
    error_message                   text,
    error_phase                     varchar(100),
    error_details                   jsonb,
    created_at                      timestamptz         NOT NULL DEFAULT now(),
    updated_at                      timestamptz         NOT NULL DEFAULT now(),
    completed_at                    timestamptz,
    CONSTRAINT pk_discovery_flows PRIMARY KEY (client_account_id, id),
    CONSTRAINT uq_discovery_flows_flow_id UNIQUE (client_account_id, flow_id),
    CONSTRAINT fk_discovery_flows_client_account_id FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT fk_discovery_flows_engagement_id
        FOREIGN KEY (client_account_id, engagement_id) REFERENCES migration.engagements (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_discovery_flows_master_flow_id
        FOREIGN KEY (client_account_id, master_flow_id)
        REFERENCES migration.crewai_flow_state_extensions (client_account_id, flow_id) ON DELETE CASCADE,
    CONSTRAINT fk_discovery_flows_user_id FOREIGN KEY (user_id) REFERENCES migration.users (id),
    CONSTRAINT fk_discovery_flows_data_import_id
        FOREIGN KEY (client_account_id, data_import_id) REFERENCES migration.data_imports (client_account_id, id),
    CONSTRAINT ck_discovery_flows_status CHECK (status IN (
        'initialized', 'active', 'processing', 'paused', 'waiting_for_approval', 'completed', 'failed', 'cancelled', 'deleted')),
    CONSTRAINT ck_discovery_flows_current_phase CHECK (current_phase IN (
        'data_import', 'field_mapping', 'data_cleansing', 'asset_inventory', 'dependency_analysis', 'tech_debt_assessment')),
    CONSTRAINT ck_discovery_flows_progress_percentage CHECK (progress_percentage BETWEEN 0 AND 100),
    CONSTRAINT ck_discovery_flows_completed CHECK (
        status <> 'completed' OR (completed_at IS NOT NULL AND progress_percentage = 100))
);
COMMENT ON TABLE migration.discovery_flows IS 'Discovery flow: child row of a master flow, with one flag per phase.';
COMMENT ON COLUMN migration.discovery_flows.learning_scope IS
    'How far what is learned here may be used. Nothing learns across engagements yet.';
COMMENT ON COLUMN migration.discovery_flows.memory_isolation_level IS 'Kept from the platform; isolation is not a setting here.';
COMMENT ON COLUMN migration.discovery_flows.assessment_ready IS 'Whether its assets may go into an assessment.';
COMMENT ON COLUMN migration.discovery_flows.phase_state IS 'JSON object: phase to what it needs to go on.';
COMMENT ON COLUMN migration.discovery_flows.agent_state IS 'Kept from the platform, whose agents wrote it; nothing reads it.';
COMMENT ON COLUMN migration.discovery_flows.phases_completed IS
    'JSON array of phases in the order they ended. The six flags say the same and count.';
COMMENT ON COLUMN migration.discovery_flows.flow_state IS 'JSON object: the flow as it was last seen whole.';
COMMENT ON COLUMN migration.discovery_flows.crew_outputs IS 'Kept from the platform, whose agents wrote it; nothing reads it.';
COMMENT ON COLUMN migration.discovery_flows.field_mappings IS
    'JSON: as they were when the phase ended. The rows are in import_field_mappings.';
COMMENT ON COLUMN migration.discovery_flows.discovered_assets IS 'JSON: as they were when the phase ended. The rows are in assets.';
COMMENT ON COLUMN migration.discovery_flows.dependencies IS 'JSON: as they were when the phase ended. The rows are in asset_dependencies.';
COMMENT ON COLUMN migration.discovery_flows.tech_debt_analysis IS
    'JSON: as it was when the phase ended. The rows are in tech_debt_analysis.';
COMMENT ON COLUMN migration.discovery_flows.crewai_persistence_id IS 'Kept from the platform; nothing reads it.';
COMMENT ON COLUMN migration.discovery_flows.crewai_state_data IS 'Kept from the platform; nothing reads it.';
COMMENT ON COLUMN migration.discovery_flows.error_details IS 'JSON: what was wrong, by row or by step.';
COMMENT ON COLUMN migration.discovery_flows.error_phase IS 'Phase that failed last.';
COMMENT ON COLUMN migration.discovery_flows.flow_id IS 'The id by which this child flow is known; master_flow_id is the master''s flow_id.';
COMMENT ON COLUMN migration.discovery_flows.progress_percentage IS '0 to 100: completed phases of six.';
COMMENT ON COLUMN migration.discovery_flows.current_phase IS 'Null when no phase is open.';
CREATE INDEX ix_discovery_flows_engagement_id ON migration.discovery_flows (client_account_id, engagement_id, status);
CREATE INDEX ix_discovery_flows_master_flow_id ON migration.discovery_flows (client_account_id, master_flow_id);
CREATE INDEX ix_discovery_flows_data_import_id ON migration.discovery_flows (client_account_id, data_import_id);

CREATE TABLE migration.raw_import_records (
    client_account_id   uuid            NOT NULL,
    id                  uuid            NOT NULL DEFAULT gen_random_uuid(),
    data_import_id      uuid            NOT NULL,
    engagement_id       uuid            NOT NULL,
    master_flow_id      uuid,
    row_number          integer         NOT NULL,
    raw_data            jsonb           NOT NULL,
    cleansed_data       jsonb,
    validation_errors   jsonb,
    processing_notes    text,
    is_processed        boolean         NOT NULL DEFAULT false,
    is_valid            boolean         NOT NULL DEFAULT true,
    asset_id            uuid,
    created_at          timestamptz     NOT NULL DEFAULT now(),
    updated_at          timestamptz     NOT NULL DEFAULT now(),
    processed_at        timestamptz,
    CONSTRAINT pk_raw_import_records PRIMARY KEY (client_account_id, id),
    CONSTRAINT uq_raw_import_records_data_import_id_row_number UNIQUE (client_account_id, data_import_id, row_number),
    CONSTRAINT fk_raw_import_records_client_account_id FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT fk_raw_import_records_engagement_id
        FOREIGN KEY (client_account_id, engagement_id) REFERENCES migration.engagements (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_raw_import_records_data_import_id
        FOREIGN KEY (client_account_id, data_import_id) REFERENCES migration.data_imports (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_raw_import_records_master_flow_id
        FOREIGN KEY (client_account_id, master_flow_id)
        REFERENCES migration.crewai_flow_state_extensions (client_account_id, flow_id),
    CONSTRAINT ck_raw_import_records_row_number CHECK (row_number >= 1)
);
COMMENT ON TABLE migration.raw_import_records IS 'Rows of an imported file as they were read, and what became of them.';
COMMENT ON COLUMN migration.raw_import_records.raw_data IS 'JSON object: column of the file to the text in the cell.';
COMMENT ON COLUMN migration.raw_import_records.cleansed_data IS 'JSON object: target column to the value after mapping and cleansing.';
COMMENT ON COLUMN migration.raw_import_records.validation_errors IS 'JSON array: column and what is wrong with it.';
COMMENT ON COLUMN migration.raw_import_records.is_processed IS 'Whether the row was looked at, with whatever result.';
COMMENT ON COLUMN migration.raw_import_records.row_number IS 'Row in the file, counted from 1 with the header row.';
COMMENT ON COLUMN migration.raw_import_records.asset_id IS
    'Asset this row created or changed. History, not a foreign key: the row stays when the asset goes.';
CREATE INDEX ix_raw_import_records_engagement_id ON migration.raw_import_records (client_account_id, engagement_id);
CREATE INDEX ix_raw_import_records_master_flow_id ON migration.raw_import_records (client_account_id, master_flow_id)
    WHERE master_flow_id IS NOT NULL;

CREATE TABLE migration.import_field_mappings (
    client_account_id       uuid                NOT NULL,
    id                      uuid                NOT NULL DEFAULT gen_random_uuid(),
    data_import_id          uuid                NOT NULL,
    engagement_id           uuid                NOT NULL,
    master_flow_id          uuid,
    source_field            varchar(255)        NOT NULL,
    target_field            varchar(255)        NOT NULL,
    match_type              varchar(50)         NOT NULL DEFAULT 'direct',
    confidence_score        double precision,
    status                  varchar(20)         NOT NULL DEFAULT 'suggested',
    suggested_by            varchar(50)         NOT NULL DEFAULT 'mapper',
    approved_by             uuid,
    approved_at             timestamptz,
    transformation_rules    jsonb,
    field_type              varchar(50),
    agent_reasoning         text,
    created_at              timestamptz         NOT NULL DEFAULT now(),
    updated_at              timestamptz         NOT NULL DEFAULT now(),
    CONSTRAINT pk_import_field_mappings PRIMARY KEY (client_account_id, id),
    CONSTRAINT uq_import_field_mappings_data_import_id_source_field UNIQUE (client_account_id, data_import_id, source_field),
    CONSTRAINT fk_import_field_mappings_client_account_id
        FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT fk_import_field_mappings_engagement_id
        FOREIGN KEY (client_account_id, engagement_id) REFERENCES migration.engagements (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_import_field_mappings_data_import_id
        FOREIGN KEY (client_account_id, data_import_id) REFERENCES migration.data_imports (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_import_field_mappings_master_flow_id
        FOREIGN KEY (client_account_id, master_flow_id)
        REFERENCES migration.crewai_flow_state_extensions (client_account_id, flow_id),
    CONSTRAINT fk_import_field_mappings_approved_by FOREIGN KEY (approved_by) REFERENCES migration.users (id),
    CONSTRAINT ck_import_field_mappings_status CHECK (status IN ('suggested', 'approved', 'rejected')),
    CONSTRAINT ck_import_field_mappings_approved CHECK (status <> 'approved' OR approved_at IS NOT NULL),
    CONSTRAINT ck_import_field_mappings_confidence_score CHECK (confidence_score BETWEEN 0 AND 1)
);
COMMENT ON TABLE migration.import_field_mappings IS 'Which column of an imported file goes to which asset column. Applied only when approved.';
COMMENT ON COLUMN migration.import_field_mappings.match_type IS
    'How the target was found: direct, pattern, fuzzy or memory; manual when a person chose it.';
COMMENT ON COLUMN migration.import_field_mappings.confidence_score IS '0 to 1.';
COMMENT ON COLUMN migration.import_field_mappings.suggested_by IS 'What suggested it; mapper is the rule-based one.';
COMMENT ON COLUMN migration.import_field_mappings.transformation_rules IS 'JSON array of changes made to each value, in order.';
COMMENT ON COLUMN migration.import_field_mappings.field_type IS 'Kind of values found in the column: text, number, date, boolean, address.';
COMMENT ON COLUMN migration.import_field_mappings.target_field IS 'Column of assets, or UNMAPPED when a person decided to drop the column.';
COMMENT ON COLUMN migration.import_field_mappings.agent_reasoning IS 'Why this target was suggested.';
CREATE INDEX ix_import_field_mappings_engagement_id ON migration.import_field_mappings (client_account_id, engagement_id);
CREATE INDEX ix_import_field_mappings_master_flow_id ON migration.import_field_mappings (client_account_id, master_flow_id);

CREATE TABLE migration.field_mapping_memory (
    client_account_id   uuid            NOT NULL,
    id                  uuid            NOT NULL DEFAULT gen_random_uuid(),
    source_field        varchar(255)    NOT NULL,
    target_field        varchar(255)    NOT NULL,
    embedding           vector(384)     NOT NULL,
    embedding_model     varchar(100)    NOT NULL,
    approval_count      integer         NOT NULL DEFAULT 1,
    last_approved_at    timestamptz     NOT NULL DEFAULT now(),
    last_approved_by    uuid,
    created_at          timestamptz     NOT NULL DEFAULT now(),
    updated_at          timestamptz     NOT NULL DEFAULT now(),
    CONSTRAINT pk_field_mapping_memory PRIMARY KEY (client_account_id, id),
    CONSTRAINT uq_field_mapping_memory_fields_embedding_model
        UNIQUE (client_account_id, source_field, target_field, embedding_model),
    CONSTRAINT fk_field_mapping_memory_client_account_id
        FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT fk_field_mapping_memory_last_approved_by FOREIGN KEY (last_approved_by) REFERENCES migration.users (id),
    CONSTRAINT ck_field_mapping_memory_approval_count CHECK (approval_count >= 1)
);
COMMENT ON TABLE migration.field_mapping_memory IS
    'Mappings this client account approved before, across its engagements, found again by the nearest header embedding.';
COMMENT ON COLUMN migration.field_mapping_memory.embedding IS 'Of source_field. 384 numbers; not indexed, a client account has few.';
COMMENT ON COLUMN migration.field_mapping_memory.approval_count IS 'Times that a person approved this mapping.';
COMMENT ON COLUMN migration.field_mapping_memory.embedding_model IS 'What computed the embedding. Distances are compared only within one model.';


-- 4. Assessment flows and architecture standards

CREATE TABLE migration.assessment_flows (
    client_account_id           uuid            NOT NULL,
    id                          uuid            NOT NULL DEFAULT gen_random_uuid(),
    engagement_id               uuid            NOT NULL,
    master_flow_id              uuid,
    flow_name                   varchar(255)    NOT NULL,
    status                      varchar(50)     NOT NULL DEFAULT 'initialized',
    flow_status                 varchar(50)     NOT NULL GENERATED ALWAYS AS (status) STORED,
    flow_configuration          jsonb           NOT NULL DEFAULT '{}',
    progress                    integer         NOT NULL DEFAULT 0,
    current_phase               varchar(100),
    next_phase                  varchar(100),
    selected_application_ids    jsonb           NOT NULL DEFAULT '[]',
    architecture_captured       boolean         NOT NULL DEFAULT false,
    pause_points                jsonb           NOT NULL DEFAULT '[]',
    user_inputs                 jsonb           NOT NULL DEFAULT '{}',
    phase_results               jsonb           NOT NULL DEFAULT '{}',
    agent_insights              jsonb           NOT NULL DEFAULT '[]',
    apps_ready_for_planning     jsonb           NOT NULL DEFAULT '[]',
    last_user_interaction       timestamptz,
    last_error                  text,
    created_at                  timestamptz     NOT NULL DEFAULT now(),
    updated_at                  timestamptz     NOT NULL DEFAULT now(),
    completed_at                timestamptz,
    CONSTRAINT pk_assessment_flows PRIMARY KEY (client_account_id, id),
    CONSTRAINT fk_assessment_flows_client_account_id FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT fk_assessment_flows_engagement_id
        FOREIGN KEY (client_account_id, engagement_id) REFERENCES migration.engagements (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_assessment_flows_master_flow_id
        FOREIGN KEY (client_account_id, master_flow_id)
        REFERENCES migration.crewai_flow_state_extensions (client_account_id, flow_id) ON DELETE CASCADE,
    CONSTRAINT ck_assessment_flows_status CHECK (status IN (
        'initialized', 'processing', 'paused_for_user_input', 'completed', 'error')),
    CONSTRAINT ck_assessment_flows_progress CHECK (progress BETWEEN 0 AND 100),
    CONSTRAINT ck_assessment_flows_current_phase CHECK (current_phase IN (
        'initialization', 'architecture_minimums', 'component_discovery', 'tech_debt_analysis', 'component_sixr_strategies',
        'app_on_page_generation', 'finalization')),
    CONSTRAINT ck_assessment_flows_next_phase CHECK (next_phase IN (
        'initialization', 'architecture_minimums', 'component_discovery', 'tech_debt_analysis', 'component_sixr_strategies',
        'app_on_page_generation', 'finalization')),
    CONSTRAINT ck_assessment_flows_completed CHECK (status <> 'completed' OR (completed_at IS NOT NULL AND progress = 100))
);
COMMENT ON TABLE migration.assessment_flows IS 'Assessment flow: child row of a master flow, from architecture minimums to the 6R report.';
COMMENT ON COLUMN migration.assessment_flows.flow_configuration IS 'JSON object: what the flow was started with.';
COMMENT ON COLUMN migration.assessment_flows.pause_points IS 'JSON array of phases in which it waits for a person.';
COMMENT ON COLUMN migration.assessment_flows.user_inputs IS 'JSON object: phase to what a person entered.';
COMMENT ON COLUMN migration.assessment_flows.phase_results IS 'JSON object: phase to its result.';
COMMENT ON COLUMN migration.assessment_flows.agent_insights IS 'JSON array of findings for a person to read.';
COMMENT ON COLUMN migration.assessment_flows.apps_ready_for_planning IS 'JSON array of asset ids.';
COMMENT ON COLUMN migration.assessment_flows.flow_status IS 'The same as status, under the older name; computed, so the two can''t differ.';
COMMENT ON COLUMN migration.assessment_flows.progress IS 'Percent, 0 to 100.';
COMMENT ON COLUMN migration.assessment_flows.selected_application_ids IS 'JSON array of asset ids (asset_type application).';
CREATE INDEX ix_assessment_flows_engagement_id ON migration.assessment_flows (client_account_id, engagement_id, status);
CREATE INDEX ix_assessment_flows_master_flow_id ON migration.assessment_flows (client_account_id, master_flow_id);

CREATE TABLE migration.engagement_architecture_standards (
    client_account_id   uuid            NOT NULL,
    id                  uuid            NOT NULL DEFAULT gen_random_uuid(),
    engagement_id       uuid            NOT NULL,
    requirement_type    varchar(100)    NOT NULL,
    description         text,
    mandatory           boolean         NOT NULL DEFAULT true,
    supported_versions  jsonb,
    requirement_details jsonb,
    created_by          uuid,
    created_at          timestamptz     NOT NULL DEFAULT now(),
    updated_at          timestamptz     NOT NULL DEFAULT now(),
    CONSTRAINT pk_engagement_architecture_standards PRIMARY KEY (client_account_id, id),
    CONSTRAINT uq_engagement_architecture_standards_requirement_type UNIQUE (client_account_id, engagement_id, requirement_type),
    CONSTRAINT fk_engagement_architecture_standards_client_account_id
        FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT fk_engagement_architecture_standards_engagement_id
        FOREIGN KEY (client_account_id, engagement_id) REFERENCES migration.engagements (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_engagement_architecture_standards_created_by FOREIGN KEY (created_by) REFERENCES migration.users (id)
);
COMMENT ON TABLE migration.engagement_architecture_standards IS 'Architecture minimums every application of an engagement is measured against.';
COMMENT ON COLUMN migration.engagement_architecture_standards.mandatory IS 'False: differing from it needs no override.';
COMMENT ON COLUMN migration.engagement_architecture_standards.requirement_details IS 'JSON object: whatever else the standard says.';
COMMENT ON COLUMN migration.engagement_architecture_standards.requirement_type IS 'What the standard is about, as java_versions or data_encryption.';
COMMENT ON COLUMN migration.engagement_architecture_standards.supported_versions IS 'JSON object: technology to version range, as {"java": "11+"}.';


-- 5. Assets

CREATE TABLE migration.assets (
    client_account_id           uuid                NOT NULL,
    id                          uuid                NOT NULL DEFAULT gen_random_uuid(),
    engagement_id               uuid                NOT NULL,
    flow_id                     uuid,
    migration_id                uuid,
    master_flow_id              uuid,
    discovery_flow_id           uuid,
    assessment_flow_id          uuid,
    planning_flow_id            uuid,
    execution_flow_id           uuid,
    source_phase                varchar(50),
    current_phase               varchar(50),
    phase_context               jsonb,
    name                        varchar(255)        NOT NULL,
    asset_name                  varchar(255),
    hostname                    varchar(255),
    asset_type                  varchar(50)         NOT NULL,
    description                 text,
    ip_address                  varchar(45),
    fqdn                        varchar(255),
    mac_address                 varchar(17),
    environment                 varchar(50),
    location                    varchar(100),
    datacenter                  varchar(100),
    rack_location               varchar(50),
    availability_zone           varchar(50),
    operating_system            varchar(100),
    os_version                  varchar(50),
    cpu_cores                   integer,
    memory_gb                   double precision,
    storage_gb                  double precision,
    business_owner              varchar(255),
    technical_owner             varchar(255),
    department                  varchar(100),
    application_name            varchar(255),
    technology_stack            varchar(255),
    criticality                 varchar(20),
    business_criticality        varchar(20),
    custom_attributes           jsonb,
    technical_details           jsonb,
    six_r_strategy              varchar(50),
    mapping_status              varchar(20),
    migration_priority          integer,
    migration_complexity        varchar(20),
    migration_wave              integer,
    sixr_ready                  varchar(50),
    status                      varchar(50),
    migration_status            varchar(50),
    dependencies                jsonb,
    related_assets              jsonb,
    discovery_method            varchar(50),
    discovery_source            varchar(100),
    discovery_timestamp         timestamptz,
    discovery_status            varchar(50),
    discovery_completed_at      timestamptz,
    discovered_at               timestamptz,
    cpu_utilization_percent     double precision,
    memory_utilization_percent  double precision,
    disk_iops                   double precision,
    network_throughput_mbps     double precision,
    completeness_score          double precision,
    quality_score               double precision,
    confidence_score            double precision,
    complexity_score            double precision,
    assessment_readiness        varchar(50)         NOT NULL DEFAULT 'not_ready',
    assessment_readiness_score  double precision,
    assessment_blockers         jsonb,
    assessment_recommendations  jsonb,
    current_monthly_cost        double precision,
    estimated_cloud_cost        double precision,
    imported_by                 uuid,
    imported_at                 timestamptz,
    source_filename             varchar(255),
    raw_data                    text,
    field_mappings_used         jsonb,
    raw_import_records_id       uuid,
    created_at                  timestamptz         NOT NULL DEFAULT now(),
    updated_at                  timestamptz         NOT NULL DEFAULT now(),
    created_by                  uuid,
    updated_by                  uuid,
    CONSTRAINT pk_assets PRIMARY KEY (client_account_id, id),
    CONSTRAINT fk_assets_client_account_id FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT fk_assets_engagement_id
        FOREIGN KEY (client_account_id, engagement_id) REFERENCES migration.engagements (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_assets_flow_id
        FOREIGN KEY (client_account_id, flow_id) REFERENCES migration.discovery_flows (client_account_id, flow_id),
    CONSTRAINT fk_assets_master_flow_id
        FOREIGN KEY (client_account_id, master_flow_id)
        REFERENCES migration.crewai_flow_state_extensions (client_account_id, flow_id),
    CONSTRAINT fk_assets_discovery_flow_id
        FOREIGN KEY (client_account_id, discovery_flow_id) REFERENCES migration.discovery_flows (client_account_id, flow_id),
    CONSTRAINT fk_assets_assessment_flow_id
        FOREIGN KEY (client_account_id, assessment_flow_id) REFERENCES migration.assessment_flows (client_account_id, id),
    CONSTRAINT fk_assets_planning_flow_id
        FOREIGN KEY (client_account_id, planning_flow_id)
        REFERENCES migration.crewai_flow_state_extensions (client_account_id, flow_id),
    CONSTRAINT fk_assets_execution_flow_id
        FOREIGN KEY (client_account_id, execution_flow_id)
        REFERENCES migration.crewai_flow_state_extensions (client_account_id, flow_id),
    CONSTRAINT fk_assets_raw_import_records_id
        FOREIGN KEY (client_account_id, raw_import_records_id) REFERENCES migration.raw_import_records (client_account_id, id),
    CONSTRAINT fk_assets_imported_by FOREIGN KEY (imported_by) REFERENCES migration.users (id),
    CONSTRAINT fk_assets_created_by FOREIGN KEY (created_by) REFERENCES migration.users (id),
    CONSTRAINT fk_assets_updated_by FOREIGN KEY (updated_by) REFERENCES migration.users (id),
    CONSTRAINT ck_assets_name CHECK (btrim(name) <> ''),
    CONSTRAINT ck_assets_hostname CHECK (hostname <> ''),
    CONSTRAINT ck_assets_ip_address CHECK (ip_address <> ''),
    CONSTRAINT ck_assets_asset_type CHECK (asset_type ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT ck_assets_environment CHECK (environment ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT ck_assets_status CHECK (status ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT ck_assets_criticality CHECK (criticality IN ('low', 'medium', 'high', 'critical')),
    CONSTRAINT ck_assets_business_criticality CHECK (business_criticality IN ('low', 'medium', 'high', 'critical')),
    CONSTRAINT ck_assets_migration_complexity CHECK (migration_complexity IN ('low', 'medium', 'high', 'critical')),
    CONSTRAINT ck_assets_six_r_strategy CHECK (six_r_strategy IN (
        'rehost', 'replatform', 'refactor', 'rearchitect', 'replace', 'retire', 'retain')),
    CONSTRAINT ck_assets_assessment_readiness CHECK (assessment_readiness IN ('not_ready', 'pending', 'ready', 'blocked')),
    CONSTRAINT ck_assets_sizes CHECK (
        cpu_cores >= 0 AND memory_gb >= 0 AND memory_gb < 'infinity' AND storage_gb >= 0 AND storage_gb < 'infinity'),
    CONSTRAINT ck_assets_use CHECK (
        cpu_utilization_percent >= 0 AND cpu_utilization_percent <= 100
        AND memory_utilization_percent >= 0 AND memory_utilization_percent <= 100
        AND disk_iops >= 0 AND disk_iops < 'infinity' AND network_throughput_mbps >= 0 AND network_throughput_mbps < 'infinity'),
    CONSTRAINT ck_assets_scores CHECK (
        completeness_score >= 0 AND completeness_score <= 100 AND quality_score >= 0 AND quality_score <= 100
        AND complexity_score >= 0 AND complexity_score <= 100
        AND assessment_readiness_score >= 0 AND assessment_readiness_score <= 100
        AND confidence_score >= 0 AND confidence_score <= 1),
    CONSTRAINT ck_assets_costs CHECK (
        current_monthly_cost >= 0 AND current_monthly_cost < 'infinity'
        AND estimated_cloud_cost >= 0 AND estimated_cloud_cost < 'infinity')
);
COMMENT ON TABLE migration.assets IS 'The inventory: servers, applications, databases, devices and whatever else an engagement is about.';
COMMENT ON COLUMN migration.assets.source_phase IS 'Phase that created it.';
COMMENT ON COLUMN migration.assets.phase_context IS 'JSON object: what the current phase noted about the asset.';
COMMENT ON COLUMN migration.assets.criticality IS 'As the source says. business_criticality is as a person judged.';
COMMENT ON COLUMN migration.assets.custom_attributes IS 'JSON object: columns of the source that no column here is for.';
COMMENT ON COLUMN migration.assets.technical_details IS 'JSON object: technical facts that have no column.';
COMMENT ON COLUMN migration.assets.mapping_status IS 'How far its columns are mapped.';
COMMENT ON COLUMN migration.assets.migration_priority IS '1 is first.';
COMMENT ON COLUMN migration.assets.sixr_ready IS 'Kept from the platform; assessment_readiness is what counts.';
COMMENT ON COLUMN migration.assets.migration_status IS 'Where it stands in its migration, lower snake case.';
COMMENT ON COLUMN migration.assets.related_assets IS 'JSON array of names that belong together without depending on each other.';
COMMENT ON COLUMN migration.assets.discovery_method IS 'How it became known, as import or manual.';
COMMENT ON COLUMN migration.assets.discovery_source IS 'Where it became known, as the name of a file.';
COMMENT ON COLUMN migration.assets.discovery_timestamp IS 'When the source saw it.';
COMMENT ON COLUMN migration.assets.discovered_at IS 'When it became known here.';
COMMENT ON COLUMN migration.assets.disk_iops IS 'Operations per second.';
COMMENT ON COLUMN migration.assets.completeness_score IS '0 to 100: share of the important columns that are filled.';
COMMENT ON COLUMN migration.assets.quality_score IS '0 to 100: how far its values can be trusted.';
COMMENT ON COLUMN migration.assets.complexity_score IS '0 to 100.';
COMMENT ON COLUMN migration.assets.assessment_readiness IS
    'Whether it may go into an assessment, and what keeps it from it is in assessment_blockers.';
COMMENT ON COLUMN migration.assets.assessment_blockers IS 'JSON array of reasons.';
COMMENT ON COLUMN migration.assets.assessment_recommendations IS 'JSON array of what would help.';
COMMENT ON COLUMN migration.assets.raw_data IS 'The source row as text, where it came without an import.';
COMMENT ON COLUMN migration.assets.field_mappings_used IS 'JSON object: column of the source to column here.';
COMMENT ON COLUMN migration.assets.raw_import_records_id IS 'Row that created it.';
COMMENT ON COLUMN migration.assets.asset_type IS
    'Lower snake case: server, application, database, network_device, virtual_machine, service, cache, load_balancer, external, ...';
COMMENT ON COLUMN migration.assets.environment IS 'Lower snake case: production, staging, testing, development, dr, ... Null: not recorded.';
COMMENT ON COLUMN migration.assets.status IS 'Lower snake case, as the source says. Null: not recorded.';
COMMENT ON COLUMN migration.assets.asset_name IS 'Name under which a source knows the asset, when it differs from name.';
COMMENT ON COLUMN migration.assets.flow_id IS 'flow_id of the discovery flow that created the asset.';
COMMENT ON COLUMN migration.assets.migration_id IS 'Kept from the platform, which has no table for it; nothing reads it.';
COMMENT ON COLUMN migration.assets.planning_flow_id IS 'flow_id of a master flow of type planning.';
COMMENT ON COLUMN migration.assets.execution_flow_id IS 'flow_id of a master flow of type execution.';
COMMENT ON COLUMN migration.assets.memory_gb IS 'GiB or GB as the source says; not converted.';
COMMENT ON COLUMN migration.assets.dependencies IS 'What the source row named, as read. The graph is asset_dependencies.';
COMMENT ON COLUMN migration.assets.migration_wave IS 'wave_number of migration_waves in the same engagement.';
COMMENT ON COLUMN migration.assets.confidence_score IS '0 to 1: how sure classification is. The other scores are 0 to 100.';
COMMENT ON COLUMN migration.assets.current_monthly_cost IS 'Per month, in the currency of the client account.';
COMMENT ON COLUMN migration.assets.estimated_cloud_cost IS 'Per month, in the currency of the client account.';
-- The type is part of each key: a server and the application on it may share name, host name and address.
CREATE UNIQUE INDEX uq_assets_name ON migration.assets (client_account_id, engagement_id, asset_type, name);
CREATE UNIQUE INDEX uq_assets_hostname ON migration.assets (client_account_id, engagement_id, asset_type, hostname)
    WHERE hostname IS NOT NULL;
CREATE UNIQUE INDEX uq_assets_ip_address ON migration.assets (client_account_id, engagement_id, asset_type, ip_address)
    WHERE ip_address IS NOT NULL;
-- Keyset pages are read in this order.
CREATE INDEX ix_assets_engagement_id_name ON migration.assets (client_account_id, engagement_id, name, id);
CREATE INDEX ix_assets_engagement_id_created_at ON migration.assets (client_account_id, engagement_id, created_at DESC);
CREATE INDEX ix_assets_engagement_id_status ON migration.assets (client_account_id, engagement_id, status);
-- One per foreign key, and only where there is a reference: most assets have few of these.
CREATE INDEX ix_assets_flow_id ON migration.assets (client_account_id, flow_id) WHERE flow_id IS NOT NULL;
CREATE INDEX ix_assets_master_flow_id ON migration.assets (client_account_id, master_flow_id) WHERE master_flow_id IS NOT NULL;
CREATE INDEX ix_assets_discovery_flow_id ON migration.assets (client_account_id, discovery_flow_id)
    WHERE discovery_flow_id IS NOT NULL;
CREATE INDEX ix_assets_assessment_flow_id ON migration.assets (client_account_id, assessment_flow_id)
    WHERE assessment_flow_id IS NOT NULL;
CREATE INDEX ix_assets_planning_flow_id ON migration.assets (client_account_id, planning_flow_id) WHERE planning_flow_id IS NOT NULL;
CREATE INDEX ix_assets_execution_flow_id ON migration.assets (client_account_id, execution_flow_id)
    WHERE execution_flow_id IS NOT NULL;
CREATE INDEX ix_assets_raw_import_records_id ON migration.assets (client_account_id, raw_import_records_id)
    WHERE raw_import_records_id IS NOT NULL;

CREATE TABLE migration.asset_dependencies (
    client_account_id   uuid                NOT NULL,
    id                  uuid                NOT NULL DEFAULT gen_random_uuid(),
    engagement_id       uuid                NOT NULL,
    asset_id            uuid                NOT NULL,
    depends_on_asset_id uuid                NOT NULL,
    dependency_type     varchar(50)         NOT NULL,
    description         text,
    confidence_score    double precision,
    source              varchar(50)         NOT NULL DEFAULT 'manual',
    created_at          timestamptz         NOT NULL DEFAULT now(),
    updated_at          timestamptz         NOT NULL DEFAULT now(),
    CONSTRAINT pk_asset_dependencies PRIMARY KEY (client_account_id, id),
    CONSTRAINT uq_asset_dependencies_asset_id_depends_on_asset_id UNIQUE (client_account_id, asset_id, depends_on_asset_id),
    CONSTRAINT fk_asset_dependencies_client_account_id FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT fk_asset_dependencies_engagement_id
        FOREIGN KEY (client_account_id, engagement_id) REFERENCES migration.engagements (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_asset_dependencies_asset_id
        FOREIGN KEY (client_account_id, asset_id) REFERENCES migration.assets (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_asset_dependencies_depends_on_asset_id
        FOREIGN KEY (client_account_id, depends_on_asset_id) REFERENCES migration.assets (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_asset_dependencies_not_itself CHECK (asset_id <> depends_on_asset_id),
    CONSTRAINT ck_asset_dependencies_dependency_type CHECK (dependency_type ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT ck_asset_dependencies_confidence_score CHECK (confidence_score BETWEEN 0 AND 1)
);
COMMENT ON TABLE migration.asset_dependencies IS 'Directed edges: asset_id needs depends_on_asset_id.';
COMMENT ON COLUMN migration.asset_dependencies.dependency_type IS 'Lower snake case: runs_on, database, network, ...';
COMMENT ON COLUMN migration.asset_dependencies.confidence_score IS '0 to 1; null: nobody guessed.';
COMMENT ON COLUMN migration.asset_dependencies.source IS 'What found the edge: manual, or the rule that inferred it.';
CREATE INDEX ix_asset_dependencies_engagement_id ON migration.asset_dependencies (client_account_id, engagement_id);
CREATE INDEX ix_asset_dependencies_depends_on_asset_id ON migration.asset_dependencies (client_account_id, depends_on_asset_id);

CREATE TABLE migration.tags (
    client_account_id       uuid                NOT NULL,
    id                      uuid                NOT NULL DEFAULT gen_random_uuid(),
    name                    varchar(100)        NOT NULL,
    category                varchar(50)         NOT NULL,
    description             text,
    reference_embedding     vector(384),
    embedding_model         varchar(100),
    confidence_threshold    double precision    NOT NULL DEFAULT 0.7,
    is_active               boolean             NOT NULL DEFAULT true,
    created_at              timestamptz         NOT NULL DEFAULT now(),
    updated_at              timestamptz         NOT NULL DEFAULT now(),
    CONSTRAINT pk_tags PRIMARY KEY (client_account_id, id),
    CONSTRAINT uq_tags_name UNIQUE (client_account_id, name),
    CONSTRAINT fk_tags_client_account_id FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT ck_tags_name CHECK (btrim(name) <> ''),
    CONSTRAINT ck_tags_confidence_threshold CHECK (confidence_threshold BETWEEN 0 AND 1),
    CONSTRAINT ck_tags_embedding_model CHECK ((reference_embedding IS NULL) = (embedding_model IS NULL))
);
COMMENT ON TABLE migration.tags IS 'Labels of a client account for its assets.';
COMMENT ON COLUMN migration.tags.category IS 'What kind of label it is, as environment or technology.';
COMMENT ON COLUMN migration.tags.reference_embedding IS 'Assets near to it are suggested the tag; null: only people assign it.';
COMMENT ON COLUMN migration.tags.confidence_threshold IS 'Least similarity (0 to 1) at which the tag is suggested.';

CREATE TABLE migration.asset_tags (
    client_account_id   uuid                NOT NULL,
    id                  uuid                NOT NULL DEFAULT gen_random_uuid(),
    asset_id            uuid                NOT NULL,
    tag_id              uuid                NOT NULL,
    confidence_score    double precision,
    assigned_method     varchar(50)         NOT NULL DEFAULT 'manual',
    assigned_by         uuid,
    is_validated        boolean             NOT NULL DEFAULT false,
    validated_by        uuid,
    validated_at        timestamptz,
    created_at          timestamptz         NOT NULL DEFAULT now(),
    updated_at          timestamptz         NOT NULL DEFAULT now(),
    CONSTRAINT pk_asset_tags PRIMARY KEY (client_account_id, id),
    CONSTRAINT uq_asset_tags_asset_id_tag_id UNIQUE (client_account_id, asset_id, tag_id),
    CONSTRAINT fk_asset_tags_client_account_id FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT fk_asset_tags_asset_id
        FOREIGN KEY (client_account_id, asset_id) REFERENCES migration.assets (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_asset_tags_tag_id
        FOREIGN KEY (client_account_id, tag_id) REFERENCES migration.tags (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_asset_tags_assigned_by FOREIGN KEY (assigned_by) REFERENCES migration.users (id),
    CONSTRAINT fk_asset_tags_validated_by FOREIGN KEY (validated_by) REFERENCES migration.users (id),
    CONSTRAINT ck_asset_tags_assigned_method CHECK (assigned_method IN ('manual', 'auto')),
    CONSTRAINT ck_asset_tags_confidence_score CHECK (confidence_score BETWEEN 0 AND 1)
);
COMMENT ON TABLE migration.asset_tags IS 'Which asset bears which tag, and whether a person or a rule put it there.';
COMMENT ON COLUMN migration.asset_tags.confidence_score IS '0 to 1; null when a person assigned it.';
COMMENT ON COLUMN migration.asset_tags.is_validated IS 'Whether a person has confirmed it.';
CREATE INDEX ix_asset_tags_tag_id ON migration.asset_tags (client_account_id, tag_id);

CREATE TABLE migration.asset_embeddings (
    client_account_id   uuid            NOT NULL,
    id                  uuid            NOT NULL DEFAULT gen_random_uuid(),
    engagement_id       uuid            NOT NULL,
    asset_id            uuid            NOT NULL,
    embedding           vector(384)     NOT NULL,
    source_text         text            NOT NULL,
    embedding_model     varchar(100)    NOT NULL,
    created_at          timestamptz     NOT NULL DEFAULT now(),
    updated_at          timestamptz     NOT NULL DEFAULT now(),
    CONSTRAINT pk_asset_embeddings PRIMARY KEY (client_account_id, id),
    CONSTRAINT uq_asset_embeddings_asset_id_embedding_model UNIQUE (client_account_id, asset_id, embedding_model),
    CONSTRAINT fk_asset_embeddings_client_account_id FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT fk_asset_embeddings_engagement_id
        FOREIGN KEY (client_account_id, engagement_id) REFERENCES migration.engagements (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_asset_embeddings_asset_id
        FOREIGN KEY (client_account_id, asset_id) REFERENCES migration.assets (client_account_id, id) ON DELETE CASCADE
);
-- No approximate (HNSW) index: it filters by tenant after the search and can miss a tenant's rows.
COMMENT ON TABLE migration.asset_embeddings IS 'Vectors for "assets like this one", searched exactly and within one engagement.';
COMMENT ON COLUMN migration.asset_embeddings.embedding IS 'Of source_text, 384 numbers.';
COMMENT ON COLUMN migration.asset_embeddings.source_text IS 'The text the embedding was computed from.';
COMMENT ON COLUMN migration.asset_embeddings.embedding_model IS 'What computed the embedding. Distances are compared only within one model.';
CREATE INDEX ix_asset_embeddings_engagement_id ON migration.asset_embeddings (client_account_id, engagement_id);

CREATE TABLE migration.workflow_progress (
    client_account_id   uuid            NOT NULL,
    id                  uuid            NOT NULL DEFAULT gen_random_uuid(),
    asset_id            uuid            NOT NULL,
    stage               varchar(50)     NOT NULL,
    status              varchar(50)     NOT NULL DEFAULT 'not_started',
    notes               text,
    started_at          timestamptz,
    completed_at        timestamptz,
    created_at          timestamptz     NOT NULL DEFAULT now(),
    updated_at          timestamptz     NOT NULL DEFAULT now(),
    CONSTRAINT pk_workflow_progress PRIMARY KEY (client_account_id, id),
    CONSTRAINT uq_workflow_progress_asset_id_stage UNIQUE (client_account_id, asset_id, stage),
    CONSTRAINT fk_workflow_progress_client_account_id FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT fk_workflow_progress_asset_id
        FOREIGN KEY (client_account_id, asset_id) REFERENCES migration.assets (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_workflow_progress_stage CHECK (stage IN (
        'discovery', 'assessment', 'planning', 'migration', 'validation', 'completion')),
    CONSTRAINT ck_workflow_progress_status CHECK (status IN ('not_started', 'in_progress', 'completed', 'failed', 'skipped')),
    CONSTRAINT ck_workflow_progress_completed_at CHECK (status <> 'completed' OR completed_at IS NOT NULL)
);
COMMENT ON TABLE migration.workflow_progress IS 'How far each asset has come, one row per stage it has entered.';


-- 6. Assessment: results per asset, component and application. An application is an asset of asset_type application.

CREATE TABLE migration.assessments (
    client_account_id           uuid                NOT NULL,
    id                          uuid                NOT NULL DEFAULT gen_random_uuid(),
    engagement_id               uuid                NOT NULL,
    master_flow_id              uuid,
    asset_id                    uuid,
    assessment_type             text                NOT NULL,
    status                      text                NOT NULL DEFAULT 'pending',
    title                       varchar(255)        NOT NULL,
    description                 text,
    summary                     text,
    recommendations             text,
    report_url                  varchar(255),
    overall_score               double precision,
    risk_level                  text,
    confidence_level            double precision,
    recommended_strategy        varchar(50),
    alternative_strategies      jsonb,
    strategy_rationale          text,
    current_cost                double precision,
    estimated_migration_cost    double precision,
    estimated_target_cost       double precision,
    cost_savings_potential      double precision,
    roi_months                  integer,
    identified_risks            jsonb,
    risk_mitigation             jsonb,
    blockers                    jsonb,
    dependencies_impact         jsonb,
    technical_complexity        varchar(20),
    compatibility_score         double precision,
    modernization_opportunities jsonb,
    performance_impact          jsonb,
    business_criticality        varchar(20),
    downtime_requirements       jsonb,
    user_impact                 text,
    compliance_considerations   jsonb,
    ai_insights                 jsonb,
    ai_confidence               double precision,
    ai_model_version            varchar(50),
    estimated_effort_hours      integer,
    estimated_duration_days     integer,
    recommended_wave            integer,
    prerequisites               jsonb,
    assessor                    varchar(100),
    assessment_date             timestamptz,
    review_date                 timestamptz,
    approval_date               timestamptz,
    created_at                  timestamptz         NOT NULL DEFAULT now(),
    updated_at                  timestamptz         NOT NULL DEFAULT now(),
    CONSTRAINT pk_assessments PRIMARY KEY (client_account_id, id),
    CONSTRAINT fk_assessments_client_account_id FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT fk_assessments_engagement_id
        FOREIGN KEY (client_account_id, engagement_id) REFERENCES migration.engagements (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_assessments_master_flow_id
        FOREIGN KEY (client_account_id, master_flow_id)
        REFERENCES migration.crewai_flow_state_extensions (client_account_id, flow_id),
    CONSTRAINT fk_assessments_asset_id
        FOREIGN KEY (client_account_id, asset_id) REFERENCES migration.assets (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_assessments_assessment_type CHECK (assessment_type IN (
        'technical', 'business', 'security', 'compliance', 'performance')),
    CONSTRAINT ck_assessments_status CHECK (status IN (
        'pending', 'in_progress', 'completed', 'reviewed', 'approved', 'rejected')),
    CONSTRAINT ck_assessments_risk_level CHECK (risk_level IN ('low', 'medium', 'high', 'critical')),
    CONSTRAINT ck_assessments_technical_complexity CHECK (technical_complexity IN ('low', 'medium', 'high', 'critical')),
    CONSTRAINT ck_assessments_business_criticality CHECK (business_criticality IN ('low', 'medium', 'high', 'critical')),
    CONSTRAINT ck_assessments_recommended_strategy CHECK (recommended_strategy IN (
        'rehost', 'replatform', 'refactor', 'rearchitect', 'replace', 'retire', 'retain')),
    CONSTRAINT ck_assessments_scores CHECK (
        overall_score >= 0 AND overall_score <= 100 AND compatibility_score >= 0 AND compatibility_score <= 100
        AND confidence_level >= 0 AND confidence_level <= 1 AND ai_confidence >= 0 AND ai_confidence <= 1),
    CONSTRAINT ck_assessments_costs CHECK (
        current_cost >= 0 AND current_cost < 'infinity'
        AND estimated_migration_cost >= 0 AND estimated_migration_cost < 'infinity'
        AND estimated_target_cost >= 0 AND estimated_target_cost < 'infinity'
        AND abs(cost_savings_potential) < 'infinity'),
    CONSTRAINT ck_assessments_estimates CHECK (
        roi_months >= 0 AND estimated_effort_hours >= 0 AND estimated_duration_days >= 0 AND recommended_wave >= 1)
);
COMMENT ON TABLE migration.assessments IS 'An assessment of one asset, or of a whole engagement when asset_id is null.';
COMMENT ON COLUMN migration.assessments.overall_score IS '0 to 100.';
COMMENT ON COLUMN migration.assessments.alternative_strategies IS 'JSON array: strategy, score, why not.';
COMMENT ON COLUMN migration.assessments.current_cost IS
    'Per year, in the currency of the client account; the same holds for the other costs but estimated_migration_cost, which is paid once.';
COMMENT ON COLUMN migration.assessments.cost_savings_potential IS 'Per year; negative when it gets dearer.';
COMMENT ON COLUMN migration.assessments.roi_months IS 'Months until the migration has paid for itself.';
COMMENT ON COLUMN migration.assessments.identified_risks IS 'JSON array: risk, likelihood, impact.';
COMMENT ON COLUMN migration.assessments.risk_mitigation IS 'JSON array: risk and what lessens it.';
COMMENT ON COLUMN migration.assessments.blockers IS 'JSON array of what has to be settled first.';
COMMENT ON COLUMN migration.assessments.dependencies_impact IS 'JSON: what moves or breaks with it.';
COMMENT ON COLUMN migration.assessments.modernization_opportunities IS 'JSON array.';
COMMENT ON COLUMN migration.assessments.performance_impact IS 'JSON object.';
COMMENT ON COLUMN migration.assessments.downtime_requirements IS 'JSON object: how long, when.';
COMMENT ON COLUMN migration.assessments.compliance_considerations IS 'JSON array.';
COMMENT ON COLUMN migration.assessments.ai_insights IS
    'JSON. Kept from the platform; the engine here is rules, and says why in strategy_rationale.';
COMMENT ON COLUMN migration.assessments.ai_model_version IS 'Version of the rules, or null.';
COMMENT ON COLUMN migration.assessments.recommended_wave IS 'wave_number.';
COMMENT ON COLUMN migration.assessments.prerequisites IS 'JSON array.';
COMMENT ON COLUMN migration.assessments.confidence_level IS '0 to 1. Scores are 0 to 100.';
CREATE INDEX ix_assessments_engagement_id ON migration.assessments (client_account_id, engagement_id, status);
CREATE INDEX ix_assessments_asset_id ON migration.assessments (client_account_id, asset_id);
CREATE INDEX ix_assessments_master_flow_id ON migration.assessments (client_account_id, master_flow_id);

CREATE TABLE migration.application_architecture_overrides (
    client_account_id   uuid            NOT NULL,
    id                  uuid            NOT NULL DEFAULT gen_random_uuid(),
    engagement_id       uuid            NOT NULL,
    assessment_flow_id  uuid            NOT NULL,
    application_id      uuid            NOT NULL,
    standard_id         uuid,
    override_type       varchar(100)    NOT NULL,
    override_details    jsonb,
    rationale           text,
    approved_by         uuid,
    created_at          timestamptz     NOT NULL DEFAULT now(),
    updated_at          timestamptz     NOT NULL DEFAULT now(),
    CONSTRAINT pk_application_architecture_overrides PRIMARY KEY (client_account_id, id),
    CONSTRAINT fk_application_architecture_overrides_client_account_id
        FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT fk_application_architecture_overrides_engagement_id
        FOREIGN KEY (client_account_id, engagement_id) REFERENCES migration.engagements (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_application_architecture_overrides_assessment_flow_id
        FOREIGN KEY (client_account_id, assessment_flow_id)
        REFERENCES migration.assessment_flows (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_application_architecture_overrides_application_id
        FOREIGN KEY (client_account_id, application_id) REFERENCES migration.assets (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_application_architecture_overrides_standard_id
        FOREIGN KEY (client_account_id, standard_id)
        REFERENCES migration.engagement_architecture_standards (client_account_id, id),
    CONSTRAINT fk_application_architecture_overrides_approved_by FOREIGN KEY (approved_by) REFERENCES migration.users (id),
    CONSTRAINT ck_application_architecture_overrides_override_type CHECK (
        override_type IN ('exception', 'modification', 'addition'))
);
COMMENT ON TABLE migration.application_architecture_overrides IS 'Where an application may differ from the engagement''s standards, and why.';
COMMENT ON COLUMN migration.application_architecture_overrides.override_details IS 'JSON object: what holds instead.';
COMMENT ON COLUMN migration.application_architecture_overrides.standard_id IS
    'Standard that is overridden. Clear it here before the standard is deleted. Null: an addition, or the standard is gone.';
CREATE INDEX ix_application_architecture_overrides_engagement_id
    ON migration.application_architecture_overrides (client_account_id, engagement_id);
CREATE INDEX ix_application_architecture_overrides_assessment_flow_id
    ON migration.application_architecture_overrides (client_account_id, assessment_flow_id);
CREATE INDEX ix_application_architecture_overrides_application_id
    ON migration.application_architecture_overrides (client_account_id, application_id);
CREATE INDEX ix_application_architecture_overrides_standard_id
    ON migration.application_architecture_overrides (client_account_id, standard_id);

CREATE TABLE migration.application_components (
    client_account_id   uuid            NOT NULL,
    id                  uuid            NOT NULL DEFAULT gen_random_uuid(),
    engagement_id       uuid            NOT NULL,
    assessment_flow_id  uuid            NOT NULL,
    application_id      uuid            NOT NULL,
    component_name      varchar(255)    NOT NULL,
    component_type      varchar(100)    NOT NULL,
    component_config    jsonb,
    technology_stack    jsonb,
    dependencies        jsonb,
    created_at          timestamptz     NOT NULL DEFAULT now(),
    updated_at          timestamptz     NOT NULL DEFAULT now(),
    CONSTRAINT pk_application_components PRIMARY KEY (client_account_id, id),
    CONSTRAINT uq_application_components_component_name
        UNIQUE (client_account_id, assessment_flow_id, application_id, component_name),
    CONSTRAINT fk_application_components_client_account_id
        FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT fk_application_components_engagement_id
        FOREIGN KEY (client_account_id, engagement_id) REFERENCES migration.engagements (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_application_components_assessment_flow_id
        FOREIGN KEY (client_account_id, assessment_flow_id)
        REFERENCES migration.assessment_flows (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_application_components_application_id
        FOREIGN KEY (client_account_id, application_id) REFERENCES migration.assets (client_account_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE migration.application_components IS 'Parts of an application, as one assessment flow sees them.';
COMMENT ON COLUMN migration.application_components.component_type IS 'Lower snake case: web, api, database, batch, ...';
COMMENT ON COLUMN migration.application_components.component_config IS 'JSON object.';
COMMENT ON COLUMN migration.application_components.technology_stack IS 'JSON object: technology to version.';
COMMENT ON COLUMN migration.application_components.dependencies IS 'JSON array of names of other components.';
CREATE INDEX ix_application_components_engagement_id ON migration.application_components (client_account_id, engagement_id);
CREATE INDEX ix_application_components_application_id ON migration.application_components (client_account_id, application_id);

CREATE TABLE migration.tech_debt_analysis (
    client_account_id           uuid                NOT NULL,
    id                          uuid                NOT NULL DEFAULT gen_random_uuid(),
    engagement_id               uuid                NOT NULL,
    assessment_flow_id          uuid                NOT NULL,
    application_id              uuid                NOT NULL,
    component_id                uuid,
    analysis_type               varchar(100)        NOT NULL DEFAULT 'component',
    analysis_results            jsonb,
    debt_category               varchar(100)        NOT NULL,
    severity                    varchar(20)         NOT NULL,
    description                 text                NOT NULL,
    remediation_effort_hours    integer,
    impact_on_migration         text,
    tech_debt_score             double precision,
    detected_by_agent           varchar(100),
    agent_confidence            double precision,
    created_at                  timestamptz         NOT NULL DEFAULT now(),
    updated_at                  timestamptz         NOT NULL DEFAULT now(),
    CONSTRAINT pk_tech_debt_analysis PRIMARY KEY (client_account_id, id),
    CONSTRAINT fk_tech_debt_analysis_client_account_id FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT fk_tech_debt_analysis_engagement_id
        FOREIGN KEY (client_account_id, engagement_id) REFERENCES migration.engagements (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_tech_debt_analysis_assessment_flow_id
        FOREIGN KEY (client_account_id, assessment_flow_id)
        REFERENCES migration.assessment_flows (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_tech_debt_analysis_application_id
        FOREIGN KEY (client_account_id, application_id) REFERENCES migration.assets (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_tech_debt_analysis_component_id
        FOREIGN KEY (client_account_id, component_id)
        REFERENCES migration.application_components (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_tech_debt_analysis_severity CHECK (severity IN ('critical', 'high', 'medium', 'low')),
    CONSTRAINT ck_tech_debt_analysis_tech_debt_score CHECK (tech_debt_score BETWEEN 0 AND 100),
    CONSTRAINT ck_tech_debt_analysis_agent_confidence CHECK (agent_confidence BETWEEN 0 AND 1),
    CONSTRAINT ck_tech_debt_analysis_remediation_effort_hours CHECK (remediation_effort_hours >= 0)
);
COMMENT ON TABLE migration.tech_debt_analysis IS 'Technical debt findings of an application, of one component or of the whole.';
COMMENT ON COLUMN migration.tech_debt_analysis.analysis_type IS 'component or application: what was looked at.';
COMMENT ON COLUMN migration.tech_debt_analysis.analysis_results IS 'JSON object: the evidence.';
COMMENT ON COLUMN migration.tech_debt_analysis.debt_category IS 'Lower snake case: end_of_life, unsupported, security, architecture, ...';
COMMENT ON COLUMN migration.tech_debt_analysis.tech_debt_score IS '0 to 100, more is worse.';
COMMENT ON COLUMN migration.tech_debt_analysis.agent_confidence IS '0 to 1.';
COMMENT ON COLUMN migration.tech_debt_analysis.detected_by_agent IS 'Rule that found it.';
CREATE INDEX ix_tech_debt_analysis_engagement_id ON migration.tech_debt_analysis (client_account_id, engagement_id);
CREATE INDEX ix_tech_debt_analysis_assessment_flow_id ON migration.tech_debt_analysis (client_account_id, assessment_flow_id);
CREATE INDEX ix_tech_debt_analysis_application_id ON migration.tech_debt_analysis (client_account_id, application_id);
CREATE INDEX ix_tech_debt_analysis_component_id ON migration.tech_debt_analysis (client_account_id, component_id);

CREATE TABLE migration.component_treatments (
    client_account_id       uuid            NOT NULL,
    id                      uuid            NOT NULL DEFAULT gen_random_uuid(),
    engagement_id           uuid            NOT NULL,
    assessment_flow_id      uuid            NOT NULL,
    application_id          uuid            NOT NULL,
    component_id            uuid            NOT NULL,
    treatment_type          varchar(100)    NOT NULL DEFAULT 'component',
    treatment_config        jsonb,
    recommended_strategy    varchar(20)     NOT NULL,
    rationale               text,
    compatibility_validated boolean         NOT NULL DEFAULT false,
    compatibility_issues    jsonb,
    created_at              timestamptz     NOT NULL DEFAULT now(),
    updated_at              timestamptz     NOT NULL DEFAULT now(),
    CONSTRAINT pk_component_treatments PRIMARY KEY (client_account_id, id),
    CONSTRAINT uq_component_treatments_component_id UNIQUE (client_account_id, assessment_flow_id, component_id),
    CONSTRAINT fk_component_treatments_client_account_id
        FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT fk_component_treatments_engagement_id
        FOREIGN KEY (client_account_id, engagement_id) REFERENCES migration.engagements (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_component_treatments_assessment_flow_id
        FOREIGN KEY (client_account_id, assessment_flow_id)
        REFERENCES migration.assessment_flows (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_component_treatments_application_id
        FOREIGN KEY (client_account_id, application_id) REFERENCES migration.assets (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_component_treatments_component_id
        FOREIGN KEY (client_account_id, component_id)
        REFERENCES migration.application_components (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_component_treatments_recommended_strategy CHECK (recommended_strategy IN (
        'rehost', 'replatform', 'refactor', 'rearchitect', 'replace', 'retire', 'retain'))
);
COMMENT ON TABLE migration.component_treatments IS 'The 6R strategy recommended for a component.';
COMMENT ON COLUMN migration.component_treatments.treatment_config IS 'JSON object: parameters of the strategy.';
COMMENT ON COLUMN migration.component_treatments.compatibility_validated IS
    'Whether it was checked against the treatments of the components it works with.';
COMMENT ON COLUMN migration.component_treatments.compatibility_issues IS 'JSON array of what that check found.';
CREATE INDEX ix_component_treatments_engagement_id ON migration.component_treatments (client_account_id, engagement_id);
CREATE INDEX ix_component_treatments_application_id ON migration.component_treatments (client_account_id, application_id);
CREATE INDEX ix_component_treatments_component_id ON migration.component_treatments (client_account_id, component_id);

CREATE TABLE migration.sixr_decisions (
    client_account_id       uuid                NOT NULL,
    id                      uuid                NOT NULL DEFAULT gen_random_uuid(),
    engagement_id           uuid                NOT NULL,
    assessment_flow_id      uuid                NOT NULL,
    application_id          uuid                NOT NULL,
    application_name        varchar(255)        NOT NULL,
    decision_type           varchar(100)        NOT NULL DEFAULT 'application',
    decision_data           jsonb,
    overall_strategy        varchar(20)         NOT NULL,
    confidence_score        double precision,
    rationale               text,
    architecture_exceptions jsonb               NOT NULL DEFAULT '[]',
    tech_debt_score         double precision,
    risk_factors            jsonb               NOT NULL DEFAULT '[]',
    move_group_hints        jsonb               NOT NULL DEFAULT '[]',
    estimated_effort_hours  integer,
    estimated_cost          double precision,
    user_modifications      jsonb,
    modified_by             uuid,
    modified_at             timestamptz,
    app_on_page_data        jsonb,
    decision_factors        jsonb,
    ready_for_planning      boolean             NOT NULL DEFAULT false,
    created_at              timestamptz         NOT NULL DEFAULT now(),
    updated_at              timestamptz         NOT NULL DEFAULT now(),
    CONSTRAINT pk_sixr_decisions PRIMARY KEY (client_account_id, id),
    CONSTRAINT uq_sixr_decisions_application_id UNIQUE (client_account_id, assessment_flow_id, application_id),
    CONSTRAINT fk_sixr_decisions_client_account_id FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT fk_sixr_decisions_engagement_id
        FOREIGN KEY (client_account_id, engagement_id) REFERENCES migration.engagements (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_sixr_decisions_assessment_flow_id
        FOREIGN KEY (client_account_id, assessment_flow_id)
        REFERENCES migration.assessment_flows (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_sixr_decisions_application_id
        FOREIGN KEY (client_account_id, application_id) REFERENCES migration.assets (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_sixr_decisions_modified_by FOREIGN KEY (modified_by) REFERENCES migration.users (id),
    CONSTRAINT ck_sixr_decisions_overall_strategy CHECK (overall_strategy IN (
        'rehost', 'replatform', 'refactor', 'rearchitect', 'replace', 'retire', 'retain')),
    CONSTRAINT ck_sixr_decisions_confidence_score CHECK (confidence_score BETWEEN 0 AND 1),
    CONSTRAINT ck_sixr_decisions_tech_debt_score CHECK (tech_debt_score BETWEEN 0 AND 100),
    CONSTRAINT ck_sixr_decisions_estimates CHECK (
        estimated_effort_hours >= 0 AND estimated_cost >= 0 AND estimated_cost < 'infinity')
);
COMMENT ON TABLE migration.sixr_decisions IS 'The 6R decision for an application in one assessment flow, with the page that explains it.';
COMMENT ON COLUMN migration.sixr_decisions.application_name IS 'As it was when the decision was made.';
COMMENT ON COLUMN migration.sixr_decisions.decision_data IS 'JSON object: whatever has no column.';
COMMENT ON COLUMN migration.sixr_decisions.confidence_score IS '0 to 1.';
COMMENT ON COLUMN migration.sixr_decisions.architecture_exceptions IS 'JSON array of overrides that the decision relies on.';
COMMENT ON COLUMN migration.sixr_decisions.tech_debt_score IS '0 to 100, more is worse.';
COMMENT ON COLUMN migration.sixr_decisions.risk_factors IS 'JSON array.';
COMMENT ON COLUMN migration.sixr_decisions.move_group_hints IS 'JSON array of asset ids that should move together with it.';
COMMENT ON COLUMN migration.sixr_decisions.estimated_cost IS 'Of the migration, once, in the currency of the client account.';
COMMENT ON COLUMN migration.sixr_decisions.app_on_page_data IS 'JSON object: everything that the page of the application shows.';
COMMENT ON COLUMN migration.sixr_decisions.user_modifications IS 'What a person changed on the engine''s decision.';
COMMENT ON COLUMN migration.sixr_decisions.decision_factors IS 'Inputs and rules that led to the decision.';
CREATE INDEX ix_sixr_decisions_engagement_id ON migration.sixr_decisions (client_account_id, engagement_id);
CREATE INDEX ix_sixr_decisions_application_id ON migration.sixr_decisions (client_account_id, application_id);

CREATE TABLE migration.assessment_learning_feedback (
    client_account_id   uuid            NOT NULL,
    id                  uuid            NOT NULL DEFAULT gen_random_uuid(),
    engagement_id       uuid            NOT NULL,
    assessment_flow_id  uuid            NOT NULL,
    decision_id         uuid            NOT NULL,
    feedback_type       varchar(100)    NOT NULL DEFAULT 'override',
    feedback_data       jsonb,
    original_strategy   varchar(20)     NOT NULL,
    override_strategy   varchar(20)     NOT NULL,
    feedback_reason     text,
    agent_id            varchar(100),
    learned_pattern     jsonb,
    created_at          timestamptz     NOT NULL DEFAULT now(),
    updated_at          timestamptz     NOT NULL DEFAULT now(),
    CONSTRAINT pk_assessment_learning_feedback PRIMARY KEY (client_account_id, id),
    CONSTRAINT fk_assessment_learning_feedback_client_account_id
        FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT fk_assessment_learning_feedback_engagement_id
        FOREIGN KEY (client_account_id, engagement_id) REFERENCES migration.engagements (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_assessment_learning_feedback_assessment_flow_id
        FOREIGN KEY (client_account_id, assessment_flow_id)
        REFERENCES migration.assessment_flows (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_assessment_learning_feedback_decision_id
        FOREIGN KEY (client_account_id, decision_id) REFERENCES migration.sixr_decisions (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_assessment_learning_feedback_original_strategy CHECK (original_strategy IN (
        'rehost', 'replatform', 'refactor', 'rearchitect', 'replace', 'retire', 'retain')),
    CONSTRAINT ck_assessment_learning_feedback_override_strategy CHECK (override_strategy IN (
        'rehost', 'replatform', 'refactor', 'rearchitect', 'replace', 'retire', 'retain'))
);
COMMENT ON TABLE migration.assessment_learning_feedback IS 'Decisions a person overrode, with the reason, for the engine to weigh later.';
COMMENT ON COLUMN migration.assessment_learning_feedback.feedback_data IS 'JSON object: the decision before and after.';
COMMENT ON COLUMN migration.assessment_learning_feedback.learned_pattern IS 'JSON object. Nothing reads it yet.';
COMMENT ON COLUMN migration.assessment_learning_feedback.agent_id IS 'Engine that made the original decision.';
CREATE INDEX ix_assessment_learning_feedback_engagement_id
    ON migration.assessment_learning_feedback (client_account_id, engagement_id);
CREATE INDEX ix_assessment_learning_feedback_assessment_flow_id
    ON migration.assessment_learning_feedback (client_account_id, assessment_flow_id);
CREATE INDEX ix_assessment_learning_feedback_decision_id
    ON migration.assessment_learning_feedback (client_account_id, decision_id);


-- 7. Waves

CREATE TABLE migration.migration_waves (
    client_account_id       uuid                NOT NULL,
    id                      uuid                NOT NULL DEFAULT gen_random_uuid(),
    engagement_id           uuid                NOT NULL,
    wave_number             integer             NOT NULL,
    name                    varchar(255)        NOT NULL,
    description             text,
    status                  varchar(50)         NOT NULL DEFAULT 'planned',
    planned_start_date      timestamptz,
    planned_end_date        timestamptz,
    actual_start_date       timestamptz,
    actual_end_date         timestamptz,
    total_assets            integer             NOT NULL DEFAULT 0,
    completed_assets        integer             NOT NULL DEFAULT 0,
    failed_assets           integer             NOT NULL DEFAULT 0,
    estimated_cost          double precision,
    actual_cost             double precision,
    estimated_effort_hours  double precision,
    actual_effort_hours     double precision,
    created_at              timestamptz         NOT NULL DEFAULT now(),
    updated_at              timestamptz         NOT NULL DEFAULT now(),
    created_by              uuid,
    CONSTRAINT pk_migration_waves PRIMARY KEY (client_account_id, id),
    CONSTRAINT uq_migration_waves_wave_number UNIQUE (client_account_id, engagement_id, wave_number),
    CONSTRAINT fk_migration_waves_client_account_id FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT fk_migration_waves_engagement_id
        FOREIGN KEY (client_account_id, engagement_id) REFERENCES migration.engagements (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_migration_waves_created_by FOREIGN KEY (created_by) REFERENCES migration.users (id),
    CONSTRAINT ck_migration_waves_wave_number CHECK (wave_number >= 1),
    CONSTRAINT ck_migration_waves_status CHECK (status IN ('planned', 'in_progress', 'completed', 'failed', 'cancelled')),
    CONSTRAINT ck_migration_waves_counts CHECK (
        completed_assets >= 0 AND failed_assets >= 0 AND completed_assets + failed_assets <= total_assets),
    CONSTRAINT ck_migration_waves_costs CHECK (
        estimated_cost >= 0 AND estimated_cost < 'infinity' AND actual_cost >= 0 AND actual_cost < 'infinity'
        AND estimated_effort_hours >= 0 AND estimated_effort_hours < 'infinity'
        AND actual_effort_hours >= 0 AND actual_effort_hours < 'infinity'),
    CONSTRAINT ck_migration_waves_dates CHECK (
        planned_end_date >= planned_start_date AND actual_end_date >= actual_start_date)
);
COMMENT ON TABLE migration.migration_waves IS 'Waves of an engagement: groups of assets that move together.';
COMMENT ON COLUMN migration.migration_waves.wave_number IS 'Counted from 1 in the engagement.';
COMMENT ON COLUMN migration.migration_waves.estimated_cost IS 'In the currency of the client account, as actual_cost.';
COMMENT ON COLUMN migration.migration_waves.total_assets IS 'As counted when the wave was last planned; assets.migration_wave says which.';

CREATE TABLE migration.wave_plans (
    client_account_id       uuid                NOT NULL,
    id                      uuid                NOT NULL DEFAULT gen_random_uuid(),
    engagement_id           uuid                NOT NULL,
    wave_number             integer             NOT NULL,
    wave_name               varchar(255),
    description             text,
    planned_start_date      timestamptz,
    planned_end_date        timestamptz,
    actual_start_date       timestamptz,
    actual_end_date         timestamptz,
    total_assets            integer             NOT NULL DEFAULT 0,
    completed_assets        integer             NOT NULL DEFAULT 0,
    estimated_effort_hours  integer,
    estimated_cost          double precision,
    prerequisites           jsonb,
    dependencies            jsonb,
    constraints             jsonb,
    overall_risk_level      varchar(20),
    complexity_score        double precision,
    success_criteria        jsonb,
    status                  varchar(50)         NOT NULL DEFAULT 'planned',
    progress_percentage     double precision    NOT NULL DEFAULT 0,
    ai_recommendations      jsonb,
    optimization_score      double precision,
    created_at              timestamptz         NOT NULL DEFAULT now(),
    updated_at              timestamptz         NOT NULL DEFAULT now(),
    CONSTRAINT pk_wave_plans PRIMARY KEY (client_account_id, id),
    CONSTRAINT uq_wave_plans_wave_number UNIQUE (client_account_id, engagement_id, wave_number),
    CONSTRAINT fk_wave_plans_client_account_id FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT fk_wave_plans_engagement_id
        FOREIGN KEY (client_account_id, engagement_id) REFERENCES migration.engagements (client_account_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_wave_plans_wave_number CHECK (wave_number >= 1),
    CONSTRAINT ck_wave_plans_status CHECK (status IN ('planned', 'in_progress', 'completed', 'delayed')),
    CONSTRAINT ck_wave_plans_overall_risk_level CHECK (overall_risk_level IN ('low', 'medium', 'high', 'critical')),
    CONSTRAINT ck_wave_plans_counts CHECK (completed_assets >= 0 AND completed_assets <= total_assets),
    CONSTRAINT ck_wave_plans_costs CHECK (
        estimated_effort_hours >= 0 AND estimated_cost >= 0 AND estimated_cost < 'infinity'),
    CONSTRAINT ck_wave_plans_scores CHECK (
        complexity_score >= 0 AND complexity_score <= 100 AND optimization_score >= 0 AND optimization_score <= 100
        AND progress_percentage >= 0 AND progress_percentage <= 100),
    CONSTRAINT ck_wave_plans_dates CHECK (
        planned_end_date >= planned_start_date AND actual_end_date >= actual_start_date)
);
COMMENT ON TABLE migration.wave_plans IS 'How a wave was planned: risk, constraints, order. Its execution is in migration_waves under the same number.';
COMMENT ON COLUMN migration.wave_plans.prerequisites IS 'JSON array of what has to be done first.';
COMMENT ON COLUMN migration.wave_plans.dependencies IS 'JSON array of wave_numbers that have to be finished first.';
COMMENT ON COLUMN migration.wave_plans.constraints IS 'JSON array, such as times in which nothing may change.';
COMMENT ON COLUMN migration.wave_plans.complexity_score IS '0 to 100.';
COMMENT ON COLUMN migration.wave_plans.success_criteria IS 'JSON array.';
COMMENT ON COLUMN migration.wave_plans.ai_recommendations IS 'JSON. Kept from the platform; nothing writes it.';
COMMENT ON COLUMN migration.wave_plans.optimization_score IS '0 to 100: how few dependencies cross its border.';


-- 8. Audit. Append-only for the application: it may insert and read, not change or delete.

CREATE TABLE migration.access_audit_log (
    client_account_id   uuid            NOT NULL,
    id                  uuid            NOT NULL DEFAULT gen_random_uuid(),
    user_id             uuid            NOT NULL,
    action_type         varchar(50)     NOT NULL,
    resource_type       varchar(50),
    resource_id         varchar(255),
    engagement_id       uuid,
    result              varchar(20)     NOT NULL,
    reason              text,
    ip_address          varchar(45),
    user_agent          text,
    details             jsonb           NOT NULL DEFAULT '{}',
    previous_hash       bytea,
    entry_hash          bytea,
    created_at          timestamptz     NOT NULL DEFAULT now(),
    CONSTRAINT pk_access_audit_log PRIMARY KEY (client_account_id, id),
    CONSTRAINT uq_access_audit_log_previous_hash UNIQUE (client_account_id, previous_hash),
    CONSTRAINT uq_access_audit_log_entry_hash UNIQUE (client_account_id, entry_hash),
    CONSTRAINT fk_access_audit_log_client_account_id FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT fk_access_audit_log_user_id FOREIGN KEY (user_id) REFERENCES migration.users (id),
    CONSTRAINT ck_access_audit_log_action_type CHECK (action_type ~ '^[a-z][a-z0-9_.]*$'),
    CONSTRAINT ck_access_audit_log_result CHECK (result IN ('success', 'denied', 'error')),
    CONSTRAINT ck_access_audit_log_hashes CHECK (octet_length(previous_hash) = 32 AND octet_length(entry_hash) = 32)
);
COMMENT ON TABLE migration.access_audit_log IS 'Who did what in a client account. Events without a client account are in security_audit_logs.';
COMMENT ON COLUMN migration.access_audit_log.action_type IS 'Lower case, with dots: asset.update.';
COMMENT ON COLUMN migration.access_audit_log.details IS 'JSON object; never a secret.';
COMMENT ON COLUMN migration.access_audit_log.engagement_id IS 'Not a foreign key: the entry stays when the engagement goes.';
COMMENT ON COLUMN migration.access_audit_log.resource_id IS 'Not a foreign key: the entry stays when the resource goes.';
COMMENT ON COLUMN migration.access_audit_log.entry_hash IS
    'SHA-256 over the entry and previous_hash: one chain per client account. Null while entries are not chained.';
COMMENT ON COLUMN migration.access_audit_log.previous_hash IS 'entry_hash of the entry before; unique, so the chain can''t fork.';
CREATE INDEX ix_access_audit_log_created_at ON migration.access_audit_log (client_account_id, created_at DESC);
CREATE INDEX ix_access_audit_log_user_id ON migration.access_audit_log (client_account_id, user_id, created_at DESC);

-- Global, because a failed sign-in or a platform-wide change belongs to no client account.
CREATE TABLE migration.security_audit_logs (
    id                  uuid            NOT NULL DEFAULT gen_random_uuid(),
    event_type          varchar(100)    NOT NULL,
    event_category      varchar(50)     NOT NULL,
    severity            varchar(20)     NOT NULL DEFAULT 'info',
    actor_user_id       uuid,
    actor_email         varchar(255),
    actor_role          varchar(50),
    target_user_id      uuid,
    target_email        varchar(255),
    client_account_id   uuid,
    ip_address          varchar(45),
    user_agent          text,
    request_path        varchar(500),
    request_method      varchar(10),
    description         text            NOT NULL,
    details             jsonb           NOT NULL DEFAULT '{}',
    is_suspicious       boolean         NOT NULL DEFAULT false,
    requires_review     boolean         NOT NULL DEFAULT false,
    is_blocked          boolean         NOT NULL DEFAULT false,
    previous_hash       bytea,
    entry_hash          bytea,
    created_at          timestamptz     NOT NULL DEFAULT now(),
    CONSTRAINT pk_security_audit_logs PRIMARY KEY (id),
    CONSTRAINT uq_security_audit_logs_previous_hash UNIQUE (previous_hash),
    CONSTRAINT uq_security_audit_logs_entry_hash UNIQUE (entry_hash),
    CONSTRAINT fk_security_audit_logs_actor_user_id FOREIGN KEY (actor_user_id) REFERENCES migration.users (id),
    CONSTRAINT fk_security_audit_logs_target_user_id FOREIGN KEY (target_user_id) REFERENCES migration.users (id),
    CONSTRAINT fk_security_audit_logs_client_account_id
        FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT ck_security_audit_logs_event_type CHECK (event_type ~ '^[a-z][a-z0-9_.]*$'),
    CONSTRAINT ck_security_audit_logs_event_category CHECK (event_category ~ '^[a-z][a-z0-9_.]*$'),
    CONSTRAINT ck_security_audit_logs_severity CHECK (severity IN ('info', 'warning', 'critical')),
    CONSTRAINT ck_security_audit_logs_hashes CHECK (octet_length(previous_hash) = 32 AND octet_length(entry_hash) = 32)
);
COMMENT ON TABLE migration.security_audit_logs IS 'Security events of the platform: sign-ins, sessions, roles, approvals, refusals.';
COMMENT ON COLUMN migration.security_audit_logs.event_type IS 'Lower case, with dots: session.created.';
COMMENT ON COLUMN migration.security_audit_logs.details IS 'JSON object; never a secret.';
COMMENT ON COLUMN migration.security_audit_logs.requires_review IS 'Whether a person should look at it. Nothing lists them yet.';
COMMENT ON COLUMN migration.security_audit_logs.actor_user_id IS 'Null when nobody is known, as for a failed sign-in.';
COMMENT ON COLUMN migration.security_audit_logs.client_account_id IS 'Client account the event touches, if any. Not a tenant key.';
COMMENT ON COLUMN migration.security_audit_logs.entry_hash IS
    'SHA-256 over the entry and previous_hash: one chain for the table. Null while entries are not chained.';
COMMENT ON COLUMN migration.security_audit_logs.previous_hash IS 'entry_hash of the entry before; unique, so the chain can''t fork.';
CREATE INDEX ix_security_audit_logs_created_at ON migration.security_audit_logs (created_at DESC);
CREATE INDEX ix_security_audit_logs_actor_user_id ON migration.security_audit_logs (actor_user_id, created_at DESC);
CREATE INDEX ix_security_audit_logs_event_type ON migration.security_audit_logs (event_type, created_at DESC);


-- 9. What happened to this database: global tables, a few rows each

CREATE TABLE migration.boot_history (
    id                  uuid                NOT NULL DEFAULT gen_random_uuid(),
    started_at          timestamptz         NOT NULL,
    elapsed_ms          double precision    NOT NULL,
    outcome             varchar(20)         NOT NULL,
    failure_stage       varchar(50),
    failure_code        varchar(100),
    program             varchar(50)         NOT NULL,
    app_version         varchar(50)         NOT NULL,
    postgres_version    varchar(50)         NOT NULL,
    stages              jsonb               NOT NULL DEFAULT '[]',
    created_at          timestamptz         NOT NULL DEFAULT now(),
    CONSTRAINT pk_boot_history PRIMARY KEY (id),
    CONSTRAINT ck_boot_history_outcome CHECK (outcome IN ('ready', 'failed')),
    CONSTRAINT ck_boot_history_failure CHECK (
        (outcome = 'failed') = (failure_stage IS NOT NULL) AND (outcome = 'failed') = (failure_code IS NOT NULL)),
    CONSTRAINT ck_boot_history_elapsed_ms CHECK (elapsed_ms >= 0 AND elapsed_ms < 'infinity')
);
COMMENT ON TABLE migration.boot_history IS 'The latest boots with this database: how each went and how long it took.';
COMMENT ON COLUMN migration.boot_history.elapsed_ms IS 'Milliseconds from the first stage until ready, or until the red gate.';
COMMENT ON COLUMN migration.boot_history.failure_stage IS 'Stage of the red gate; null when the boot came to its end.';
COMMENT ON COLUMN migration.boot_history.failure_code IS 'Stable code of the failure, as in docs/errors.md.';
COMMENT ON COLUMN migration.boot_history.program IS 'What booted: the window or a command.';
COMMENT ON COLUMN migration.boot_history.stages IS 'JSON array of the stages that ran: name, status, detail, milliseconds.';

CREATE TABLE migration.snapshot_history (
    id              uuid            NOT NULL DEFAULT gen_random_uuid(),
    action          varchar(20)     NOT NULL,
    snapshot_id     uuid,
    snapshot_name   varchar(255),
    size_bytes      bigint,
    schema_digest   varchar(64),
    app_version     varchar(50)     NOT NULL,
    actor_user_id   uuid,
    created_at      timestamptz     NOT NULL DEFAULT now(),
    CONSTRAINT pk_snapshot_history PRIMARY KEY (id),
    CONSTRAINT fk_snapshot_history_actor_user_id FOREIGN KEY (actor_user_id) REFERENCES migration.users (id),
    CONSTRAINT ck_snapshot_history_action CHECK (action IN (
        'created', 'restored', 'renamed', 'deleted', 'put_back', 'exported', 'imported', 'reset', 'undone')),
    CONSTRAINT ck_snapshot_history_size_bytes CHECK (size_bytes >= 0)
);
COMMENT ON TABLE migration.snapshot_history IS
    'What was done with snapshots and resets. Written to the database that is live afterwards, so each state tells how it came to be.';
COMMENT ON COLUMN migration.snapshot_history.snapshot_id IS 'Null for a reset and its undoing. Not a key: snapshots are files.';
COMMENT ON COLUMN migration.snapshot_history.size_bytes IS 'Bytes of the snapshot''s file.';
COMMENT ON COLUMN migration.snapshot_history.schema_digest IS 'SHA-256 over the migrations that the snapshot''s database had, in hexadecimal.';
COMMENT ON COLUMN migration.snapshot_history.actor_user_id IS 'Null when the command line did it, or when that user is not in this state.';

CREATE TABLE migration.seed_history (
    id              uuid            NOT NULL DEFAULT gen_random_uuid(),
    profile         varchar(20)     NOT NULL,
    seed_number     bigint          NOT NULL,
    anchor_date     date            NOT NULL,
    row_count       bigint          NOT NULL,
    app_version     varchar(50)     NOT NULL,
    created_at      timestamptz     NOT NULL DEFAULT now(),
    CONSTRAINT pk_seed_history PRIMARY KEY (id),
    CONSTRAINT ck_seed_history_profile CHECK (profile IN ('demo', 'qa', 'empty', 'scale')),
    CONSTRAINT ck_seed_history_row_count CHECK (row_count >= 0)
);
COMMENT ON TABLE migration.seed_history IS 'With what this database was seeded. No row: not seeded yet.';
COMMENT ON COLUMN migration.seed_history.seed_number IS 'Number that the generated data follow from.';
COMMENT ON COLUMN migration.seed_history.anchor_date IS 'Day that counts as today in the generated data.';
COMMENT ON COLUMN migration.seed_history.row_count IS 'Rows that the seeding added.';


-- 10. History under Alembic's name, so that Alembic finds this database at the platform's first revision

CREATE TABLE migration.alembic_version (
    version_num varchar(255) NOT NULL,
    CONSTRAINT pk_alembic_version PRIMARY KEY (version_num)
);
COMMENT ON TABLE migration.alembic_version IS 'Alembic''s history table, kept in step with ours.';
INSERT INTO migration.alembic_version (version_num) VALUES ('001_comprehensive_initial_schema');


-- 11. Row-level security: every table that is not named here as global is tenant-owned

DO $$
DECLARE
    tenant_table text;
    has_backup constant boolean := EXISTS (SELECT FROM pg_roles WHERE rolname = 'drydock_backup');
BEGIN
    FOR tenant_table IN
        SELECT c.relname
        FROM pg_class c
        WHERE c.relnamespace = 'migration'::regnamespace
          AND c.relkind IN ('r', 'p')
          AND c.relname <> ALL (ARRAY['client_accounts', 'users', 'user_profiles', 'user_roles', 'user_account_associations',
                                      'client_access', 'sessions', 'security_audit_logs', 'boot_history', 'snapshot_history',
                                      'seed_history', 'alembic_version', '_sqlx_migrations'])
        ORDER BY c.relname
    LOOP
        EXECUTE format('ALTER TABLE migration.%I ENABLE ROW LEVEL SECURITY', tenant_table);
        EXECUTE format('ALTER TABLE migration.%I FORCE ROW LEVEL SECURITY', tenant_table);
        -- After a transaction that set it, the setting reads as an empty string, which is no uuid: hence nullif.
        EXECUTE format(
            'CREATE POLICY tenant_isolation ON migration.%I
                 USING (client_account_id = nullif(current_setting(''app.client_account_id'', true), '''')::uuid)
                 WITH CHECK (client_account_id = nullif(current_setting(''app.client_account_id'', true), '''')::uuid)',
            tenant_table);
        IF has_backup THEN
            EXECUTE format('CREATE POLICY backup_reads_all ON migration.%I FOR SELECT TO drydock_backup USING (true)', tenant_table);
        END IF;
    END LOOP;
END
$$;


-- 12. Rights

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'drydock_app') THEN
        GRANT USAGE ON SCHEMA migration TO drydock_app;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA migration TO drydock_app;
        REVOKE DELETE ON migration.client_accounts, migration.users, migration.user_profiles FROM drydock_app;
        REVOKE UPDATE, DELETE ON migration.access_audit_log, migration.security_audit_logs, migration.snapshot_history,
            migration.seed_history FROM drydock_app;
        REVOKE UPDATE ON migration.boot_history FROM drydock_app;
        REVOKE INSERT, UPDATE, DELETE ON migration.alembic_version FROM drydock_app;
        IF to_regclass('migration._sqlx_migrations') IS NOT NULL THEN
            REVOKE INSERT, UPDATE, DELETE ON migration._sqlx_migrations FROM drydock_app;
        END IF;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'drydock_readonly') THEN
        GRANT USAGE ON SCHEMA migration TO drydock_readonly;
        GRANT SELECT ON ALL TABLES IN SCHEMA migration TO drydock_readonly;
        -- Everything but what opens an account.
        REVOKE SELECT ON migration.users, migration.sessions FROM drydock_readonly;
        GRANT SELECT (id, email, first_name, last_name, is_active, is_verified, default_client_id, default_engagement_id, created_at,
                      updated_at, last_login) ON migration.users TO drydock_readonly;
        GRANT SELECT (id, user_id, created_at, last_seen_at, expires_at, revoked_at, revoked_reason, user_agent)
            ON migration.sessions TO drydock_readonly;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'drydock_backup') THEN
        GRANT USAGE ON SCHEMA migration TO drydock_backup;
        GRANT SELECT ON ALL TABLES IN SCHEMA migration TO drydock_backup;
    END IF;
END
$$;
