//! The leak matrix: every tenant-owned table, asked everything in every state that a connection can be in.
//!
//! Some figures are for all client accounts together: `pg_class.reltuples`, the sizes of relations, the rows that
//! `EXPLAIN ANALYZE` says a scan removed, and how long a statement takes. PostgreSQL hides them from nobody; they tell of no
//! row what it holds nor whose it is, and it takes SQL of one's own to see them, which no door of the application lets in. They
//! are no part of the matrix.

mod catalogue;
mod cells;
mod matrix;
mod mutations;
mod pool;
mod rows;

use drydock_testkit::Database;

#[tokio::test(flavor = "multi_thread")]
#[allow(clippy::print_stdout, reason = "how much was asked is what the test is for")]
async fn no_table_shows_or_takes_a_foreign_row_in_any_context() {
    let database = Database::new().await;
    matrix::fill(&database);
    let found = matrix::ask(&database, "drydock_app", None).await;
    assert!(found.wrong.is_empty(), "{}", found.report());
    assert!(found.tables >= 26, "{} tables", found.tables);
    println!(
        "leak matrix: {} tables, {} denials and {} controls, 0 foreign rows or signals",
        found.tables, found.denials, found.controls
    );
    let failed = matrix::for_nobody_else(&database);
    assert!(failed.is_empty(), "{failed:#?}");
}

#[tokio::test]
async fn there_is_nothing_but_tables_to_ask() {
    let database = Database::new().await;
    let others = database.sql(
        "select 'relation', relname from pg_class
         where relnamespace = 'migration'::regnamespace and relkind not in ('r', 'p', 'i', 'I')
         union all select 'function', proname from pg_proc where pronamespace = 'migration'::regnamespace",
    );
    assert_eq!(
        others, "",
        "a view, a sequence or a function can show what a table does not: give it a place in the matrix"
    );
}
