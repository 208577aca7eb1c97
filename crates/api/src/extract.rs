//! What handlers ask of a request: a body, a query, a session, a chosen engagement.

use std::{convert::Infallible, marker::PhantomData, net::SocketAddr, sync::Arc};

use axum::{
    body::Bytes,
    extract::{ConnectInfo, FromRequest, FromRequestParts, Path, Query, Request},
    http::{HeaderMap, HeaderName, header, request::Parts},
};
use drydock_domain::{ClientAccountId, EngagementId, ErrorCode, Permission};
use drydock_store::{
    Store, TenantTx, VerifiedSession,
    audit::Origin,
    engagements::{self, Opened},
};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::{
    ApiState, Open,
    diagnosis::Diagnosis,
    envelope::{ApiError, RequestId},
    maintenance::Maintenance,
    monitoring::Recorder,
    refusals::Asking,
    turned_away::TurnedAway,
};

pub(crate) const CLIENT_ACCOUNT_HEADER: &str = "x-client-account-id";
pub(crate) const ENGAGEMENT_HEADER: &str = "x-engagement-id";

/// The headers that mean something to the router, whichever door a request comes by. The body's type is each door's own matter.
pub(crate) const CLIENT_HEADERS: [HeaderName; 5] = [
    header::ACCEPT,
    header::AUTHORIZATION,
    header::USER_AGENT,
    HeaderName::from_static(CLIENT_ACCOUNT_HEADER),
    HeaderName::from_static(ENGAGEMENT_HEADER),
];

/// The names under which a front end of the platform may send the two.
const CLIENT_ACCOUNT_HEADERS: [&str; 4] =
    [CLIENT_ACCOUNT_HEADER, "x-context-client-id", "x-client-id", "client-account-id"];
const ENGAGEMENT_HEADERS: [&str; 3] = [ENGAGEMENT_HEADER, "x-context-engagement-id", "engagement-id"];

/// What is kept of a user agent, in characters.
const USER_AGENT_LIMIT: usize = 200;

/// A JSON body.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<ApiState> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, ApiError> {
        let json = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
        if !json {
            return Err(ApiError::new(ErrorCode::UnsupportedMediaType, "The body is not sent as JSON."));
        }
        let bytes =
            Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
                axum::http::StatusCode::PAYLOAD_TOO_LARGE => {
                    ApiError::new(ErrorCode::RequestTooLarge, "The body is too large.")
                }
                _ => ApiError::new(ErrorCode::RequestMalformed, "The body did not arrive whole."),
            })?;
        let mut json = serde_json::Deserializer::from_slice(&bytes);
        let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let inner = error.inner();
            if inner.is_data() {
                // The whole body is the path "." there and "" in a JSON pointer.
                let path = match error.path().to_string().as_str() {
                    "." => String::new(),
                    path => format!("/{}", path.replace('.', "/")),
                };
                ApiError::invalid_field(path, "type", format!("The body has a wrong field: {inner}."))
            } else {
                ApiError::new(ErrorCode::RequestMalformed, format!("The body is not JSON: {inner}."))
            }
        })?;
        json.end().map_err(|error| {
            ApiError::new(ErrorCode::RequestMalformed, format!("The body is not one JSON value: {error}."))
        })?;
        Ok(Self(value))
    }
}

/// Query parameters.
pub(crate) struct QueryOf<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<ApiState> for QueryOf<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        // What is no text would be read as text with other characters in it.
        let query = parts.uri.query().unwrap_or_default();
        if percent_encoding::percent_decode_str(query).decode_utf8().is_err() {
            return Err(ApiError::new(ErrorCode::RequestMalformed, "The query string is not UTF-8."));
        }
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(ApiError::invalid_field(
                "query",
                "type",
                format!("The query is not valid: {}.", rejection.body_text()),
            )),
        }
    }
}

/// The uuid in the path.
pub(crate) struct PathId(pub(crate) Uuid);

impl FromRequestParts<ApiState> for PathId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        match Path::<Uuid>::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Self(id)),
            Err(_) => Err(ApiError::invalid_field("id", "uuid", "The id in the path is not a uuid.")),
        }
    }
}

