//! The lock that one tab of a browser holds at a time (Web Locks). web-sys has it only as an unstable API, so its one
//! function is called by name.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Function, Object, Promise, Reflect};
use leptos::task::spawn_local;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortController;

/// What happens to a request for the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LockNews {
    /// This tab holds the lock.
    Granted,
    /// Another tab took it.
    Robbed,
    /// This browser has no locks on this page.
    Refused,
}

/// A lock that is held or requested. Dropping it releases it.
pub(super) struct WebLock {
    wanted: Rc<Cell<bool>>,
    waiting: Option<AbortController>,
    release: Rc<RefCell<Option<Function>>>,
}

/// Whether this browser has locks: on https and localhost only.
pub(super) fn has_locks() -> bool {
    manager().is_some()
}

fn manager() -> Option<(JsValue, Function)> {
    let navigator = Reflect::get(&web_sys::window()?.into(), &"navigator".into()).ok()?;
    let manager = Reflect::get(&navigator, &"locks".into()).ok()?;
    let request = Reflect::get(&manager, &"request".into()).ok()?.dyn_into().ok()?;
    Some((manager, request))
}

impl WebLock {
    /// Asks for the lock with this name. `steal` takes it from its holder at once.
    pub(super) fn ask(name: &str, steal: bool, tell: impl Fn(LockNews) + Clone + 'static) -> Option<Self> {
        let (manager, request) = manager()?;
        let wanted = Rc::new(Cell::new(true));
        let release = Rc::new(RefCell::new(None));
        let options = Object::new();
        // The API accepts only one of the two options.
        let waiting = if steal { None } else { AbortController::new().ok() };
        match &waiting {
            Some(controller) => Reflect::set(&options, &"signal".into(), &controller.signal()),
            None => Reflect::set(&options, &"steal".into(), &steal.into()),
        }
        .ok()?;
        let (told, is_wanted, to_release) = (tell.clone(), wanted.clone(), release.clone());
        // The browser owns this closure, and can still call it after the request was dropped.
        let on_granted = Closure::new(move |_lock: JsValue| -> JsValue {
            if !is_wanted.get() {
                return JsValue::UNDEFINED;
            }
            // The lock is held until this promise is resolved.
            let held = Promise::new(&mut |resolve, _| drop(to_release.replace(Some(resolve))));
            let told = told.clone();
            spawn_local(async move { told(LockNews::Granted) });
            held.into()
        }) as Closure<dyn FnMut(JsValue) -> JsValue>;
        let arguments = Array::of3(&name.into(), &options, &on_granted.into_js_value());
        let ended = request.apply(&manager, &arguments).ok()?.dyn_into::<Promise>().ok()?;
        let still = wanted.clone();
        spawn_local(async move {
            let Err(error) = JsFuture::from(ended).await else { return };
            let name = Reflect::get(&error, &"name".into()).ok().and_then(|name| name.as_string());
            if still.get() {
                tell(if name.as_deref() == Some("AbortError") { LockNews::Robbed } else { LockNews::Refused });
            }
        });
        Some(WebLock { wanted, waiting, release })
    }
}

impl Drop for WebLock {
    fn drop(&mut self) {
        self.wanted.set(false);
        match self.release.take() {
            Some(release) => drop(release.call0(&JsValue::UNDEFINED)),
            None => self.waiting.iter().for_each(AbortController::abort),
        }
    }
}
