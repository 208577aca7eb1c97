-- Audit entries that are chained without exception, and what sign-in remembers: attempts by address, and how strong a password hash is made.
--
-- Both audit logs get an entry_number, the place in their chain, and what of the request they lacked. Entries from before are chained here, in
-- the order in which they were written, with the encoding that docs/audit.md describes.


-- 1. The audit logs

ALTER TABLE migration.security_audit_logs
    ADD COLUMN entry_number     bigint,
    ADD COLUMN request_id       varchar(64);
ALTER TABLE migration.access_audit_log
    ADD COLUMN entry_number     bigint,
    ADD COLUMN request_id       varchar(64),
    ADD COLUMN request_method   varchar(10),
    ADD COLUMN request_path     varchar(500);

CREATE TABLE migration.audit_chains (
    id                  uuid            NOT NULL DEFAULT gen_random_uuid(),
    client_account_id   uuid,
    entry_count         bigint          NOT NULL DEFAULT 0,
    head_hash           bytea           NOT NULL,
    last_entry_at       timestamptz     NOT NULL DEFAULT now(),
    created_at          timestamptz     NOT NULL DEFAULT now(),
    CONSTRAINT pk_audit_chains PRIMARY KEY (id),
    CONSTRAINT uq_audit_chains_client_account_id UNIQUE NULLS NOT DISTINCT (client_account_id),
    CONSTRAINT fk_audit_chains_client_account_id FOREIGN KEY (client_account_id) REFERENCES migration.client_accounts (id),
    CONSTRAINT ck_audit_chains_entry_count CHECK (entry_count >= 0),
    CONSTRAINT ck_audit_chains_head_hash CHECK (octet_length(head_hash) = 32)
);
COMMENT ON TABLE migration.audit_chains IS
    'Where each chain of audit entries ends. Its row is locked while an entry is added, so a chain does not fork; a log with fewer entries than this was cut.';
COMMENT ON COLUMN migration.audit_chains.client_account_id IS 'Whose access_audit_log it is. Null: security_audit_logs.';
COMMENT ON COLUMN migration.audit_chains.entry_count IS 'Entries in the chain, which is also the last one''s entry_number.';
COMMENT ON COLUMN migration.audit_chains.head_hash IS 'entry_hash of the last entry; before the first one, what the first one has as previous_hash.';
COMMENT ON COLUMN migration.audit_chains.last_entry_at IS 'created_at of the last entry. The next one is not earlier, whatever the clock says.';

DO $$
DECLARE
    chain       uuid;
    entry       record;
    field       text;
    fields      text[];
    bytes       bytea;
    previous    bytea;
    number      bigint;
BEGIN
    FOR chain IN SELECT NULL UNION ALL (SELECT c.id FROM migration.client_accounts c ORDER BY c.id) LOOP
        PERFORM set_config('app.client_account_id', coalesce(chain::text, ''), true);
        previous := sha256(convert_to('drydock audit chain ' || coalesce(chain::text, 'security'), 'UTF8'));
        number := 0;
        FOR entry IN
            SELECT s.id, s.created_at, ARRAY[
                'security_audit_logs', s.event_type, s.event_category, s.severity, s.actor_user_id::text, s.actor_email, s.actor_role,
                s.target_user_id::text, s.target_email, s.client_account_id::text, s.ip_address, s.user_agent, s.request_id,
                s.request_method, s.request_path, s.description, s.details::text, s.is_suspicious::text, s.requires_review::text,
                s.is_blocked::text] AS fields
            FROM migration.security_audit_logs s
            WHERE chain IS NULL
            UNION ALL
            SELECT a.id, a.created_at, ARRAY[
                'access_audit_log', a.client_account_id::text, a.user_id::text, a.action_type, a.resource_type, a.resource_id,
                a.engagement_id::text, a.result, a.reason, a.ip_address, a.user_agent, a.request_id, a.request_method,
                a.request_path, a.details::text]
            FROM migration.access_audit_log a
            WHERE chain IS NOT NULL
            ORDER BY 2, 1
        LOOP
            number := number + 1;
            fields := entry.fields || ARRAY[
                number::text, entry.id::text, trunc(extract(epoch FROM entry.created_at) * 1000000)::bigint::text];
            bytes := previous;
            FOREACH field IN ARRAY fields LOOP
                bytes := bytes || CASE
                    WHEN field IS NULL THEN '\x00'::bytea
                    ELSE '\x01'::bytea || int4send(octet_length(convert_to(field, 'UTF8'))) || convert_to(field, 'UTF8')
                END;
            END LOOP;
            IF chain IS NULL THEN
                UPDATE migration.security_audit_logs
                SET entry_number = number, previous_hash = previous, entry_hash = sha256(bytes) WHERE id = entry.id;
            ELSE
                UPDATE migration.access_audit_log
                SET entry_number = number, previous_hash = previous, entry_hash = sha256(bytes)
                WHERE client_account_id = chain AND id = entry.id;
            END IF;
            previous := sha256(bytes);
        END LOOP;
        IF number > 0 THEN
            INSERT INTO migration.audit_chains (client_account_id, entry_count, head_hash) VALUES (chain, number, previous);
        END IF;
    END LOOP;
    PERFORM set_config('app.client_account_id', '', true);
