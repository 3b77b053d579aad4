//! Refusals as HTTP answers: `application/problem+json` with the request's id.
//!
//! Handlers return `Result<_, Refusal>`. Everything below says what is wrong as a
//! [`Problem`]; here it gets its status, its headers and the id that finds it in the log.

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use signaling_wire::{Code, Problem};

use crate::telemetry;

/// A refused request. Boxed, because a problem is large and rarely travels.
#[derive(Debug)]
pub(crate) struct Refusal {
    problem: Box<Problem>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// What handlers return.
pub(crate) type Answer<T> = Result<T, Refusal>;

impl Refusal {
    /// A refusal of a code, with one line about this occurrence.
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Problem::new(code, detail).into()
    }

    /// No such thing, or not visible to the caller.
    pub(crate) fn not_found() -> Self {
        Self::new(Code::NotFound, "")
    }

    /// A text that is no cursor of the list.
    pub(crate) fn no_cursor() -> Self {
        let problem = Problem::new(Code::ValidationError, "");
        Self::from(problem.with_field("/cursor", "format", "is not a cursor of this list"))
    }

    /// Our fault: logged here, not told.
    pub(crate) fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "internal error");
        Self::new(Code::Internal, "")
    }

    /// Adds a header to the answer.
    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self {
            problem: Box::new(problem),
            headers: Vec::new(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut problem = self.problem;
        problem.request_id = telemetry::request_id();
        let status =
            StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = problem.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            // RFC 6750 section 3.1: no code where nothing was presented.
            let challenge = match problem.code {
                Code::InvalidToken => "Bearer error=\"invalid_token\"",
                _ => "Bearer",
            };
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static(challenge),
            );
        }
        headers.extend(self.headers);
        response
    }
}
