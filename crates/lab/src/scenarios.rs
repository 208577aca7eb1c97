//! The scenarios: one folder each, found when this is compiled.

include!(concat!(env!("OUT_DIR"), "/scenarios.rs"));
