-- In what state the catalogue's own rows about schema "migration" are. Whatever changes the schema makes a new version of some row,
-- by another transaction, so that nothing changed as long as this answer is the same; and it is cheaper to ask for than what is
-- there. Copies of a database that the server makes keep it, dumps don't.
--   Read are: tables and indexes (a rule changes its table's row); columns (a default changes its column's row); what of an index
-- says whether it is valid; constraints, policies, triggers; the schema itself; and what else was put into it, of which there is nothing
-- in a whole one, or into "public", where there is what an extension has brought.
WITH own (id, version) AS MATERIALIZED (
    SELECT oid, xmin FROM pg_class WHERE relnamespace = to_regnamespace('migration')
),
seen (kind, id, part, version) AS (
    SELECT 1, id, 0, version FROM own
    UNION ALL SELECT 2, a.attrelid, a.attnum, a.xmin FROM pg_attribute a
              WHERE a.attrelid = ANY (ARRAY(SELECT id FROM own)) AND a.attnum > 0
    UNION ALL SELECT 3, indexrelid, 0, xmin FROM pg_index WHERE indexrelid = ANY (ARRAY(SELECT id FROM own))
    UNION ALL SELECT 4, oid, 0, xmin FROM pg_constraint
    UNION ALL SELECT 5, oid, 0, xmin FROM pg_policy
    UNION ALL SELECT 6, oid, 0, xmin FROM pg_trigger
    UNION ALL SELECT 7, oid, 0, xmin FROM pg_namespace WHERE nspname = 'migration'
    UNION ALL SELECT 8, objid, objsubid, xmin FROM pg_depend
              WHERE refclassid = 'pg_namespace'::regclass
                AND refobjid IN (to_regnamespace('migration'), to_regnamespace('public'))
)
SELECT format('%s-%s', count(*), to_hex(bit_xor(hash_record_extended((kind, id, part, version), 0)))) AS "state!",
       obj_description(to_regnamespace('migration'), 'pg_namespace') AS note
FROM seen
