CREATE TYPE assessmenttype AS ENUM ('TECHNICAL', 'BUSINESS', 'SECURITY', 'COMPLIANCE', 'PERFORMANCE');
CREATE TYPE assessmentstatus AS ENUM ('PENDING', 'IN_PROGRESS', 'COMPLETED', 'REVIEWED', 'APPROVED', 'REJECTED');
CREATE TYPE risklevel AS ENUM ('LOW', 'MEDIUM', 'HIGH', 'CRITICAL');

CREATE TABLE client_accounts (id uuid PRIMARY KEY, name varchar(255) NOT NULL, slug varchar(100) NOT NULL UNIQUE);
CREATE TABLE users (
    id uuid PRIMARY KEY,
    email varchar(255) NOT NULL UNIQUE,
    password_hash varchar(255),
    first_name varchar(100),
    last_name varchar(100),
    is_active boolean NOT NULL DEFAULT true,
    is_verified boolean NOT NULL DEFAULT false,
    default_client_id uuid REFERENCES client_accounts
);
CREATE TABLE engagements (
    id uuid PRIMARY KEY,
    client_account_id uuid NOT NULL REFERENCES client_accounts,
    name varchar(255) NOT NULL,
    status varchar(50) NOT NULL DEFAULT 'active'
);
CREATE TABLE user_profiles (
    user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    status varchar(20) NOT NULL DEFAULT 'PENDING_APPROVAL',
    requested_access_level varchar(20) NOT NULL DEFAULT 'READ_ONLY'
);
CREATE TABLE user_roles (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    role_type varchar(50) NOT NULL,
    is_active boolean NOT NULL DEFAULT true,
    UNIQUE (user_id, role_type)
);
CREATE TABLE user_account_associations (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    client_account_id uuid NOT NULL REFERENCES client_accounts,
    role varchar(50) NOT NULL,
    UNIQUE (user_id, client_account_id)
);
CREATE TABLE client_access (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_profile_id uuid NOT NULL REFERENCES user_profiles ON DELETE CASCADE,
    client_account_id uuid NOT NULL REFERENCES client_accounts,
    access_level varchar(20) NOT NULL
);
CREATE TABLE engagement_access (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_profile_id uuid NOT NULL REFERENCES user_profiles ON DELETE CASCADE,
    engagement_id uuid NOT NULL REFERENCES engagements,
    access_level varchar(20) NOT NULL
);
CREATE TABLE crewai_flow_state_extensions (
    id uuid PRIMARY KEY, client_account_id uuid NOT NULL, engagement_id uuid NOT NULL, flow_id uuid NOT NULL, flow_type varchar(50) NOT NULL
);
CREATE TABLE data_imports (
    id uuid PRIMARY KEY, client_account_id uuid NOT NULL, engagement_id uuid NOT NULL, import_name varchar(255) NOT NULL, status varchar(20) NOT NULL
);
CREATE TABLE discovery_flows (
    id uuid PRIMARY KEY, client_account_id uuid NOT NULL, engagement_id uuid NOT NULL, flow_name varchar(255) NOT NULL, status varchar(20) NOT NULL
);
CREATE TABLE raw_import_records (id uuid PRIMARY KEY, client_account_id uuid, data_import_id uuid NOT NULL REFERENCES data_imports, raw_data json);
CREATE TABLE import_field_mappings (
    id uuid PRIMARY KEY, client_account_id uuid NOT NULL, data_import_id uuid NOT NULL REFERENCES data_imports, source_field varchar(255), target_field varchar(255)
);
CREATE TABLE assessments (
    id uuid PRIMARY KEY,
    client_account_id uuid NOT NULL,
    engagement_id uuid NOT NULL,
    assessment_type assessmenttype NOT NULL,
    status assessmentstatus NOT NULL,
    risk_level risklevel
);
CREATE TABLE migration_waves (id uuid PRIMARY KEY, client_account_id uuid NOT NULL, engagement_id uuid NOT NULL, wave_number int NOT NULL);
CREATE TABLE assets (
    id uuid PRIMARY KEY,
    client_account_id uuid NOT NULL REFERENCES client_accounts,
    engagement_id uuid NOT NULL REFERENCES engagements,
    name varchar(255) NOT NULL,
    asset_type varchar(50)
);
CREATE TABLE assessment_flows (id uuid PRIMARY KEY, client_account_id uuid NOT NULL, engagement_id uuid NOT NULL, status varchar(50) NOT NULL);
CREATE TABLE engagement_architecture_standards (id uuid PRIMARY KEY, engagement_id uuid NOT NULL, requirement_type varchar(100) NOT NULL);
CREATE TABLE application_architecture_overrides (id uuid PRIMARY KEY, assessment_flow_id uuid NOT NULL REFERENCES assessment_flows);
CREATE TABLE application_components (id uuid PRIMARY KEY, assessment_flow_id uuid NOT NULL REFERENCES assessment_flows, component_name varchar(255));
CREATE TABLE tech_debt_analysis (id uuid PRIMARY KEY, assessment_flow_id uuid NOT NULL REFERENCES assessment_flows);
CREATE TABLE component_treatments (id uuid PRIMARY KEY, assessment_flow_id uuid NOT NULL REFERENCES assessment_flows);
CREATE TABLE sixr_decisions (id uuid PRIMARY KEY, assessment_flow_id uuid NOT NULL REFERENCES assessment_flows, overall_strategy varchar(20));
CREATE TABLE assessment_learning_feedback (id uuid PRIMARY KEY, assessment_flow_id uuid NOT NULL REFERENCES assessment_flows);

CREATE TABLE agent_discovered_patterns (
    id uuid PRIMARY KEY,
    client_account_id uuid NOT NULL,
    pattern_name varchar(255) NOT NULL,
    embedding vector(384)
);
CREATE INDEX ix_agent_discovered_patterns_client ON agent_discovered_patterns (client_account_id);

CREATE TABLE alembic_version (version_num varchar(255) NOT NULL CONSTRAINT alembic_version_pkc PRIMARY KEY);
INSERT INTO alembic_version VALUES ('042_add_vector_search_to_agent_patterns');
