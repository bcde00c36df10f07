//! The OpenRouter API for the browser and the edge, from one code base.
//!
//! Everything but `browser` is pure: no JavaScript, no I/O, no clock. It has two holes that each build fills: a
//! [`transport::Transport`] and a [`json::Json`] view. Dependencies point one way:
//!
//! ```text
//! json → sse, error → schema, chat, models → api, transport → client → browser
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | [`sse`] | bytes, cut anywhere → server-sent events, bounded |
//! | [`json`] | the view through which the core reads JSON |
//! | [`error`] | one error, stable codes, from status, body, stream or network |
//! | [`schema`] | what is certainly wrong with a request, from one table |
//! | [`chat`] | events → chunks → the final message, with the stream's three ends |
//! | [`models`] | the model list and its exact prices |
//! | [`api`] | which call is which method, path and headers |
//! | [`client`] | the calls themselves, over any [`transport`] |
//!
//! The feature `browser` (on by default) adds the JavaScript surface; `worker/` in the repository uses the core
//! without it.

pub mod api;
pub mod chat;
pub mod client;
pub mod error;
pub mod json;
pub mod models;
pub mod schema;
pub mod sse;
pub mod transport;

#[cfg(feature = "browser")]
pub mod browser;
