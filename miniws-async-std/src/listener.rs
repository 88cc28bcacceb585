//! A listening server: handshakes side by side, and how it stops.

use std::fmt;
use std::future::{Future, pending};
use std::io;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::time::Duration;

use async_io::Timer;
use futures_lite::{FutureExt, StreamExt};
use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use miniws_adapter::Stop;
use miniws_adapter::tcp::{EXHAUSTED_DELAY, is_transient};
use miniws_adapter::trace::{self, Crowd, Trace, instrument};

use crate::runtime::Runtime;
use crate::server::Server;
use crate::{Error, Listen, WebSocket};

/// A server that listens. Dropping it stops listening and drops the handshakes that are not done.
pub struct Listener<R, L: Listen> {
    server: Server<R>,
    /// `None` once it has stopped.
    listener: Option<L>,
    local_addr: L::Address,
    /// Until when nothing is accepted, because the machine is out of descriptors or memory.
    pause: Option<Timer>,
    handshakes: FuturesUnordered<Handshake<L::Stream>>,
    stop: Stop,
    crowd: Crowd,
}

type Accepted<S> = Result<WebSocket<S>, Error>;
type Handshake<S> = Pin<Box<dyn Future<Output = Accepted<S>> + Send>>;

impl<R: 'static, L: Listen> Listener<R, L> {
    pub(crate) fn new(server: Server<R>, listener: L) -> io::Result<Self> {
        Ok(Self {
            server,
            local_addr: listener.local_addr()?,
            listener: Some(listener),
            pause: None,
            handshakes: FuturesUnordered::new(),
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
    /// Handshakes go on side by side while this is waited for, on any executor: a slow one never
    /// holds up another. Do with the connection what takes time in a task of its own.
    ///
    /// # Cancel safety
    ///
    /// No connection is lost when the future is dropped, and handshakes go on where they were.
    ///
    /// ```
    /// # #[cfg(feature = "smol")] fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
    /// use miniws_async_std::smol::{Server, connect};
    ///
    /// let mut listener = Server::new().bind("127.0.0.1:0").await?;
    /// let (url, stopper) = (format!("ws://{}/", listener.local_addr()), listener.stopper());
    /// # let client = smol::spawn(async move { connect(&url).await.map(|_| stopper.stop()) });
    /// while let Some(accepted) = listener.accept().await {
    ///     match accepted {
    ///         Ok(socket) => smol::spawn(async move { /* use it */ drop(socket) }).detach(),
    ///         Err(error) => eprintln!("{error}"),
    ///     }
    /// }
    /// # client.await?;
    /// # Ok(()) }) }
    /// # #[cfg(not(feature = "smol"))] fn main() {}
    /// ```
    pub async fn accept(&mut self) -> Option<Result<WebSocket<L::Stream>, Error>> {
        loop {
            if self.stop.is_stopped() {
                self.listener = None;
            }
            if self.listener.is_none() && self.handshakes.is_empty() {
                return None;
            }
            let (handshakes, max) = (self.handshakes.len(), self.server.max_handshakes);
            self.crowd.observe(handshakes, max);
            let is_full = handshakes >= max;
            let news = {
                let done = pin!(done(&mut self.handshakes));
                let news = pin!(news(
                    self.listener.as_ref(),
                    is_full,
                    &mut self.pause,
                    &self.stop
                ));
                match select(done, news).await {
                    Either::Left((accepted, _)) => return Some(accepted),
                    Either::Right((news, _)) => news,
                }
            };
            match news {
                News::Came(stream, remote_addr) => self.begin(stream, remote_addr),
                News::Stopped => {}
                News::Ended => self.handshakes = FuturesUnordered::new(),
            }
        }
    }

    fn begin(&self, stream: L::Stream, remote_addr: Option<SocketAddr>) {
        let server = self.server.clone();
        // From now on, so that who closes all waits for handshakes as well.
        let ticket = self.stop.ticket();
        let mut trace = Trace::server(remote_addr);
        let handshake = async move {
            L::set_nodelay(&stream, server.nodelay)
                .map_err(Error::from)
                .inspect_err(|error| trace.failed(error))?;
            let socket = server.accept_stream(stream, remote_addr, trace).await?;
            Ok(socket.with_stop(ticket))
        };
        self.handshakes.push(Box::pin(async move {
            // A hook that panics is the application's affair, and that client's loss only.
            let done = AssertUnwindSafe(handshake).catch_unwind().await;
            done.unwrap_or_else(|_| Err(io::Error::other("a hook has panicked").into()))
        }));
    }
}

impl<R: Runtime, L: Listen> Listener<R, L> {
    /// Accepts until the server is stopped, and runs `handler` for each connection in a task of its
    /// own, which the runtime's global executor runs. The tasks outlive this call. Handshakes that
    /// fail are passed over.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops listening; tasks that run go on.
    ///
    /// ```
    /// # #[cfg(feature = "smol")] fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
    /// use std::time::Duration;
    ///
    /// use miniws_async_std::Event;
    /// use miniws_async_std::smol::{Server, connect};
    ///
    /// let listener = Server::new().bind("127.0.0.1:0").await?;
    /// let url = format!("ws://{}/", listener.local_addr());
    /// let stopper = listener.stopper();
    /// let server = smol::spawn(listener.serve(|mut socket| async move {
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
    /// let stopping = smol::spawn(async move { stopper.close_all(Duration::from_secs(5)).await });
    /// assert!(matches!(client.recv().await?, Some(Event::Close(Some(frame))) if frame.code() == 1001.into()));
    /// drop(client);
    /// stopping.await;
    /// server.await;
    /// # Ok(()) }) }
    /// # #[cfg(not(feature = "smol"))] fn main() {}
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
                R::spawn(instrument(handling, span));
            }
        }
    }
}

