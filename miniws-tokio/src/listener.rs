//! A listening server: handshakes side by side, and how it stops.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use miniws_adapter::Stop;
use miniws_adapter::tcp::{EXHAUSTED_DELAY, is_transient};
use miniws_adapter::trace::{self, Crowd, Trace, instrument};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use crate::{Error, Listen, Server, WebSocket};

/// A server that listens. Dropping it stops listening and drops the handshakes that are not done.
pub struct Listener<L: Listen = TcpListener> {
    server: Server,
    /// `None` once it has stopped.
    listener: Option<L>,
    local_addr: L::Address,
    /// Until when nothing is accepted, because the machine is out of descriptors or memory.
    pause: Option<Instant>,
    nodelay: bool,
    max_handshakes: usize,
    handshakes: JoinSet<Result<WebSocket<L::Stream>, Error>>,
    stop: Stop,
    crowd: Crowd,
}

impl<L: Listen> Listener<L> {
    pub(crate) fn new(
        server: Server,
        listener: L,
        nodelay: bool,
        max_handshakes: usize,
    ) -> io::Result<Self> {
        Ok(Self {
            server,
            local_addr: listener.local_addr()?,
            listener: Some(listener),
            pause: None,
            nodelay,
            max_handshakes,
            handshakes: JoinSet::new(),
            stop: Stop::default(),
            crowd: Crowd::default(),
        })
    }

    /// The address that it listens on.
    #[must_use]
    pub fn local_addr(&self) -> L::Address {
        self.local_addr.clone()
    }

    /// What stops it, from any task.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper(self.stop.clone())
    }

    /// The next connection whose handshake is done, or an error for one whose handshake failed; there
    /// is no harm in going on after an error. `None` once the server has been stopped and the
    /// handshakes that were under way are done.
    ///
    /// Handshakes run side by side, in tasks of their own: a slow one never holds up another.
    ///
    /// # Cancel safety
    ///
    /// No connection is lost when the future is dropped.
    ///
    /// ```
    /// use miniws_tokio::{Server, connect};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut listener = Server::new().bind("127.0.0.1:0").await?;
    /// let (url, stopper) = (format!("ws://{}/", listener.local_addr()), listener.stopper());
    /// # let client = tokio::spawn(async move { connect(&url).await.map(|_| stopper.stop()) });
    /// while let Some(accepted) = listener.accept().await {
    ///     match accepted {
    ///         Ok(socket) => { tokio::spawn(async move { /* use it */ drop(socket) }); }
    ///         Err(error) => eprintln!("{error}"),
    ///     }
    /// }
    /// # client.await??;
    /// # Ok(()) }
    /// ```
    pub async fn accept(&mut self) -> Option<Result<WebSocket<L::Stream>, Error>> {
        loop {
            if self.stop.is_stopped() {
                self.listener = None;
            }
            self.crowd
                .observe(self.handshakes.len(), self.max_handshakes);
            let listening = match &self.listener {
                Some(listener) if self.handshakes.len() < self.max_handshakes => Some(listener),
                _ => None,
            };
            if self.listener.is_none() && self.handshakes.is_empty() {
                return None;
            }
            tokio::select! {
                Some(done) = self.handshakes.join_next() => match done {
                    Ok(accepted) => return Some(accepted),
                    // A hook has panicked: that is the application's affair, and the client's loss.
                    Err(error) => return Some(Err(io::Error::from(error).into())),
                },
                accepted = accept(listening, self.pause), if listening.is_some() => {
                    let was_paused = self.pause.take().is_some();
                    match accepted {
                        Ok((stream, remote_addr)) => self.begin(stream, remote_addr),
                        Err(error) if is_transient(&error) => {}
                        Err(error) => {
                            if !was_paused {
                                trace::exhausted(&error);
                            }
                            self.pause = Some(Instant::now() + EXHAUSTED_DELAY);
                        }
                    }
                }
                () = self.stop.stopped(), if self.listener.is_some() => {}
                () = self.stop.ended(), if self.listener.is_none() => self.handshakes = JoinSet::new(),
            }
        }
    }

    /// Accepts until the server is stopped, and runs `handler` for each connection in a task of its
    /// own. The tasks outlive this call. Handshakes that fail are passed over.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops listening; tasks that run go on.
    ///
    /// ```
    /// use miniws_tokio::{Event, Server, connect};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let listener = Server::new().bind("127.0.0.1:0").await?;
    /// let url = format!("ws://{}/", listener.local_addr());
    /// let stopper = listener.stopper();
    /// let server = tokio::spawn(listener.serve(|mut socket| async move {
    ///     while let Ok(Some(event)) = socket.recv().await {
    ///         if let Event::Message(message) = event {
    ///             let _ = socket.send(message).await;
    ///         }
    ///     }
    /// }));
    ///
    /// let mut client = connect(&url).await?;
    /// client.send("hello").await?;
    /// assert!(matches!(client.recv().await?, Some(Event::Message(_))));
    ///
    /// let stopping = tokio::spawn(async move { stopper.close_all(std::time::Duration::from_secs(5)).await });
    /// assert!(matches!(client.recv().await?, Some(Event::Close(Some(frame))) if frame.code() == 1001.into()));
    /// drop(client);
    /// stopping.await?;
    /// server.await?;
    /// # Ok(()) }
    /// ```
    pub async fn serve<F, H>(mut self, handler: F)
    where
        F: Fn(WebSocket<L::Stream>) -> H,
        H: Future<Output = ()> + Send + 'static,
    {
        while let Some(accepted) = self.accept().await {
            if let Ok(socket) = accepted {
                let span = socket.driver.trace().span();
                let handling = span.in_scope(|| handler(socket));
                tokio::spawn(instrument(handling, span));
            }
        }
    }

    fn begin(&mut self, stream: L::Stream, remote_addr: Option<SocketAddr>) {
        let server = self.server.clone();
        let nodelay = self.nodelay;
        // From now on, so that who closes all waits for handshakes as well.
        let ticket = self.stop.ticket();
        let mut trace = Trace::server(remote_addr);
        self.handshakes.spawn(async move {
            L::set_nodelay(&stream, nodelay)
                .map_err(Error::from)
                .inspect_err(|error| trace.failed(error))?;
            let socket = server.accept_stream(stream, remote_addr, trace).await?;
            Ok(socket.with_stop(ticket))
        });
    }
}