END
$$;

ALTER TABLE migration.security_audit_logs
    ALTER COLUMN entry_number SET NOT NULL,
    ALTER COLUMN previous_hash SET NOT NULL,
    ALTER COLUMN entry_hash SET NOT NULL,
    ADD CONSTRAINT uq_security_audit_logs_entry_number UNIQUE (entry_number),
    ADD CONSTRAINT ck_security_audit_logs_entry_number CHECK (entry_number > 0);
ALTER TABLE migration.access_audit_log
    ALTER COLUMN entry_number SET NOT NULL,
    ALTER COLUMN previous_hash SET NOT NULL,
    ALTER COLUMN entry_hash SET NOT NULL,
    ADD CONSTRAINT uq_access_audit_log_entry_number UNIQUE (client_account_id, entry_number),
    ADD CONSTRAINT ck_access_audit_log_entry_number CHECK (entry_number > 0);

COMMENT ON COLUMN migration.security_audit_logs.entry_number IS 'Place in the chain, from 1 without a gap.';
COMMENT ON COLUMN migration.security_audit_logs.request_id IS 'The request''s id, as in the answer''s x-request-id.';
COMMENT ON COLUMN migration.security_audit_logs.entry_hash IS 'SHA-256 over previous_hash and the entry: one chain for the table.';
COMMENT ON COLUMN migration.security_audit_logs.requires_review IS 'Whether a person should look at it; the view can show these alone.';
COMMENT ON COLUMN migration.access_audit_log.entry_number IS 'Place in the client account''s chain, from 1 without a gap.';
COMMENT ON COLUMN migration.access_audit_log.request_id IS 'The request''s id, as in the answer''s x-request-id.';
COMMENT ON COLUMN migration.access_audit_log.entry_hash IS 'SHA-256 over previous_hash and the entry: one chain per client account.';


-- 2. Sign-in

COMMENT ON COLUMN migration.user_profiles.failed_login_attempts IS 'Failed sign-ins since the last success. What delays the next one is in sign_in_attempts.';

CREATE TABLE migration.sign_in_attempts (
    address_hash    bytea           NOT NULL,
    failures        integer         NOT NULL,
    last_failed_at  timestamptz     NOT NULL,
    blocked_until   timestamptz     NOT NULL,
    is_noted        boolean         NOT NULL DEFAULT false,
    created_at      timestamptz     NOT NULL DEFAULT now(),
    CONSTRAINT pk_sign_in_attempts PRIMARY KEY (address_hash),
    CONSTRAINT ck_sign_in_attempts_address_hash CHECK (octet_length(address_hash) = 32),
    CONSTRAINT ck_sign_in_attempts_failures CHECK (failures > 0)
);
COMMENT ON TABLE migration.sign_in_attempts IS
    'Addresses with which sign-in failed lately, known or not, and until when the next attempt has to wait. Removed by a success or an hour of quiet.';
COMMENT ON COLUMN migration.sign_in_attempts.address_hash IS 'SHA-256 of the lower-case address: an address that nobody has here is not kept.';
COMMENT ON COLUMN migration.sign_in_attempts.is_noted IS 'Whether the security log tells of an attempt in the wait that now runs.';
COMMENT ON COLUMN migration.sign_in_attempts.failures IS 'Attempts that were let through and did not succeed, or have not yet.';
CREATE INDEX ix_sign_in_attempts_last_failed_at ON migration.sign_in_attempts (last_failed_at);

CREATE TABLE migration.password_parameters (
    id              uuid            NOT NULL DEFAULT gen_random_uuid(),
    passes          integer         NOT NULL,
    hash_ms         double precision NOT NULL,
    created_at      timestamptz     NOT NULL DEFAULT now(),
    CONSTRAINT pk_password_parameters PRIMARY KEY (id),
    CONSTRAINT ck_password_parameters_passes CHECK (passes >= 2 AND passes <= 16),
    CONSTRAINT ck_password_parameters_hash_ms CHECK (hash_ms > 0 AND hash_ms < 'infinity')
);
COMMENT ON TABLE migration.password_parameters IS
    'How strong password hashes of this database are made, as machines were measured: the most passes of any row count, 2 where there is none.';
COMMENT ON COLUMN migration.password_parameters.passes IS 'Passes of Argon2id over 19 MiB.';
COMMENT ON COLUMN migration.password_parameters.hash_ms IS 'Milliseconds that such a hash took on the machine that was measured.';


-- 3. Rights

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'drydock_app') THEN
        GRANT SELECT, INSERT, UPDATE ON migration.audit_chains TO drydock_app;
        GRANT SELECT, INSERT, UPDATE, DELETE ON migration.sign_in_attempts TO drydock_app;
        GRANT SELECT, INSERT ON migration.password_parameters TO drydock_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'drydock_readonly') THEN
        GRANT SELECT ON migration.audit_chains, migration.sign_in_attempts, migration.password_parameters TO drydock_readonly;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'drydock_backup') THEN
        GRANT SELECT ON migration.audit_chains, migration.sign_in_attempts, migration.password_parameters TO drydock_backup;
    END IF;
END
$$;
