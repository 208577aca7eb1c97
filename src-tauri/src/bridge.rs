//! The webview's one command.

use axum::Router;
use tauri::{
    State,
    ipc::{InvokeBody, Request, Response},
};

/// The router that answers the webview.
pub(crate) struct Api(pub(crate) Router);

/// Hands a request to the API and returns its framed answer; see `drydock_api::door` for the form.
#[tauri::command]
pub(crate) async fn api(state: State<'_, Api>, request: Request<'_>) -> Result<Response, String> {
    let body = match request.body() {
        InvokeBody::Raw(bytes) => bytes.clone(),
        // Where the webview cannot send bytes it sends them as a JSON array of numbers.
        InvokeBody::Json(value) => serde_json::from_value(value.clone())
            .map_err(|error| format!("the body is no list of bytes: {error}"))?,
    };
    drydock_api::door::call(state.0.clone(), request.headers(), body)
        .await
        .map(Response::new)
        .map_err(|error| error.to_string())
}
