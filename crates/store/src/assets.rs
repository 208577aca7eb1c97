//! The assets of one engagement: read in pages of any order, counted, changed by hand and put back.
//!
//! Which columns are read, compared and ordered by differs from request to request, so these statements are put together here, from
//! the names in [`Column`] and other literals. What people give travels as parameters only. They are planned for the values at
//! hand: a plan for any value would read a deep page, or a rare word, from the first row on.

mod change;
pub mod csv;
mod detail;
mod filter;
mod history;
mod page;
mod related;
mod remove;
mod row;
mod undo;
mod values;

pub use change::{Edit, Selection, counted, create, edit, edit_many};
pub use detail::{Dependency, Detail, Origin, detail};
pub use drydock_domain::asset::{Column, Given, Kind};
pub use filter::{Filter, Test};
pub use history::{Change, ChangeKind, Entry, history};
pub use page::{Count, FEW, Key, Order, Page, Start, count, page};
pub use remove::remove;
pub use row::Asset;
pub use undo::{Refused, Undone, undo};
pub use values::{Frequency, values};
