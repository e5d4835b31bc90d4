//! Panics as one line of the log, and their words for whoever has to report them.

use std::any::Any;
use std::cell::RefCell;
use std::panic::PanicHookInfo;

thread_local! {
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// From now on a panic is one error in the log instead of lines on standard error.
pub fn install_panic_log() {
    std::panic::set_hook(Box::new(|info: &PanicHookInfo<'_>| {
        let message = panic_message(info.payload());
        let place = info
            .location()
            .map_or_else(String::new, |at| format!(" at {at}"));
        let thread = std::thread::current()
            .name()
            .unwrap_or("unnamed")
            .to_owned();
        log::error!("thread {thread} panicked{place}: {message}");
        LAST.with(|last| *last.borrow_mut() = Some(message));
    }));
}

/// What the panic that is unwinding this thread said.
pub fn last_panic() -> Option<String> {
    LAST.with(|last| last.borrow_mut().take())
}

/// The words of a panic.
pub fn panic_message(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "a panic without words".to_owned()
    }
}
