//! Ties a request to the signals that may end it, and to the life of whoever waits for it.

use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{AbortController, AbortSignal};

/// Owns the request's own `AbortController`. Dropped, it aborts; a finished request does not mind.
///
/// The callers' signals are relayed, never handed on: gloo-net traps on a reason that is no `Error`.
#[derive(Debug)]
pub(super) struct AbortGuard {
    controller: AbortController,
    signals: Vec<AbortSignal>,
    relay: Closure<dyn FnMut()>,
}

impl AbortGuard {
    /// # Errors
    /// The reason of a signal that is aborted already.
    pub(super) fn new(signals: Vec<AbortSignal>) -> Result<Self, JsValue> {
        if let Some(aborted) = signals.iter().find(|signal| signal.aborted()) {
            return Err(aborted.reason());
        }
        let controller = AbortController::new()?;
        let relay = Closure::new({
            let controller = controller.clone();
            move || controller.abort()
        });
        for signal in &signals {
            signal.add_event_listener_with_callback("abort", relay.as_ref().unchecked_ref())?;
        }
        Ok(Self { controller, signals, relay })
    }

    /// The signal for the request.
    pub(super) fn signal(&self) -> AbortSignal {
        self.controller.signal()
    }

    /// Why the caller ended the request: `fetch` would throw just that.
    pub(super) fn reason(&self) -> Option<JsValue> {
        self.signals.iter().find(|signal| signal.aborted()).map(AbortSignal::reason)
    }
}

impl Drop for AbortGuard {
    fn drop(&mut self) {
        for signal in &self.signals {
            // A signal that lives on must not keep the relay, which is gone with this guard.
            let _ = signal.remove_event_listener_with_callback("abort", self.relay.as_ref().unchecked_ref());
        }
        self.controller.abort();
    }
}
