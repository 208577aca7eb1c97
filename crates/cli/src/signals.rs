//! The signals that end a process politely, and those that another program is to get.

use std::{
    future::poll_fn,
    io,
    sync::atomic::{AtomicBool, Ordering},
    task::Poll,
};

use nix::{libc, sys::signal::Signal};
use tokio::signal::unix::{self, SignalKind};

/// Whether a signal of each kind has come from a process, not from the terminal, since it was last asked.
static INTERRUPT_SENT: AtomicBool = AtomicBool::new(false);
static QUIT_SENT: AtomicBool = AtomicBool::new(false);

/// Those of the terminal's keys: they reach every program in the foreground, ours and the one it runs.
const OF_KEYS: [(Signal, &AtomicBool); 2] =
    [(Signal::SIGINT, &INTERRUPT_SENT), (Signal::SIGQUIT, &QUIT_SENT)];

/// The signals that end a process politely: Ctrl-C, terminate, hang up. Catches them from when it is made.
pub(crate) struct Signals {
    each: Streams<3>,
}

impl Signals {
    pub(crate) fn install() -> io::Result<Self> {
        tell_keys_apart()?;
        Ok(Self { each: Streams::open([Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP])? })
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        self.each.next().await;
    }

    /// What `work` comes to, or `None` when a signal came first; the work is dropped then.
    pub(crate) async fn or<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.next() => None,
            done = work => Some(done),
        }
    }
}

/// The signals that are meant for a program we run on our terminal. Catches them from when it is made, so that none ends us
/// before the program.
pub(crate) struct Forwarded {
    each: Streams<6>,
}

impl Forwarded {
    pub(crate) fn install() -> io::Result<Self> {
        tell_keys_apart()?;
        let each = Streams::open([
            Signal::SIGINT,
            Signal::SIGQUIT,
            Signal::SIGTERM,
            Signal::SIGHUP,
            Signal::SIGUSR1,
            Signal::SIGUSR2,
        ])?;
        Ok(Self { each })
    }

    /// Waits for the next one that the program has not got by itself.
    pub(crate) async fn next(&mut self) -> Signal {
        loop {
            let signal = self.each.next().await;
            match OF_KEYS.iter().find(|(of_keys, _)| *of_keys == signal) {
                Some((_, sent)) if !sent.swap(false, Ordering::SeqCst) => {}
                _ => return signal,
            }
        }
    }
}

/// Notes who sent a signal that a key of the terminal sends as well. Comes before any stream of that signal is opened: what
/// is registered first is done first, and a stream must find the note.
fn tell_keys_apart() -> io::Result<()> {
    static DONE: AtomicBool = AtomicBool::new(false);
    if DONE.swap(true, Ordering::SeqCst) {
        return Ok(());
    }
    for (signal, sent) in OF_KEYS {
        // SAFETY: the action stores to an atomic, which is safe in a signal handler.
        #[allow(unsafe_code)]
        unsafe {
            signal_hook_registry::register_sigaction(signal as i32, move |info| {
                if !is_of_terminal(info) {
                    sent.store(true, Ordering::SeqCst);
                }
            })?;
        }
    }
    Ok(())
}

/// Whether the signal is a key of the terminal, which the kernel sends.
fn is_of_terminal(info: &libc::siginfo_t) -> bool {
    #[cfg(target_os = "linux")]
    return info.si_code == libc::SI_KERNEL;
    // SAFETY: the system fills in the sender of every signal that a process or the terminal sends.
    #[cfg(not(target_os = "linux"))]
    #[allow(unsafe_code)]
    return unsafe { info.si_pid() } == 0;
}

struct Streams<const N: usize> {
    each: [(Signal, unix::Signal); N],
}

impl<const N: usize> Streams<N> {
    fn open(signals: [Signal; N]) -> io::Result<Self> {
        let mut each = Vec::with_capacity(N);
        for signal in signals {
            each.push((signal, unix::signal(SignalKind::from_raw(signal as i32))?));
        }
        each.try_into().map(|each| Self { each }).map_err(|_| io::ErrorKind::Other.into())
    }

    async fn next(&mut self) -> Signal {
        poll_fn(|context| {
            for (signal, stream) in &mut self.each {
                if stream.poll_recv(context).is_ready() {
                    return Poll::Ready(*signal);
                }
            }
            Poll::Pending
        })
        .await
    }
}
