//! The recorded traffic, which lies beside the repository: a user has none.

use std::path::PathBuf;

/// The recordings' folder; `OPENROUTER_FIXTURES` names another. `None` where there is none, unless it is required.
pub(crate) fn fixtures() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/openrouter/fixtures");
    let folder = PathBuf::from(std::env::var("OPENROUTER_FIXTURES").unwrap_or_else(|_| default.to_owned()));
    if folder.is_dir() {
        return Some(folder);
    }
    let required = std::env::var("REQUIRE_RECORDINGS").is_ok_and(|value| !value.is_empty());
    assert!(!required, "REQUIRE_RECORDINGS is set, but there are no recordings in {}", folder.display());
    println!("SKIPPED: no recordings in {}", folder.display());
    None
}
