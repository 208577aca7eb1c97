//! Features through their public doors, on real PostgreSQL. One binary, so that it is linked once.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing expectation is a failing test")]

mod alembic;
mod app;
mod architecture;
mod assets;
mod audit;
mod authorisation;
mod boot;
mod change_password;
mod doors;
mod envelope;
mod errors_page;
mod exchange;
mod forward;
mod history;
mod history_bootstrap;
mod history_folder;
mod history_lock;
mod history_model;
mod hostile;
mod leaks;
mod loopback;
mod maintenance;
mod openapi;
mod overview;
mod permissions_page;
mod schema;
mod seed;
mod seed_facts;
mod seed_plans;
mod setup;
mod sign_in;
mod stand_in;
mod template;
mod tenancy;
mod window_config;
