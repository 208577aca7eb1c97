//! What the router asks of whoever deploys an API for a moment and calls it as a browser does.

use std::{future::Future, pin::Pin};

use crate::maintenance::Problem;

/// How the API is deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stack {
    /// As the original platform: Starlette's CORS middleware.
    Original {
        /// Whether authentication lies outside of CORS.
        authentication_outermost: bool,
        /// Whether exceptions are answered inside of CORS.
        errors_inside: bool,
    },
    /// Behind this product's own door.
    Ours,
}

/// A deployment to play.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Play {
    /// How.
    pub stack: Stack,
    /// The list of allowed origins, unchecked.
    pub origins: Vec<String>,
    /// The page that calls.
    pub origin: String,
}

/// An answer over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// `Access-Control-Allow-Origin`.
    pub allowed_origin: Option<String>,
    /// The first line of the body where it is no success, or where a redirect leads.
    pub says: String,
}

/// A call and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// What was called, for people.
    pub title: &'static str,
    /// The page that called.
    pub origin: String,
    /// The answer to the preflight, where one was needed.
    pub preflight: Option<Answer>,
    /// The answer to the request, which is sent whatever the preflight says.
    pub answer: Answer,
    /// Whether the page gets the answer.
    pub readable: bool,
    /// Whether the request was carried out.
    pub executed: bool,
    /// Which browser says what.
    pub console: Vec<(&'static str, String)>,
}

/// What comes of a play.
pub type Playing = Pin<Box<dyn Future<Output = Result<Vec<Called>, Problem>> + Send>>;

/// Deploys APIs on ports of this machine.
pub trait Simulator: Send + Sync {
    /// Deploys one, calls it, and takes it away again.
    fn play(&self, play: Play) -> Playing;
}
