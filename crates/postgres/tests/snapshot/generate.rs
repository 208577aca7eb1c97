//! Random databases: a script for psql out of a seed.

use std::fmt::Write;

/// SplitMix64: the same seed gives the same database everywhere.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Less than `limit`.
    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// With a chance of one in `odds`.
    fn one_in(&mut self, odds: u64) -> bool {
        self.below(odds) == 0
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }
}

const ROLES: [&str; 5] = ["drydock_app", "drydock_readonly", "drydock_backup", r#""Odd ""Röle""#, "public"];

const ODD: [&str; 16] =
    ["a", "Z", "9", " ", "'", "\"", "\\", "$", "%", "ü", "表", ";", "--", "/*", "select", "🦀"];

/// What a text can be. A line of COPY ends with `\.`; NULL is `\N` there.
const TEXTS: [&str; 16] = [
    "",
    " ",
    "\\N",
    "\\.",
    "\n",
    "\r\n",
    "\t",
    "a\tb\nc",
    "NULL",
    "'",
    "\"",
    "\\",
    "ÄÖÜ ß",
    "漢字🦀",
    "e\u{301}",
    "{\"json\": null}",
];

fn identifier(random: &mut Random, number: u64) -> String {
    let mut name = String::new();
    for _ in 0..random.below(5) {
        name.push_str(random.pick(&ODD));
    }
    // The number makes it the only one of its name.
    format!("\"{}\"", format!("{name}{number}").replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn text(random: &mut Random) -> String {
    let parts = random.below(4);
    literal(&(0..parts).map(|_| random.pick(&TEXTS)).collect::<String>())
}

/// Writes a random value.
type Value = fn(&mut Random) -> String;

/// A type and how to write a value of it.
const TYPES: [(&str, Value); 18] = [
    ("text", text),
    ("varchar(40)", |random| format!("left({}, 40)", text(random))),
    ("integer", |random| format!("{}", random.next() as i32)),
    ("bigint", |random| format!("{}", random.next() as i64)),
    ("numeric", |random| {
        random.pick(&["'NaN'", "0.000000000000000000000001", "-1e30", "12.340", "'Infinity'"]).into()
    }),
    ("double precision", |random| {
        random.pick(&["'NaN'", "'-Infinity'", "0.1", "-0.0", "1e-320", "1.7976931348623157e308"]).into()
    }),
    ("boolean", |random| random.pick(&["true", "false"]).into()),
    ("bytea", |random| format!("decode('{:016x}00ff5c', 'hex')", random.next())),
    ("jsonb", |random| {
        literal(random.pick(&[
            "null",
            "{}",
            "[1, 2.50, \"\\u00e4\\n\"]",
            "{\"a\": {\"b\": [null]}}",
            "\"\\\\N\"",
        ]))
    }),
    ("json", |random| literal(random.pick(&["null", "{ \"b\" : 1,\n \"a\":2, \"b\":3 }", "  [ ]"]))),
    ("timestamptz", |random| {
        random
            .pick(&["'infinity'", "'4713-01-01 00:00:00Z BC'", "'2026-02-28 23:59:59.999999+14'", "now()"])
            .into()
    }),
    ("date", |random| random.pick(&["'-infinity'", "'2024-02-29'"]).into()),
    ("interval", |random| random.pick(&["'1 mon -3 days 00:00:00.000001'", "'-178000000 years'"]).into()),
    ("uuid", |_| "gen_random_uuid()".into()),
    ("text[]", |random| format!("array[{}, null, {}]", text(random), text(random))),
    ("public.vector(3)", |random| format!("'[{},-1.5,{}e-3]'", random.below(9), random.below(9))),
    ("int4range", |random| format!("'[{},{})'", random.below(5), 5 + random.below(5))),
    ("tsvector", |random| format!("to_tsvector('simple', {})", text(random))),
];

/// A table that others can refer to.
struct Table {
    name: String,
    key: String,
    /// A column of text.
    first: String,
    /// Whether row-level security is forced on it.
    closed: bool,
}

/// A script that fills an empty database, run by its owner.
pub(crate) fn script(seed: u64) -> String {
    let random = &mut Random::new(seed);
    let mut out = String::from("begin;\ncreate schema migration;\n");
    let odd = identifier(random, 0);
    writeln!(out, "create schema {odd};").unwrap();
    for schema in ["migration", &odd] {
        writeln!(out, "grant usage on schema {schema} to {};", random.pick(&ROLES)).unwrap();
    }
    if random.one_in(2) {
        let schema = random.pick(&["", "in schema migration"]);
        writeln!(out, "alter default privileges {schema} grant select on tables to {};", random.pick(&ROLES))
            .unwrap();
        writeln!(out, "alter default privileges {schema} revoke execute on functions from public;").unwrap();
    }
    types(random, &mut out);
    let mut tables: Vec<Table> = Vec::new();
    for number in 1..=1 + random.below(6) {
        let schema = random.pick(&["migration", &*odd]).to_owned();
        let made = table(random, &mut out, &schema, number * 100, &tables);
        tables.push(made);
    }
    partitions(random, &mut out);
    functions(random, &mut out, &tables);
    sequences(random, &mut out);
    if random.one_in(3) {
        out.push_str("create unlogged table migration.cache (n serial);\ninsert into migration.cache default values;\n");
    }
    for (number, table) in (0_u64..).zip(&tables) {
        rights(random, &mut out, table);
        row_security(random, &mut out, table, number);
    }
    if random.one_in(3) {
        writeln!(out, "select lo_from_bytea(0, decode('{:016x}00', 'hex')) as large \\gset", random.next())
            .unwrap();
        writeln!(out, "grant select on large object :large to {};", random.pick(&ROLES)).unwrap();
        writeln!(out, "comment on large object :large is {};", text(random)).unwrap();
    }
    out.push_str("commit;\n");
    out
}

fn types(random: &mut Random, out: &mut String) {
    let label = literal(random.pick(&["old", "two words", "\\", "ä"]));
    writeln!(out, "create type migration.state as enum ('new', {label}, 'it''s');").unwrap();
    writeln!(out, "create domain migration.positive as integer not null default 7 constraint \"above 0\" check (value > 0);").unwrap();
    writeln!(out, "grant usage on type migration.state to {};", random.pick(&ROLES)).unwrap();
}

fn table(random: &mut Random, out: &mut String, schema: &str, number: u64, others: &[Table]) -> Table {
    let name = format!("{schema}.{}", identifier(random, number));
    let key = identifier(random, number + 1);
    let first = identifier(random, number + 2);
    let key_type = random.pick(&[
        "bigint generated always as identity",
        "integer generated by default as identity (start 1000 increment -7 minvalue -100000 maxvalue 1000)",
        "bigserial",
    ]);
    let mut columns = vec![format!("{key} {key_type} primary key"), format!("{first} text")];
    let mut values: Vec<(String, Value)> = vec![(first.clone(), text)];
    for at in 3..3 + random.below(7) {
        let (kind, value) = TYPES[usize::try_from(random.below(TYPES.len() as u64)).unwrap()];
        let column = identifier(random, number + at);
        columns.push(format!("{column} {kind}"));
        values.push((column, value));
    }
    columns.push(format!("\"generated\" text generated always as (upper({first}) || '%') stored"));
    columns.push("state migration.state default 'it''s'".into());
    columns.push("positive migration.positive".into());
    let referred = if others.is_empty() || random.one_in(2) {
        None
    } else {
        Some(&others[usize::try_from(random.below(others.len() as u64)).unwrap()])
    };
    if let Some(Table { name, key, .. }) = referred {
        let rule = random.pick(&["", "on delete cascade", "deferrable initially deferred"]);
        columns.push(format!("\"other\" bigint references {name} ({key}) {rule}"));
    }
    writeln!(out, "create table {name} ({});", columns.join(", ")).unwrap();

    let names: Vec<_> = values.iter().map(|(name, _)| name.as_str()).collect();
    for _ in 0..random.below(60) {
        let row: Vec<_> = values
            .iter()
            .map(|(_, value)| if random.one_in(5) { "null".into() } else { value(random) })
            .collect();
        writeln!(out, "insert into {name} ({}) values ({});", names.join(", "), row.join(", ")).unwrap();
    }
    if let Some(Table { name: other, key, .. }) = referred {
        writeln!(out, "update {name} set \"other\" = (select max({key}) from {other});").unwrap();
        out.push_str("set constraints all immediate;\n");
    }
    if random.one_in(2) {
        writeln!(out, "create index on {name} (lower({first}) text_pattern_ops) where {first} <> '';")
            .unwrap();
    }
    if random.one_in(3) {
        writeln!(out, "alter table {name} add column vector public.vector(2) default '[0.5,-1]';").unwrap();
        writeln!(out, "create index on {name} using hnsw (vector public.vector_cosine_ops);").unwrap();
    }
    if random.one_in(3) {
        writeln!(out, "alter table {name} add column gone text, add column late bigint not null default 3;\nalter table {name} drop column gone;").unwrap();
        writeln!(out, "create statistics migration.statistics{number} on late, {key} from {name};").unwrap();
        writeln!(out, "alter table {name} alter column {first} set storage external;").unwrap();
    }
    if random.one_in(2) {
        writeln!(out, "comment on table {name} is {};", text(random)).unwrap();
        writeln!(out, "comment on column {name}.{first} is {};", text(random)).unwrap();
    }
    if random.one_in(3) {
        writeln!(out, "create view migration.view{number} with (security_barrier) as select {first}, {key} from {name} where {key} > 0;").unwrap();
    }
    Table { name, key, first, closed: !random.one_in(3) }
}

fn partitions(random: &mut Random, out: &mut String) {
    if random.one_in(2) {
        return;
    }
    out.push_str(
        "create table migration.event (id bigint generated always as identity, at date not null, what jsonb, primary key (id, at)) partition by range (at);
create table migration.event_2025 partition of migration.event for values from ('2025-01-01') to ('2026-01-01');
create table migration.event_rest partition of migration.event default;\n",
    );
    for _ in 0..random.below(40) {
        let (year, day) = (2024 + random.below(3), 1 + random.below(28));
        writeln!(out, "insert into migration.event (at, what) values ('{year}-02-{day}', '{{}}');").unwrap();
    }
}

fn functions(random: &mut Random, out: &mut String, tables: &[Table]) {
    let body = literal(&format!(
        "begin new.positive := coalesce(new.positive, 1); return new; end -- {}",
        random.pick(&["$$", "'", "\\"])
    ));
    writeln!(out, "create function migration.touch() returns trigger language plpgsql as {body};").unwrap();
    writeln!(out, "create function migration.\"double it\"(n integer default 1, variadic more text[] default '{{}}') returns bigint language sql stable strict security definer set search_path = migration as 'select n * 2::bigint';").unwrap();
    writeln!(out, "revoke execute on function migration.\"double it\"(integer, text[]) from public;")
        .unwrap();
    writeln!(
        out,
        "grant execute on function migration.\"double it\"(integer, text[]) to {};",
        random.pick(&ROLES)
    )
    .unwrap();
    for (number, table) in tables.iter().enumerate() {
        if random.one_in(3) {
            writeln!(out, "create trigger \"touch it\" before insert or update of positive on {} for each row execute function migration.touch();", table.name).unwrap();
            if random.one_in(2) {
                writeln!(out, "alter table {} disable trigger \"touch it\";", table.name).unwrap();
            }
        }
        // It is read as the owner, whom forced row-level security binds: where that is on, it cannot be refreshed.
        if !table.closed && random.one_in(2) {
            writeln!(out, "create materialized view migration.summary{number} as select count(*) as rows, max({}) from {};", table.first, table.name).unwrap();
        }
    }
}

fn sequences(random: &mut Random, out: &mut String) {
    for number in 0..random.below(4) {
        let name = format!("migration.{}", identifier(random, 900 + number));
        let options = random.pick(&["", "as smallint cycle", "increment -5 maxvalue 0", "start 5 cache 20"]);
        writeln!(out, "create sequence {name} {options};").unwrap();
        match random.below(3) {
            0 => {}
            1 => writeln!(out, "select nextval({});", literal(&name)).unwrap(),
            _ => {
                let value = if options.contains("-5") { "-77" } else { "77" };
                let called = random.pick(&["true", "false"]);
                writeln!(out, "select setval({}, {value}, {called});", literal(&name)).unwrap();
            }
        }
        writeln!(out, "grant usage on sequence {name} to {};", random.pick(&ROLES)).unwrap();
    }
}

fn rights(random: &mut Random, out: &mut String, table: &Table) {
    let Table { name, first, .. } = table;
    for _ in 0..random.below(4) {
        let what = random.pick(&["select", "insert, update", "all", "truncate, references"]);
        let role = random.pick(&ROLES);
        let option = if role != "public" && random.one_in(4) { " with grant option" } else { "" };
        writeln!(out, "grant {what} on {name} to {role}{option};").unwrap();
    }
    if random.one_in(3) {
        writeln!(out, "grant select ({first}), update ({first}) on {name} to {};", random.pick(&ROLES))
            .unwrap();
    }
    if random.one_in(5) {
        writeln!(out, "revoke update on {name} from {};", random.pick(&["drydock_owner", "public"])).unwrap();
    }
}

fn row_security(random: &mut Random, out: &mut String, table: &Table, number: u64) {
    let Table { name, first, .. } = table;
    if !table.closed {
        return;
    }
    writeln!(out, "alter table {name} enable row level security, force row level security;").unwrap();
    let policy = identifier(random, number);
    writeln!(out, "create policy {policy} on {name} to drydock_app, drydock_owner using ({first} = current_setting('app.tenant', true)) with check ({first} is not null);").unwrap();
    writeln!(
        out,
        "create policy backup_reads_all on {name} as permissive for select to drydock_backup using (true);"
    )
    .unwrap();
    if random.one_in(2) {
        writeln!(out, "create policy \"not this\" on {name} as restrictive for delete using (false);")
            .unwrap();
    }
}
