-- Everything a person could miss after a restore, as lines in a fixed order. Run by psql as superuser.
set search_path = pg_catalog;
set timezone = 'UTC';
set extra_float_digits = 1;

create temporary view ours as
    select c.* from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and n.nspname !~ '^pg_temp|^pg_toast'
      and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e');

create temporary view acl as
    select kind, object, sub, acl.grantee::regrole::text as grantee, acl.grantor::regrole::text as grantor, acl.privilege_type, acl.is_grantable
    from (
        select 'relation' as kind, oid::regclass::text as object, 0 as sub,
               coalesce(relacl, acldefault(case relkind when 'S' then 's' else 'r' end::"char", relowner)) as list
        from ours where relkind in ('r', 'p', 'v', 'm', 'S')
        union all select 'column', attrelid::regclass::text, attnum, attacl
        from pg_attribute where attrelid in (select oid from ours) and attacl is not null
        union all select 'schema', nspname, 0, coalesce(nspacl, acldefault('n', nspowner))
        from pg_namespace where nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and nspname !~ '^pg_temp|^pg_toast'
        union all select 'function', oid::regprocedure::text, 0, coalesce(proacl, acldefault('f', proowner))
        from pg_proc p where oid >= 16384 and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
        union all select 'type', oid::regtype::text, 0, coalesce(typacl, acldefault('T', typowner))
        from pg_type t where oid >= 16384 and typtype in ('e', 'd') and not exists (select from pg_depend d where d.objid = t.oid and d.deptype = 'e')
        union all select 'large object', oid::text, 0, coalesce(lomacl, acldefault('L', lomowner)) from pg_largeobject_metadata
    ) objects, aclexplode(list) as acl;

\echo relations
select oid::regclass::text, relkind, relowner::regrole::text, relpersistence, relrowsecurity, relforcerowsecurity, relreplident, reloptions, relispartition,
       pg_get_expr(relpartbound, oid)
from ours where relkind <> 'i' and relkind <> 'I' order by 1;
\echo columns
select attrelid::regclass::text, row_number() over (partition by attrelid order by attnum), attname, format_type(atttypid, atttypmod), attnotnull, attidentity,
       attgenerated, attstorage, attcompression, attstattarget, pg_get_expr(adbin, adrelid)
from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum
where attrelid in (select oid from ours where relkind in ('r', 'p', 'v', 'm')) and attnum > 0 and not attisdropped order by attrelid::regclass::text, attnum;
\echo rights
select * from acl order by kind, object, sub, grantee, grantor, privilege_type;
\echo default rights
select defaclrole::regrole::text, defaclnamespace::regnamespace::text, defaclobjtype, a.* from pg_default_acl, aclexplode(defaclacl) a
order by defaclrole::regrole::text, defaclnamespace::regnamespace::text, defaclobjtype, a.grantee::regrole::text, a.privilege_type;
\echo policies
select schemaname, tablename, policyname, permissive, roles, cmd, qual, with_check from pg_policies order by 1, 2, 3;
\echo constraints
select conrelid::regclass::text, conname, convalidated, pg_get_constraintdef(oid) from pg_constraint
where conrelid in (select oid from ours) or contypid in (select oid from pg_type where oid >= 16384 and typtype = 'd') order by 1, conname;
\echo indexes
select indexrelid::regclass::text, indisclustered, indisreplident, indisvalid, pg_get_indexdef(indexrelid) from pg_index where indrelid in (select oid from ours) order by 1;
\echo triggers
select tgrelid::regclass::text, tgname, tgenabled, pg_get_triggerdef(oid) from pg_trigger where not tgisinternal order by 1, 2;
\echo functions
select oid::regprocedure::text, proowner::regrole::text, pg_get_functiondef(oid) from pg_proc p
where oid >= 16384 and prokind <> 'a' and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e') order by 1;
\echo views
select oid::regclass::text, relispopulated, pg_get_viewdef(oid) from ours where relkind in ('v', 'm') order by 1;
\echo types
select t.oid::regtype::text, typtype, typowner::regrole::text, typnotnull, typdefault, (select string_agg(enumlabel, ',' order by enumsortorder) from pg_enum where enumtypid = t.oid)
from pg_type t where oid >= 16384 and typtype in ('e', 'd') order by 1;
\echo statistics
select stxname, pg_get_statisticsobjdef(oid) from pg_statistic_ext order by 1;
\echo comments
select i.type, i.identity, description from pg_description d, pg_identify_object(classoid, objoid, objsubid) i where objoid >= 16384 order by 1, 2;
\echo owned sequences
select objid::regclass::text, refobjid::regclass::text, refobjsubid > 0, deptype from pg_depend
where classid = 'pg_class'::regclass and refclassid = 'pg_class'::regclass and deptype in ('a', 'i')
  and objid in (select oid from ours where relkind = 'S') order by 1;
\echo sequences
select schemaname, sequencename, data_type, start_value, min_value, max_value, increment_by, cycle, cache_size from pg_sequences order by 1, 2;
select format('select %L, last_value, is_called from %s', oid::regclass::text, oid::regclass) from ours where relkind = 'S' order by oid::regclass::text \gexec
\echo large objects
select oid, lomowner::regrole::text, md5(lo_get(oid)) from pg_largeobject_metadata order by 1;
\echo rows
select format('select %L, count(*), md5(coalesce(string_agg(t::text, chr(10) order by t::text), %L)) from only %s t', oid::regclass::text, '', oid::regclass)
from ours where relkind in ('r', 'm') order by oid::regclass::text \gexec