impl ApiState {
    pub(crate) fn store(&self) -> Result<&Store, ApiError> {
        Ok(&self.opened()?.store)
    }

    /// Where files for the person who runs Drydock go.
    pub(crate) fn downloads(&self) -> Result<std::path::PathBuf, ApiError> {
        Ok(self.opened()?.maintenance.downloads())
    }

    fn opened(&self) -> Result<&Open, ApiError> {
        self.open.get().ok_or_else(|| {
            ApiError::new(ErrorCode::NotReady, "Drydock has not come to the end of its boot sequence.")
        })
    }
}

/// That the caller is on this machine: in process, where no peer is known, or over the loopback interface.
pub(crate) struct OnThisMachine;

impl FromRequestParts<ApiState> for OnThisMachine {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, ApiError> {
        match parts.extensions.get::<ConnectInfo<SocketAddr>>() {
            Some(ConnectInfo(peer)) if !peer.ip().to_canonical().is_loopback() => {
                let detail = "Default users and the first account are for callers on this machine.";
                Err(ApiError::new(ErrorCode::PeerRefused, detail))
            }
            _ => Ok(Self),
        }
    }
}

/// Where a request comes from, for the audit logs.
pub(crate) struct RequestOrigin(pub(crate) Origin);

impl FromRequestParts<ApiState> for RequestOrigin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Infallible> {
        Ok(Self(origin(parts)))
    }
}

fn origin(parts: &Parts) -> Origin {
    let said = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    Origin {
        request_id: parts.extensions.get::<RequestId>().map(|id| id.0.clone()),
        method: Some(parts.method.as_str().to_owned()),
        path: Some(parts.uri.path().to_owned()),
        ip_address: parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|ConnectInfo(peer)| peer.ip().to_canonical().to_string()),
        user_agent: said.map(|value| value.chars().take(USER_AGENT_LIMIT).collect()),
    }
}

/// The store and a verified session.
pub(crate) struct Session {
    pub(crate) store: Store,
    pub(crate) session: VerifiedSession,
}

impl FromRequestParts<ApiState> for Session {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        let store = state.store()?.clone();
        let token = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .ok_or_else(|| {
                ApiError::new(ErrorCode::SessionRequired, "The request carries no session token.")
            })?;
        let session = store.verify_session(token, origin(parts)).await?;
        if let Some(asking) = parts.extensions.get::<Asking>() {
            asking.know(session.actor());
        }
        Ok(Self { store, session })
    }
}

impl Session {
    /// A transaction in a client account, for whoever has `permission` there.
    pub(crate) async fn enter(&self, id: Uuid, permission: Permission) -> Result<TenantTx, ApiError> {
        let mut tx = self.store.tenant(&self.session, ClientAccountId(id)).await?;
        tx.require(permission).await?;
        Ok(tx)
    }
}

/// Names a permission in the type of a handler's argument.
pub(crate) trait Needs {
    const PERMISSION: Permission;
}

/// One type for each permission that an operation needs: `needs::AssetView` for [`Permission::AssetView`].
pub(crate) mod needs {
    macro_rules! needs {
        ($($permission:ident),* $(,)?) => {
            $(
                pub(crate) struct $permission;

                impl super::Needs for $permission {
                    const PERMISSION: drydock_domain::Permission = drydock_domain::Permission::$permission;
                }
            )*
        };
    }

    needs!(
        AssetView,
        AssetEdit,
        AssetDelete,
        AssetExport,
        EngagementCreate,
        ClientView,
        ClientCreate,
        ClientArchive,
        UserView,
        UserApprove,
        UserSuspend,
        RoleAssign,
        DataReset,
        DataSnapshot,
        LabUse,
    );
}

/// A session of somebody who has a permission in all client accounts, and what only such a one may use.
pub(crate) struct Administrator<P> {
    pub(crate) store: Store,
    pub(crate) session: VerifiedSession,
    pub(crate) maintenance: Arc<dyn Maintenance>,
    needs: PhantomData<P>,
}

