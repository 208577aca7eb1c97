//! The routes, one module per subject.

mod account;
mod assets;
mod audit;
mod auth;
mod boot;
mod clients;
mod context;
mod deploy;
mod diagnosis;
mod engagements;
mod maintenance;
mod members;
mod monitoring;
mod overview;
mod password;
mod platform;
mod registration;
mod setup;
mod snapshots;
mod users;

use axum::{Json, routing::get};
use tower_http::limit::RequestBodyLimitLayer;
use utoipa::OpenApi as _;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{ApiState, envelope::BODY_LIMIT, openapi::Document};

/// Every route with its operation; a route that is not documented does not exist.
pub(crate) fn router() -> (axum::Router<ApiState>, utoipa::openapi::OpenApi) {
    let (router, openapi) = OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(boot::livez))
        .routes(routes!(boot::readyz))
        .routes(routes!(boot::boot))
        .routes(routes!(auth::demo_accounts))
        .routes(routes!(auth::login))
        .routes(routes!(auth::logout))
        .routes(routes!(auth::me))
        .routes(routes!(password::change))
        .routes(routes!(account::profile, account::change_profile))
        .routes(routes!(account::sessions))
        .routes(routes!(account::end_session))
        .routes(routes!(account::logout_everywhere))
        .routes(routes!(audit::security))
        .routes(routes!(audit::security_chain))
        .routes(routes!(audit::security_export, audit::security_save))
        .routes(routes!(audit::client_account))
        .routes(routes!(audit::client_account_chain))
        .routes(routes!(audit::client_account_export, audit::client_account_save))
        .routes(routes!(setup::required, setup::set_up))
        .routes(routes!(context::clients))
        .routes(routes!(context::client_engagements))
        .routes(routes!(overview::overview))
        .routes(routes!(overview::across))
        .routes(routes!(deploy::url))
        .routes(routes!(deploy::presets))
        .routes(routes!(deploy::environment))
        .routes(routes!(assets::assets, assets::change::create))
        .routes(routes!(assets::count))
        .routes(routes!(assets::values))
        .routes(routes!(assets::export::stream))
        .routes(routes!(assets::change::edit_many))
        .routes(routes!(assets::change::delete))
        .routes(routes!(assets::detail, assets::change::edit))
        .routes(routes!(assets::history))
        .routes(routes!(assets::change::undo))
        .routes(routes!(assets::export::begin))
        .routes(routes!(assets::export::status, assets::export::cancel))
        .routes(routes!(assets::views::layout, assets::views::set_layout))
        .routes(routes!(assets::views::list, assets::views::create))
        .routes(routes!(assets::views::change, assets::views::delete))
        .routes(routes!(platform::me))
        .routes(routes!(platform::put_defaults))
        .routes(routes!(platform::default_client))
        .routes(routes!(platform::clients))
        .routes(routes!(platform::engagements))
        .routes(routes!(platform::update_context))
        .routes(routes!(registration::register))
        .routes(routes!(registration::status))
        .routes(routes!(users::list))
        .routes(routes!(users::pending))
        .routes(routes!(users::active))
        .routes(routes!(users::details))
        .routes(routes!(users::approve))
        .routes(routes!(users::reject))
        .routes(routes!(users::suspend))
        .routes(routes!(users::reactivate))
        .routes(routes!(users::set_platform_role))
        .routes(routes!(users::roles))
        .routes(routes!(clients::list, clients::create))
        .routes(routes!(clients::details, clients::update))
        .routes(routes!(clients::archive))
        .routes(routes!(clients::unarchive))
        .routes(routes!(members::list))
        .routes(routes!(members::put, members::revoke))
        .routes(routes!(members::grant))
        .routes(routes!(engagements::list, engagements::create))
        .routes(routes!(engagements::details, engagements::update))
        .routes(routes!(engagements::close))
        .routes(routes!(engagements::reopen))
        .routes(routes!(maintenance::status))
        .routes(routes!(maintenance::reset))
        .routes(routes!(maintenance::undo))
        .routes(routes!(maintenance::cancel))
        .routes(routes!(diagnosis::examination))
        .routes(routes!(diagnosis::examination_report, diagnosis::save_examination_report))
        .routes(routes!(diagnosis::scenarios))
        .routes(routes!(diagnosis::runs, diagnosis::begin))
        .routes(routes!(diagnosis::run, diagnosis::end))
        .routes(routes!(diagnosis::cure))
        .routes(routes!(diagnosis::run_report, diagnosis::save_run_report))
        .routes(routes!(monitoring::now))
        .routes(routes!(monitoring::boots))
        .routes(routes!(monitoring::boot_log))
        .routes(routes!(monitoring::migrations))
        .routes(routes!(monitoring::sign_ins))
        .routes(routes!(monitoring::statements))
        .routes(routes!(monitoring::tables))
        .routes(routes!(monitoring::vectors))
        .routes(routes!(snapshots::list, snapshots::create))
        .routes(routes!(snapshots::edit, snapshots::remove))
        .routes(routes!(snapshots::put_back))
        .routes(routes!(snapshots::restore))
        .routes(routes!(snapshots::export))
        .layer(RequestBodyLimitLayer::new(BODY_LIMIT))
        // Files: they have limits of their own.
        .routes(routes!(diagnosis::examine))
        .routes(routes!(snapshots::import))
        .split_for_parts();
    let document = openapi.clone();
    (router.route("/api/openapi.json", get(async || Json(document))), openapi)
}
