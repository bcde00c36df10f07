//! What the endpoints beside chat need of the surface.

use alloc::string::String;

use wasm_bindgen::prelude::*;

use super::Core;
use crate::{
    api::audio_format,
    base64,
    json::{ObjectWriter, quote},
};

#[wasm_bindgen(module = "/src/browser/events.js")]
extern "C" {
    #[wasm_bindgen(js_name = EventStream, reexport = "EventStream", skip_typescript)]
    fn bring_events();
}

#[wasm_bindgen]
impl Core {
    /// A sound as `input_audio` (JSON), by what its type or file name calls it; empty if neither says.
    #[wasm_bindgen(js_name = audioInput)]
    #[must_use]
    pub fn audio_input(bytes: &[u8], name: &str) -> String {
        let mut out = String::new();
        let mut object = ObjectWriter::new(&mut out);
        quote(object.key("data"), &base64::encode(bytes));
        object.text("format", Some(audio_format(name)).filter(|name| !name.is_empty()));
        object.end();
        out
    }
}
