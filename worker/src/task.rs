//! What a request does, driven by the promises that it waits for. The library's own way to drive futures has a queue, a
//! waker and a pair of closures for each promise; here whoever waits is polled by the promise itself, in the context of
//! the request that it belongs to.

use std::{
    cell::RefCell,
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context as Polling, Poll, Waker},
};

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;

use crate::platform::{Context, Result};

#[wasm_bindgen(raw_module = "../../worker/src/js/platform.js")]
extern "C" {
    #[wasm_bindgen(js_name = waitFor)]
    fn wait_for(promise: &Promise, place: u32) -> u32;
}

#[wasm_bindgen]
extern "C" {
    /// A promise, and what settles it.
    #[derive(Clone)]
    pub(crate) type Resolvers;

    #[wasm_bindgen(js_namespace = Promise, js_name = withResolvers)]
    pub(crate) fn resolvers() -> Resolvers;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn promise(this: &Resolvers) -> Promise;

    /// To be called by whom it is given to.
    #[wasm_bindgen(method, getter, js_name = resolve)]
    pub(crate) fn resolve_function(this: &Resolvers) -> Function;

    #[wasm_bindgen(method)]
    pub(crate) fn resolve(this: &Resolvers, value: &JsValue);

    #[wasm_bindgen(method)]
    fn reject(this: &Resolvers, error: &JsValue);
}

/// A future on the heap: each of the machines that drive one is there once for all of this type.
pub(crate) type Task<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A task that was begun; none while it is polled.
struct Running {
    task: RefCell<Option<Task<'static, Result<JsValue>>>>,
    outcome: Resolvers,
}

/// A promise that is waited for.
struct Place {
    /// Tells it from the one that had its place before.
    stamp: u32,
    state: State,
}

enum State {
    Free,
    Waiting(Option<Rc<Running>>),
    Settled(Result<JsValue>),
}

thread_local! {
    static PLACES: RefCell<Vec<Place>> = const { RefCell::new(Vec::new()) };
    static FREE: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };

    /// The one that is polled.
    static CURRENT: RefCell<Option<Rc<Running>>> = const { RefCell::new(None) };
}

/// What a task gives, as a promise. It is begun at once.
pub(crate) fn promise(task: Task<'static, Result<JsValue>>) -> Promise {
    let outcome = resolvers();
    let promise = outcome.promise();
    run(&Rc::new(Running { task: RefCell::new(Some(task)), outcome }));
    promise
}

/// Goes on with a task when the answer is out, for as long as the runtime lets it.
pub(crate) fn after_answer(context: &Context, task: Task<'static, ()>) {
    let task = promise(Box::pin(async {
        task.await;
        Ok(JsValue::UNDEFINED)
    }));
    // It is under way in any case.
    let _ = context.wait_until(&task);
}

fn run(running: &Rc<Running>) {
    let Some(mut task) = running.task.take() else { return };
    let before = CURRENT.replace(Some(Rc::clone(running)));
    // Nothing is woken but by a promise.
    let polled = task.as_mut().poll(&mut Polling::from_waker(Waker::noop()));
    CURRENT.set(before);
    match polled {
        Poll::Pending => drop(running.task.replace(Some(task))),
        Poll::Ready(Ok(value)) => running.outcome.resolve(&value),
        Poll::Ready(Err(error)) => running.outcome.reject(&error),
    }
}

/// What a promise gives. It can be awaited in a task only.
pub(crate) struct JsFuture {
    place: Option<u32>,
}

impl From<Promise> for JsFuture {
    fn from(promise: Promise) -> Self {
        let place = FREE.with_borrow_mut(Vec::pop).unwrap_or_else(|| {
            PLACES.with_borrow_mut(|places| {
                places.push(Place { stamp: 0, state: State::Free });
                u32::try_from(places.len() - 1).unwrap_or(u32::MAX)
            })
        });
        let stamp = wait_for(&promise, place);
        put(place, Place { stamp, state: State::Waiting(None) });
        Self { place: Some(place) }
    }
}

impl Future for JsFuture {
    type Output = Result<JsValue>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Polling<'_>) -> Poll<Self::Output> {
        let settled = PLACES.with_borrow_mut(|places| {
            let place = places.get_mut(self.place? as usize)?;
            if let State::Settled(outcome) = &mut place.state {
                return Some(std::mem::replace(outcome, Ok(JsValue::UNDEFINED)));
            }
            place.state = State::Waiting(CURRENT.with_borrow(Clone::clone));
            None
        });
        match settled {
            Some(outcome) => {
                self.leave();
                Poll::Ready(outcome)
            }
            None => Poll::Pending,
        }
    }
}

impl JsFuture {
    fn leave(&mut self) {
        if let Some(place) = self.place.take() {
            put(place, Place { stamp: 0, state: State::Free });
            FREE.with_borrow_mut(|free| free.push(place));
        }
    }
}

impl Drop for JsFuture {
    fn drop(&mut self) {
        self.leave();
    }
}

/// What was there is dropped when nothing is borrowed.
fn put(at: u32, place: Place) -> Option<Place> {
    PLACES.with_borrow_mut(|places| places.get_mut(at as usize).map(|known| std::mem::replace(known, place)))
}

/// What became of a promise.
#[wasm_bindgen]
pub fn settled(at: u32, stamp: u32, is_kept: bool, value: JsValue) {
    let is_awaited = PLACES.with_borrow(|places| places.get(at as usize).is_some_and(|place| place.stamp == stamp));
    if !is_awaited {
        // Whoever waited does so no longer, or was in the module before this one.
        return;
    }
    let outcome = if is_kept { Ok(value) } else { Err(value) };
    let before = put(at, Place { stamp, state: State::Settled(outcome) });
    if let Some(Place { state: State::Waiting(Some(running)), .. }) = before {
        run(&running);
    }
}
