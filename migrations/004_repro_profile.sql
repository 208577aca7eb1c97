-- What was taken in from a deployment is told apart from what was seeded.

ALTER TABLE migration.seed_history
    DROP CONSTRAINT ck_seed_history_profile,
    ADD CONSTRAINT ck_seed_history_profile CHECK (profile IN ('demo', 'qa', 'empty', 'scale', 'repro'));
