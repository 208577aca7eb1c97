//! Every refusal of somebody who is signed in becomes an entry of the security log, whichever handler or extractor refused.

use std::sync::{Arc, OnceLock};

use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::Response,
};
use drydock_domain::{ErrorCode, audit::SecurityEvent};
use drydock_store::audit::{self, Actor, SecurityEntry};

use crate::{
    ApiState,
    envelope::ApiError,
    extract::{CLIENT_ACCOUNT_HEADER, ENGAGEMENT_HEADER},
};

/// Who asks, as soon as an extractor knows it.
#[derive(Clone, Default)]
pub(crate) struct Asking(Arc<OnceLock<Actor>>);

impl Asking {
    pub(crate) fn know(&self, actor: &Actor) {
        // A request with two extractors learns the same twice.
        let _ = self.0.set(actor.clone());
    }
}

/// The router with every refusal noted.
pub(crate) fn noted(router: Router, state: ApiState) -> Router {
    router.layer(middleware::from_fn_with_state(state, note))
}

async fn note(State(state): State<ApiState>, mut request: Request, next: Next) -> Response {
    let asking = Asking::default();
    request.extensions_mut().insert(asking.clone());
    let selected = [CLIENT_ACCOUNT_HEADER, ENGAGEMENT_HEADER].map(|name| {
        (name, request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned))
    });
    let response = next.run(request).await;

    let Some(error) = response.extensions().get::<ApiError>() else { return response };
    let event = [
        (ErrorCode::PermissionDenied, SecurityEvent::PermissionDenied),
        // It may not exist at all, which the asking user is not told either.
        (ErrorCode::ClientAccountNotFound, SecurityEvent::ForeignRefused),
        (ErrorCode::EngagementNotFound, SecurityEvent::ForeignRefused),
    ]
    .into_iter()
    .find_map(|(code, event)| (error.code() == code.as_str()).then_some(event));
    if let (Some(event), Some(actor), Ok(store)) = (event, asking.0.get(), state.store()) {
        let who = actor.email.as_deref().unwrap_or("Somebody");
        let origin = &actor.origin;
        let (method, path) = (origin.method.as_deref().unwrap_or("?"), origin.path.as_deref().unwrap_or("?"));
        let mut entry = SecurityEntry::new(event, format!("{who} was refused {method} {path}.")).blocked();
        for (name, value) in selected {
            if let Some(value) = value {
                entry = entry.with(name, value);
            }
        }
        if let Err(error) = audit::record(store, actor, entry).await {
            tracing::error!(%error, "a refusal is missing in the security log");
        }
    }
    response
}
