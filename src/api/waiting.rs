//! The calls that wait for an answer. Each has a time limit, because a connection that is dead on one side never
//! reports it.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::pin;
use std::task::{Poll, Waker};

/// How long an answer may take to begin, in milliseconds.
const BEGIN_MS: f64 = 20_000.0;
/// How long the rest of an answer may take: longer, because a slow line is not a dead one.
const REST_MS: f64 = 120_000.0;
/// A call that was made this shortly before the stream was live again might still be answered: on a slow line, and on
/// one whose stream breaks again and again.
const NEW_MS: f64 = 5_000.0;

/// Why a call was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GivenUp {
    /// Its answer took too long.
    Late,
    /// The stream is live again after a silence, and the call is older than that.
    Outlived,
}

/// The part of an answer that a call waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AnswerPart {
    /// The beginning of the answer.
    Begin,
    /// The rest of it.
    Rest,
}

struct WaitingCall {
    id: u32,
    part: AnswerPart,
    since: f64,
    given_up: Option<GivenUp>,
    waker: Option<Waker>,
}

thread_local! {
    static WAITING: RefCell<Vec<WaitingCall>> = const { RefCell::new(Vec::new()) };
}

/// Waits for this part of a call until it has arrived, or the call is given up.
pub(crate) async fn in_time<T>(part: AnswerPart, call: impl Future<Output = T>) -> Result<T, GivenUp> {
    let place = Place::take(part);
    let mut call = pin!(call);
    poll_fn(|context| match place.given_up(context.waker()) {
        Some(why) => Poll::Ready(Err(why)),
        None => call.as_mut().poll(context).map(Ok),
    })
    .await
}

/// Milliseconds since the page began; never goes back.
pub(crate) fn now() -> f64 {
    web_sys::window().and_then(|window| window.performance()).map_or(0.0, |performance| performance.now())
}

/// Gives up each call that has waited too long.
pub(crate) fn give_up_late(now: f64) {
    give_up(GivenUp::Late, |call| now - call.since > if call.part == AnswerPart::Begin { BEGIN_MS } else { REST_MS });
}

/// Gives up each call that was made before the stream was live again. An answer that has begun is not given up.
pub(crate) fn give_up_outlived(now: f64) {
    give_up(GivenUp::Outlived, |call| call.part == AnswerPart::Begin && now - call.since > NEW_MS);
}

fn give_up(why: GivenUp, is_given_up: impl Fn(&WaitingCall) -> bool) {
    let wakers: Vec<_> = WAITING.with_borrow_mut(|waiting| {
        let calls = waiting.iter_mut().filter(|call| call.given_up.is_none() && is_given_up(call));
        calls
            .filter_map(|call| {
                call.given_up = Some(why);
                call.waker.take()
            })
            .collect()
    });
    wakers.into_iter().for_each(Waker::wake);
}

/// A call's place among those that wait, until it is dropped.
struct Place(u32);

impl Place {
    fn take(part: AnswerPart) -> Self {
        WAITING.with_borrow_mut(|waiting| {
            let id = waiting.last().map_or(0, |last| last.id.wrapping_add(1));
            waiting.push(WaitingCall { id, part, since: now(), given_up: None, waker: None });
            Place(id)
        })
    }

    fn given_up(&self, waker: &Waker) -> Option<GivenUp> {
        WAITING.with_borrow_mut(|waiting| {
            let call = waiting.iter_mut().find(|call| call.id == self.0)?;
            call.waker = Some(waker.clone());
            call.given_up
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        WAITING.with_borrow_mut(|waiting| waiting.retain(|call| call.id != self.0));
    }
}