impl<P: Needs> FromRequestParts<ApiState> for Administrator<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        let Session { store, session } = Session::from_request_parts(parts, state).await?;
        store.require_everywhere(&session, P::PERMISSION).await?;
        let maintenance = Arc::clone(&state.opened()?.maintenance);
        Ok(Self { store, session, maintenance, needs: PhantomData })
    }
}

/// A session of somebody who may diagnose and reproduce, and who does it.
pub(crate) struct Diagnose {
    pub(crate) store: Store,
    pub(crate) diagnosis: Arc<dyn Diagnosis>,
    pub(crate) downloads: std::path::PathBuf,
}

impl FromRequestParts<ApiState> for Diagnose {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        let Session { store, session } = Session::from_request_parts(parts, state).await?;
        store.require_everywhere(&session, Permission::LabUse).await?;
        let diagnosis = state.diagnosis().map(Arc::clone).ok_or_else(|| {
            ApiError::new(ErrorCode::LabMissing, "This program was started without the doctor and the lab.")
        })?;
        Ok(Self { store, diagnosis, downloads: state.downloads()? })
    }
}

/// A session of somebody who may look at how the platform does, and where that is to be seen.
pub(crate) struct Monitor {
    pub(crate) store: Store,
    pub(crate) session: VerifiedSession,
    pub(crate) recorder: Arc<dyn Recorder>,
    pub(crate) turned_away: TurnedAway,
}

impl FromRequestParts<ApiState> for Monitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        let Session { store, session } = Session::from_request_parts(parts, state).await?;
        store.require_everywhere(&session, Permission::MonitoringView).await?;
        let recorder = Arc::clone(&state.opened()?.recorder);
        Ok(Self { store, session, recorder, turned_away: state.turned_away().clone() })
    }
}

/// A transaction in the client account named by the headers, and the engagement named there, of somebody who has a permission in it.
///
/// The headers only select: that the session's user is a member is checked before the transaction exists.
pub(crate) struct Selected<P> {
    pub(crate) tx: TenantTx,
    pub(crate) engagement: Opened,
    needs: PhantomData<P>,
}

impl<P: Needs> FromRequestParts<ApiState> for Selected<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        let Session { store, session } = Session::from_request_parts(parts, state).await?;
        let client_account = selector(&parts.headers, &CLIENT_ACCOUNT_HEADERS)?;
        let engagement = selector(&parts.headers, &ENGAGEMENT_HEADERS)?;
        let mut tx = store.tenant(&session, ClientAccountId(client_account)).await?;
        let engagement = engagements::open(&mut tx, EngagementId(engagement)).await?;
        tx.require(P::PERMISSION).await?;
        Ok(Self { tx, engagement, needs: PhantomData })
    }
}

/// A transaction in the client account named by the header, of somebody who has a permission in it.
pub(crate) struct Chosen<P> {
    pub(crate) tx: TenantTx,
    needs: PhantomData<P>,
}

impl<P: Needs> FromRequestParts<ApiState> for Chosen<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        let session = Session::from_request_parts(parts, state).await?;
        let client_account = selector(&parts.headers, &CLIENT_ACCOUNT_HEADERS)?;
        Ok(Self { tx: session.enter(client_account, P::PERMISSION).await?, needs: PhantomData })
    }
}

/// The id under the first of `names` that is there: the header's own name, or one of those that the platform takes as well.
fn selector(headers: &HeaderMap, names: &[&'static str]) -> Result<Uuid, ApiError> {
    let name = names.iter().copied().find(|name| headers.contains_key(*name)).unwrap_or(names[0]);
    let mut values = headers.get_all(name).iter();
    let value = values
        .next()
        .ok_or_else(|| ApiError::new(ErrorCode::SelectorMissing, format!("The header {name} is missing.")))?;
    if values.next().is_some() {
        return Err(ApiError::invalid_field(name, "repeated", format!("The header {name} is there twice.")));
    }
    value.to_str().ok().and_then(|text| Uuid::parse_str(text.trim()).ok()).ok_or_else(|| {
        ApiError::invalid_field(name, "uuid", format!("The header {name} does not hold a uuid."))
    })
}
