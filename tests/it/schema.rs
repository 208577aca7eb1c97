//! The schema: that it is complete, keeps its rules, and that no change to it goes unseen.

mod complete;
mod docs;
mod drift;
mod history;
mod lint;
mod roles;
