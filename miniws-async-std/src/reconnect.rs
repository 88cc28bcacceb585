//! Staying connected: a client that connects again when its connection is lost.
//!
//! [`Reconnecting`] tells the application about each connection and each gap, and leaves to it what
//! nobody else can know: what to say again, and where to go on. Here every message has a number, and a
//! client that comes back asks for those after the last one that it has seen:
//!
//! ```
//! # #[cfg(feature = "smol")] fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
//! use std::sync::atomic::{AtomicU64, Ordering};
//! use std::time::Duration;
//!
//! use miniws_async_std::reconnect::{Backoff, Reconnecting, Update};
//! use miniws_async_std::Event;
//! use miniws_async_std::smol::Client;
//! # use miniws_async_std::smol::Server;
//! #
//! # // A server that loses its connection after every third message.
//! # let mut listener = Server::new().bind("127.0.0.1:0").await?;
//! # let url = format!("ws://{}/news", listener.local_addr());
//! # let (targets, asked) = async_channel::unbounded();
//! # smol::spawn(async move {
//! #     for first in [1, 4, 7] {
//! #         let mut socket = listener.accept().await.unwrap().unwrap();
//! #         socket.recv().await.unwrap();
//! #         for id in first..first + 3 {
//! #             socket.send(format!("{id}")).await.unwrap();
//! #         }
//! #         if first == 7 { let _ = socket.close().await; }
//! #     }
//! # }).detach();
//!
//! let seen = AtomicU64::new(0);
//! let mut news = Reconnecting::new(|| {
//!     // Made anew for each attempt, as a token that expires would be.
//!     let url = format!("{url}?after={}", seen.load(Ordering::Relaxed));
//! #   targets.try_send(url.clone()).unwrap();
//!     Client::new(&url).connect()
//! })
//! .backoff(Backoff::default().first(Duration::from_millis(10)));
//!
//! while let Some(update) = news.recv().await? {
//!     match update {
//!         Update::Connected(sender) => sender.send("news, please").await?,
//!         Update::Event(Event::Message(message)) => {
//!             let id = message.as_text().unwrap_or_default().parse()?;
//!             seen.store(id, Ordering::Relaxed);
//!         }
//!         Update::Lost { cause, delay, .. } => println!("{cause}; again in {delay:?}"),
//!         _ => {}
//!     }
//! }
//! assert_eq!(seen.load(Ordering::Relaxed), 9);
//! # drop(news);
//! # assert!(asked.recv().await?.ends_with("?after=0"));
//! # assert!(asked.recv().await?.ends_with("?after=3"));
//! # assert!(asked.recv().await?.ends_with("?after=6"));
//! # Ok(()) }) }
//! # #[cfg(not(feature = "smol"))] fn main() {}
//! ```
//!
//! # What is tried again
//!
//! What [`Cause::is_final`] does not call final: an open connection that fails, a server that can't be
//! reached or is busy, and most close codes. [`Reconnecting::give_up_if`] decides otherwise. How long to
//! wait is [`Backoff`]'s.
//!
//! # What is sent twice, or never
//!
//! Nothing is sent twice: each connection has a [`Sender`] of its own, and what that one was given is
//! never given to another. What it was given shortly before the connection was lost may have reached the
//! peer or not; WebSocket has no receipts (RFC 6455), and a message that `send` has returned for has been
//! handed to the transport, no more. What was queued with `feed` and not yet flushed has not reached it.
//! Who has to know lets the peer answer, with a number as above, and says again on
//! [`Update::Connected`] what had no answer.

use std::fmt;
use std::future::Future;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};
use miniws_adapter::Driver;
pub use miniws_adapter::reconnect::{Backoff, Cause, Update};
use miniws_adapter::reconnect::{Receive, Reconnect};
use miniws_proto::{CloseCode, CloseFrame, CloseStatus, Entropy, Event};

use crate::io::Clock;
use crate::{Error, Receiver, Sender, WebSocket};

