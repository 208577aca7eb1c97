//! The OpenAPI document: the list of record of what the API offers.

use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Drydock",
        description = "The offline edition's API. Errors of every operation have the schema ErrorEnvelope.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(crate::envelope::ErrorEnvelope)),
    modifiers(&Bearer),
)]
pub(crate) struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("The opaque access_token of a sign-in."))
            .build();
        openapi
            .components
            .get_or_insert_with(Default::default)
            .add_security_scheme("session", SecurityScheme::Http(scheme));
    }
}

/// The document of every operation the router has.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    crate::routes::router().1
}
