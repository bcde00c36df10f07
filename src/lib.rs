//! The OpenRouter API for the browser and the edge, from one code base.
//!
//! Everything but `browser` is pure: no JavaScript, no I/O, no clock, text and bytes in, text out. Whoever has a network
//! carries a [`call::Call`] through it. Dependencies point one way:
//!
//! ```text
//! json → sse, error → schema, chat, models → events, api, retry, legacy, parts, conversation → client → call → browser
//!              schema, conversation → json_schema → structured, tools → browser
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | [`sse`] | bytes, cut anywhere → server-sent events, bounded |
//! | [`json`] | JSON, read and written without decoding it |
//! | [`error`] | one error, stable codes, from status, body, stream or network |
//! | [`schema`] | what is certainly wrong with a request, from one table |
//! | [`chat`] | events → chunks → the final message, with the stream's three ends |
//! | [`events`] | the streams of `/responses`, `/messages` and `/images`, with the same three ends |
//! | [`models`] | the model list and its exact prices |
//! | [`base64`] | bytes as text, for sound and for signing in |
//! | [`api`] | which call is which method, path and headers |
//! | [`auth`] | tokens that the caller gives when asked, and when another one is needed |
//! | [`legacy`] | spellings of older guides |
//! | [`parts`] | which content part a file is sent as |
//! | [`conversation`] | a history, what of it is sent, and what it used |
//! | [`compare`] | what models are compared by |
//! | [`retry`] | when to send again, and how long an answer may take |
//! | [`json_schema`] | whether a value fits a JSON Schema |
//! | [`structured`] | the value that an answer holds, and how it is asked for |
//! | [`tools`] | which of the model's calls may run, and when the loop ends |
//! | [`client`] | settings, and what a call sends and gets |
//! | [`oauth`] | signing in with an account of OpenRouter's |
//! | [`call`] | one call under way |
//!
//! The feature `browser` (on by default) adds the JavaScript surface; `worker/` in the repository uses the core
//! without it.

#![cfg_attr(feature = "freestanding", no_std)]

extern crate alloc;

pub mod api;
pub mod auth;
pub mod base64;
pub mod call;
pub mod chat;
pub mod client;
pub mod compare;
pub mod conversation;
pub mod error;
pub mod events;
pub mod json;
pub mod json_schema;
pub mod legacy;
pub mod models;
pub mod oauth;
pub mod parts;
pub mod retry;
pub mod schema;
pub mod sse;
pub mod structured;
pub mod tools;

#[cfg(feature = "browser")]
pub mod browser;