/// A client that connects again when its connection is lost, see the [module](self).
///
/// It does something only while [`recv`](Self::recv) is waited for, connecting included. Dropping it drops the
/// connection.
pub struct Reconnecting<'a, S>(Reconnect<'a, Sender<S>, Receiver<S>, Clock>);

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Reconnecting<'a, S> {
    /// A client that connects by `connect`, which is called for each attempt and may do anything
    /// before and after [`Client::connect`](crate::Client::connect): fetch a token, say hello over
    /// the new connection and wait for the answer.
    ///
    /// ```
    /// # #[cfg(feature = "smol")] fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
    /// use miniws_async_std::reconnect::{Reconnecting, Update};
    /// use miniws_async_std::smol::{Client, Server};
    ///
    /// # let listener = Server::new().bind("127.0.0.1:0").await?;
    /// # let url = format!("ws://{}/", listener.local_addr());
    /// # smol::spawn(listener.serve(|mut socket| async move { while let Ok(Some(_)) = socket.recv().await {} })).detach();
    /// # async fn fetch_token() -> std::io::Result<String> { Ok("secret".into()) }
    /// let mut client = Reconnecting::new(|| async {
    ///     let token = fetch_token().await?;
    ///     let client = Client::new(&url).header("Authorization", &format!("Bearer {token}"));
    ///     let mut socket = client.connect().await?;
    ///     socket.send("hello").await?;
    ///     Ok(socket)
    /// });
    /// assert!(matches!(client.recv().await?, Some(Update::Connected(_))));
    /// assert!(client.close().await?.is_some_and(|status| status.clean));
    /// # Ok(()) }) }
    /// # #[cfg(not(feature = "smol"))] fn main() {}
    /// ```
    pub fn new<F>(mut connect: impl FnMut() -> F + Send + 'a) -> Self
    where
        F: Future<Output = Result<WebSocket<S>, Error>> + Send + 'a,
        S: 'a,
    {
        Self(Reconnect::new(move || {
            let connecting = connect();
            Box::pin(async move { Ok(connecting.await?.split()) })
        }))
    }

    /// How long to wait before connecting again.
    #[must_use]
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.0.retries_mut().set_backoff(backoff);
        self
    }

    /// A hook that is asked each time that there is no connection; when it returns `true`, it is over.
    /// Unless told otherwise, it is [`Cause::is_final`].
    ///
    /// ```
    /// # #[cfg(feature = "smol")] fn main() {
    /// use miniws_async_std::CloseCode;
    /// use miniws_async_std::reconnect::{Cause, Reconnecting};
    /// use miniws_async_std::smol::Client;
    ///
    /// let client = Reconnecting::new(|| Client::new("ws://example.org/").connect())
    ///     .give_up_if(|cause| match cause {
    ///         // This server closes with 1000 before it restarts, and with 4001 if we are banned.
    ///         Cause::Closed(status) => status.code == CloseCode::from(4001),
    ///         // It answers 404 while it starts.
    ///         cause => cause.is_final() && cause.response().map(|it| it.status()) != Some(404),
    ///     });
    /// # let _ = client;
    /// # }
    /// # #[cfg(not(feature = "smol"))] fn main() {}
    /// ```
    #[must_use]
    pub fn give_up_if(mut self, hook: impl FnMut(&Cause) -> bool + Send + 'a) -> Self {
        self.0.retries_mut().set_give_up_if(hook);
        self
    }

    /// Where the chance in the waits comes from: the operating system unless told otherwise. For
    /// tests.
    #[must_use]
    pub fn entropy(mut self, entropy: impl Entropy + 'a) -> Self {
        self.0.retries_mut().set_entropy(entropy);
        self
    }

    /// What happens next; `None` when it is over, because the peer has closed with 1000 or
    /// [`close`](Self::close) was called.
    ///
    /// # Errors
    ///
    /// Why it is over, when the cause is final or [`Backoff`] gives up. Later calls give `None`.
    ///
    /// # Cancel safety
    ///
    /// All state is in the `Reconnecting` and none in the future: when it is dropped, nothing is lost,
    /// not an attempt to connect that is under way either. The waits go on, while attempts and the
    /// connection wait for the next call.
    pub async fn recv(&mut self) -> Result<Option<Update<Sender<S>>>, Cause> {
        self.0.recv().await
    }

    /// Closes with 1000, waits for the end, and connects no more. `None` when there is no connection: an
    /// attempt that is under way is given up.
    ///
    /// To close with another code, use [`Sender::close_with`], and give up when
    /// [`Update::Lost`] comes.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::close`].
    ///
    /// # Cancel safety
    ///
    /// Once polled, it connects no more, even when the future is dropped.
    pub async fn close(&mut self) -> Result<Option<CloseStatus>, Error> {
        self.0.close().await
    }
}

#[doc(hidden)]
impl<S: AsyncRead + AsyncWrite + Unpin> Receive for Receiver<S> {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Event>, Error>> {
        self.shared.poll(&mut self.waiter, cx, Driver::poll_recv)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<CloseStatus, Error>> {
        let frame = CloseFrame::new(CloseCode::NORMAL, "")?;
        let close =
            |driver: &mut Driver<_, _>, cx: &mut Context<'_>| driver.poll_close(cx, Some(&frame));
        self.shared.poll(&mut self.waiter, cx, close)
    }

    fn close_status(&self) -> Option<CloseStatus> {
        self.close_status()
    }
}

impl<S> fmt::Debug for Reconnecting<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reconnecting").field(&self.0).finish()
    }
}
