//! The connection to the server: the stream and the calls that the receiver wants, and the lock that makes one tab the leader.

use std::cell::RefCell;

use leptos::task::spawn_local;

use super::arrivals::Arrival;
use super::{SHARED, Shell};
use crate::base::to;
use crate::live::browser::{self, Call, OpenStream};
use crate::live::lock::{LockNews, WebLock};
use headway_model::ApiError;
use headway_model::follow::{Tab, TabEffect};
use headway_model::read::read;

impl Shell {
    pub(super) fn lock(&self, steal: bool) {
        let shell = self.clone();
        let lock = WebLock::ask(&browser::named(SHARED), steal, move |news| {
            shell.with_tab(|tab, now| match news {
                LockNews::Granted => tab.granted(now),
                LockNews::Robbed => tab.robbed(now),
                LockNews::Refused => tab.unled(now),
            });
        });
        let refused = lock.is_none();
        self.0.lock.replace(lock);
        if refused {
            self.with_tab(Tab::unled);
        }
    }

    pub(super) fn open(&self, generation: u64, query: &str) {
        self.close();
        let (on_message, on_error) = (self.clone(), self.clone());
        let source = OpenStream::open(
            &events(query),
            move |message| on_message.arrives(Arrival::Message { generation, message }),
            move |closed| on_error.arrives(Arrival::Broke { generation, closed }),
        );
        *self.0.source.borrow_mut() = source;
    }

    pub(super) fn close(&self) {
        self.0.call.take();
        self.0.catching_up.take();
        self.0.probing.take();
        if let Some(source) = self.0.source.borrow_mut().take() {
            source.close();
            self.0.closed.borrow_mut().push(source);
        }
    }

    pub(super) fn probe(&self, query: String) {
        let shell = self.clone();
        let call = Call::new();
        let answer = call.get(&events(&format!("{query}&wait=0")));
        self.0.probing.replace(Some(call));
        spawn_local(async move {
            let refusal = answer.await.map(drop).map_err(|(status, text)| refusal_of(status, &text));
            shell.step(|follow, _| {
                follow.probed(refusal);
                Vec::new()
            });
        });
    }

    pub(super) fn ask(&self, generation: u64, query: &str) {
        self.close();
        self.get(&self.0.call, query, move |tab, now, answer| tab.answered(now, generation, answer));
    }

    pub(super) fn catch_up(&self, call: u64, query: &str) {
        self.get(&self.0.catching_up, query, move |tab, now, answer| tab.caught_up(now, call, answer));
    }

    /// Makes a call in this slot, aborting the previous one there, and reports its answer.
    fn get(
        &self,
        place: &RefCell<Option<Call>>,
        query: &str,
        tell: impl FnOnce(&mut Tab, u64, Result<&str, ApiError>) -> Vec<TabEffect> + 'static,
    ) {
        let shell = self.clone();
        let call = Call::new();
        let answer = call.get(&events(query));
        place.replace(Some(call));
        spawn_local(async move {
            let answer = answer.await.map_err(|(status, text)| refusal_of(status, &text));
            shell.with_tab(|tab, now| tell(tab, now, answer.as_deref().map_err(Clone::clone)));
        });
    }
}

fn events(query: &str) -> String {
    to(&format!("/api/events?{query}"))
}

/// Why a call was refused: the server's error, if the body is one.
fn refusal_of(status: u16, text: &str) -> ApiError {
    read(text).unwrap_or_else(|_| status_error(status))
}

fn status_error(status: u16) -> ApiError {
    match status {
        401 => ApiError::NoLogin { message: "no login: open the link that Headway printed at its start".into() },
        403 => ApiError::Foreign { message: "this page's address is not one that the server answers to".into() },
        400 => ApiError::Malformed { message: "the server cannot read what this page asks for; reload it".into() },
        _ => ApiError::Unreachable { message: format!("the server answered {status}") },
    }
}
