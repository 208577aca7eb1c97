//! Features through their public doors, on real PostgreSQL. One binary, so that it is linked once.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

mod app;
mod architecture;
mod assets;
mod authorisation;
mod boot;
mod doors;
mod envelope;
mod errors_page;
mod exchange;
mod hostile;
mod maintenance;
mod openapi;
mod seed;
mod sign_in;
mod stand_in;
mod template;
mod tenancy;
mod window_config;
