//! A future that ends with its owner.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use leptos::task::spawn_local;

/// A running future. Dropping this drops the future, and aborts the server function call that it waits for.
pub(super) struct Task(Rc<RefCell<Option<RunningFuture>>>);

type RunningFuture = Pin<Box<dyn Future<Output = ()>>>;

impl Task {
    /// Starts a future.
    pub(super) fn spawn(future: impl Future<Output = ()> + 'static) -> Self {
        let task = Task(Rc::new(RefCell::new(Some(Box::pin(future) as RunningFuture))));
        let held = Rc::clone(&task.0);
        spawn_local(poll_fn(move |context| match held.borrow_mut().as_mut() {
            Some(future) => future.as_mut().poll(context),
            None => Poll::Ready(()),
        }));
        task
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        // A future that drops itself has ended anyway.
        if let Ok(mut future) = self.0.try_borrow_mut() {
            future.take();
        }
    }
}
