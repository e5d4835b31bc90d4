//! Signals as orders, on a thread of their own.

use std::io;
use std::process;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tokio::sync::mpsc;

/// After this the process ends whatever still hangs.
const EXIT_TIMEOUT: Duration = Duration::from_millis(4500);

/// What the process is told to do.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Order {
    /// Store what is waiting and end.
    Stop,
    /// Read the configuration again.
    Reload,
}

/// Turns signals into orders. A second SIGTERM or SIGINT ends the process at once, and so does
/// a stop that takes too long, even when everything else hangs.
pub(crate) fn orders() -> io::Result<mpsc::UnboundedReceiver<Order>> {
    let stopping = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT] {
        signal_hook::flag::register_conditional_shutdown(signal, 1, Arc::clone(&stopping))?;
        signal_hook::flag::register(signal, Arc::clone(&stopping))?;
    }
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP])?;
    let (orders, receiver) = mpsc::unbounded_channel();
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            for signal in signals.forever() {
                let order = if signal == SIGHUP {
                    Order::Reload
                } else {
                    Order::Stop
                };
                // Nobody listens any more when the process is about to end.
                let _ = orders.send(order);
                if matches!(order, Order::Stop) {
                    thread::sleep(EXIT_TIMEOUT);
                    log::error!("the node did not stop in time; what is committed is safe");
                    process::exit(1);
                }
            }
        })?;
    Ok(receiver)
}