async fn accept<L: Listen>(
    listener: Option<&L>,
    pause: Option<Instant>,
) -> io::Result<(L::Stream, Option<SocketAddr>)> {
    let Some(listener) = listener else {
        return std::future::pending().await;
    };
    if let Some(pause) = pause {
        sleep_until(pause).await;
    }
    listener.accept().await
}

/// Stops a [`Listener`], from any task. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Stopper(Stop);

impl Stopper {
    /// Stops listening. Connections that are open are left alone; handshakes under way are finished.
    ///
    /// ```
    /// # use miniws_tokio::Server;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut listener = Server::new().bind("127.0.0.1:0").await?;
    /// listener.stopper().stop();
    /// assert!(listener.accept().await.is_none());
    /// # Ok(()) }
    /// ```
    pub fn stop(&self) {
        self.0.stop();
    }

    /// Stops listening, and closes all connections with code 1001, as each of them is received from
    /// or sent to. Returns when all of them have been dropped, and all handshakes are done. Those that
    /// are left at the deadline are ended without further ado: `recv` fails, and so does a `send` that
    /// waits. A connection that its task neither receives from nor sends to is the task's to drop.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, the connections still close, but the deadline is not kept.
    pub async fn close_all(&self, deadline: Duration) {
        self.0.close();
        if timeout(deadline, self.0.gone()).await.is_err() {
            self.0.end();
        }
    }
}

impl<L: Listen> fmt::Debug for Listener<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener")
            .field("server", &self.server)
            .field("handshakes", &self.handshakes.len())
            .finish_non_exhaustive()
    }
}