/// What a listener waits for beside its handshakes.
enum News<S> {
    Came(S, Option<SocketAddr>),
    Stopped,
    Ended,
}

async fn done<S>(handshakes: &mut FuturesUnordered<Handshake<S>>) -> Accepted<S> {
    match handshakes.next().await {
        Some(done) => done,
        None => pending().await,
    }
}

async fn news<L: Listen>(
    listener: Option<&L>,
    is_full: bool,
    pause: &mut Option<Timer>,
    stop: &Stop,
) -> News<L::Stream> {
    let Some(listener) = listener else {
        stop.ended().await;
        return News::Ended;
    };
    let came = async {
        if is_full {
            return pending().await;
        }
        let (stream, remote_addr) = accept(listener, pause).await;
        News::Came(stream, remote_addr)
    };
    let stopped = async {
        stop.stopped().await;
        News::Stopped
    };
    came.or(stopped).await
}

async fn accept<L: Listen>(
    listener: &L,
    pause: &mut Option<Timer>,
) -> (L::Stream, Option<SocketAddr>) {
    loop {
        let was_paused = pause.is_some();
        if let Some(timer) = pause {
            timer.await;
            *pause = None;
        }
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_transient(&error) => {}
            Err(error) => {
                if !was_paused {
                    trace::exhausted(&error);
                }
                *pause = Some(Timer::after(EXHAUSTED_DELAY));
            }
        }
    }
}

impl<R, L: Listen> fmt::Debug for Listener<R, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener")
            .field("server", &self.server)
            .field("handshakes", &self.handshakes.len())
            .finish_non_exhaustive()
    }
}

/// Stops a listener, from any task. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Stopper(Stop);

impl Stopper {
    /// Stops listening. Connections that are open are left alone; handshakes under way are finished.
    ///
    /// ```
    /// # #[cfg(feature = "smol")] fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
    /// use miniws_async_std::smol::{Server, connect}; // or `miniws_async_std::async_std::{…}`
    /// use miniws_async_std::{Event, Message};
    ///
    /// let listener = Server::new().bind("127.0.0.1:0").await?;
    /// let url = format!("ws://{}/", listener.local_addr());
    /// let stopper = listener.stopper();
    /// let serving = smol::spawn(listener.serve(|mut socket| async move {
    ///     while let Ok(Some(event)) = socket.recv().await {
    ///         if let Event::Message(message) = event {
    ///             let _ = socket.feed(message);
    ///         }
    ///     }
    /// }));
    /// let mut client = connect(&url).await?;
    /// stopper.stop();
    /// serving.await;
    /// assert!(connect(&url).await.is_err());
    /// client.send("still there?").await?;
    /// assert_eq!(client.recv().await?, Some(Event::Message(Message::from("still there?"))));
    /// # Ok(()) }) }
    /// # #[cfg(not(feature = "smol"))] fn main() {}
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
    ///
    /// ```
    /// # #[cfg(feature = "async-std")] fn main() -> Result<(), Box<dyn std::error::Error>> { async_std::task::block_on(async {
    /// use std::time::Duration;
    ///
    /// use async_std::task;
    /// use miniws_async_std::async_std::{Server, connect}; // or `miniws_async_std::smol::{…}`
    /// use miniws_async_std::{CloseCode, Event};
    ///
    /// let listener = Server::new().bind("127.0.0.1:0").await?;
    /// let url = format!("ws://{}/", listener.local_addr());
    /// let stopper = listener.stopper();
    /// task::spawn(listener.serve(|mut socket| async move {
    ///     while let Ok(Some(_)) = socket.recv().await {}
    /// }));
    /// let mut client = connect(&url).await?;
    /// let stopping = task::spawn(async move { stopper.close_all(Duration::from_secs(5)).await });
    /// let Some(Event::Close(Some(frame))) = client.recv().await? else { panic!() };
    /// assert_eq!(frame.code(), CloseCode::GOING_AWAY); // 1001
    /// assert_eq!(client.recv().await?, None);
    /// stopping.await;
    /// # Ok(()) }) }
    /// # #[cfg(not(feature = "async-std"))] fn main() {}
    /// ```
    pub async fn close_all(&self, deadline: Duration) {
        self.0.close();
        let all_gone = async {
            self.0.gone().await;
            true
        };
        let too_late = async {
            Timer::after(deadline).await;
            false
        };
        if !all_gone.or(too_late).await {
            self.0.end();
        }
    }
}
