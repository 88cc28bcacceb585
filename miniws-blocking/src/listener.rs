//! A listening server, and how it stops.

use std::fmt;
use std::io;
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use miniws_adapter::trace::Span;

use crate::hall::{Accepted, Hall, spawn};
use crate::stop::Stop;
use crate::timeout::LONGEST;
use crate::{Listen, Server, WebSocket};

/// A server that listens. Dropping it stops listening, and drops the connections that have not been
/// accepted.
///
/// Each handshake has a thread of its own, which ends with it; there are at most as many as
/// [`Server::max_handshakes`] says.
pub struct Listener<L: Listen = TcpListener> {
    server: Server,
    hall: Arc<Hall<L>>,
}

impl<L: Listen> Listener<L> {
    pub(crate) fn new(server: Server, listener: L, max_handshakes: usize) -> io::Result<Self> {
        let hall = Arc::new(Hall::new(listener, max_handshakes)?);
        Ok(Self { server, hall })
    }

    /// The address that it listens on.
    #[must_use]
    pub fn local_addr(&self) -> L::Address {
        self.hall.local_addr.clone()
    }

    /// What stops it, from any thread.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper(self.hall.clone())
    }

    /// The next connection whose handshake is done, or an error for one whose handshake failed; there
    /// is no harm in going on after an error. `None` once the server has been stopped, or a [`Listen`] of
    /// the caller's has panicked, and the handshakes that were under way are done. Several threads may
    /// wait for connections.
    ///
    /// Handshakes run side by side: a slow one, or a hook that takes its time, never holds up
    /// another. The first call starts the thread that accepts.
    ///
    /// ```
    /// use std::thread;
    /// use miniws_blocking::{Server, connect};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let listener = Server::new().bind("127.0.0.1:0")?;
    /// let url = format!("ws://{}/", listener.local_addr());
    /// let client = thread::spawn(move || connect(&url));
    ///
    /// if let Some(accepted) = listener.accept() {
    ///     let server = accepted?;
    ///     assert!(server.remote_addr().is_some());
    /// }
    /// # client.join().unwrap()?;
    /// # Ok(()) }
    /// ```
    pub fn accept(&self) -> Option<Accepted<L::Stream>> {
        if let Some(listener) = self.hall.start() {
            let (server, hall) = (self.server.clone(), self.hall.clone());
            let caller = Span::current();
            let accepting = move || {
                // A listener of the caller's may panic. Nobody should wait for it then.
                let _ = catch_unwind(AssertUnwindSafe(|| {
                    caller.in_scope(|| hall.accept_all(&listener, &server));
                }));
                drop(listener);
                hall.over();
            };
            if let Err(error) = spawn("miniws-accept", accepting) {
                self.hall.over();
                return Some(Err(error.into()));
            }
        }
        self.hall.next()
    }

    /// Accepts until the server is stopped, and runs `handler` for each connection in a thread of its
    /// own. The threads outlive this call. Handshakes that fail are passed over.
    ///
    /// ```
    /// use std::{thread, time::Duration};
    /// use miniws_blocking::{CloseCode, Event, Server, connect};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let listener = Server::new().bind("127.0.0.1:0")?;
    /// let url = format!("ws://{}/", listener.local_addr());
    /// let stopper = listener.stopper();
    /// let server = thread::spawn(move || {
    ///     listener.serve(|mut socket| {
    ///         while let Ok(Some(event)) = socket.recv() {
    ///             if let Event::Message(message) = event {
    ///                 let _ = socket.send(message);
    ///             }
    ///         }
    ///     });
    /// });
    ///
    /// let mut client = connect(&url)?;
    /// client.send("hello")?;
    /// assert!(matches!(client.recv()?, Some(Event::Message(_))));
    ///
    /// let stopping = thread::spawn(move || stopper.close_all(Duration::from_secs(5)));
    /// let Some(Event::Close(Some(frame))) = client.recv()? else { panic!("expected a close") };
    /// assert_eq!(frame.code(), CloseCode::GOING_AWAY);
    /// drop(client);
    /// stopping.join().unwrap();
    /// server.join().unwrap();
    /// # Ok(()) }
    /// ```
    pub fn serve(self, handler: impl Fn(WebSocket<L::Stream>) + Send + Sync + 'static) {
        let handler = Arc::new(handler);
        while let Some(accepted) = self.accept() {
            if let Ok(socket) = accepted {
                let handler = handler.clone();
                // Without a thread for it, the connection is dropped.
                let _ = spawn("miniws-serve", move || {
                    socket.driver.span().in_scope(|| handler(socket));
                });
            }
        }
    }
}

impl<L: Listen> Drop for Listener<L> {
    fn drop(&mut self) {
        self.hall.stop();
        self.hall.abandon();
    }
}

/// Stops a [`Listener`], from any thread. Cloning it is cheap.
#[derive(Clone)]
pub struct Stopper(Arc<dyn Stop>);

impl Stopper {
    /// Stops listening. Connections that are open are left alone; handshakes under way are finished.
    /// It takes a moment, and up to five seconds if the thread that accepts can't be woken, as when the
    /// path of a Unix socket leads to another listener by now.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let listener = miniws_blocking::Server::new().bind("127.0.0.1:0")?;
    /// let stopper = listener.stopper();
    /// std::thread::spawn(move || stopper.stop());
    /// assert!(listener.accept().is_none());
    /// # Ok(()) }
    /// ```
    pub fn stop(&self) {
        self.0.stop();
    }

    /// Stops listening, and closes all connections with code 1001, also those whose threads wait to
    /// receive. Returns when all of them have been dropped, and all handshakes are done. Connections
    /// that are left at the deadline are ended without further ado: their next `recv` fails.
    /// Handshakes that are left then lead nowhere: [`Listener::accept`] waits for them no longer.
    ///
    /// See [`Listener::serve`] for an example.
    pub fn close_all(&self, deadline: Duration) {
        self.0.close_all(Instant::now() + deadline.min(LONGEST));
    }
}

impl<L: Listen> fmt::Debug for Listener<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Stopper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stopper").finish_non_exhaustive()
    }
}
