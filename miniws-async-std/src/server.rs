//! The server's way to an open WebSocket.

use std::fmt;
use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::BytesMut;
use futures_io::{AsyncRead, AsyncWrite};
use miniws_adapter::trace::Trace;
use miniws_adapter::{Acceptor, Attempt};
use miniws_proto::{Accept, Config, Reply, Request};

use crate::io::{Clock, Io};
use crate::listener::Listener;
use crate::runtime::AnyRuntime;
use crate::{Error, Listen, WebSocket};

/// Accepts a WebSocket over a stream, with the settings that [`Server`](crate::Server) begins with.
///
/// # Errors
///
/// As [`Server::accept`].
///
/// # Cancel safety
///
/// Dropping the future drops the stream.
///
/// ```
/// use miniws_async_std::{Client, accept};
/// use smol::net::unix::UnixStream;
///
/// # fn main() -> Result<(), miniws_async_std::Error> { smol::block_on(async {
/// let (ours, theirs) = UnixStream::pair()?;
/// let client = smol::spawn(Client::new("ws://localhost/").handshake(theirs));
/// let server = accept(ours).await?;
/// # let _ = (client, server);
/// # Ok(()) }) }
/// ```
pub async fn accept<S>(stream: S) -> Result<WebSocket<S>, Error>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    Server::<AnyRuntime>::new().accept(stream).await
}

/// Settings of a server, and the ways to its connections. Cloning it is cheap.
///
/// ```
/// use miniws_async_std::{Accept, Attempt, Client, Config, Error, HandshakeError, Reply, Server};
/// use smol::net::unix::UnixStream;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
/// let server = Server::new()
///     .config(Config::default().max_message_size(1 << 20))
///     .subprotocols(["chat"])
///     .verify(|attempt: Attempt| async move {
///         match attempt.origin() {
///             Some("https://example.org") => Ok(Accept::new().header("X-Room", "7")),
///             _ => Err(Reply::new(403).body("from our own pages only")),
///         }
///     })
///     .plain(|_request| Reply::new(200).header("Content-Type", "text/plain").body("a page"));
///
/// let (ours, theirs) = UnixStream::pair()?;
/// smol::spawn(async move { server.accept(ours).await }).detach();
/// let refused = Client::new("ws://localhost/").handshake(theirs).await.unwrap_err();
/// assert!(matches!(
///     refused,
///     Error::Handshake(HandshakeError::Refused(response)) if response.status() == 403
/// ));
/// # Ok(()) }) }
/// ```
#[must_use = "a server does nothing until it listens or accepts"]
pub struct Server<R> {
    acceptor: Acceptor,
    pub(crate) backlog: u32,
    pub(crate) nodelay: bool,
    pub(crate) max_handshakes: usize,
    runtime: PhantomData<fn() -> R>,
}

impl<R> Default for Server<R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<R> Server<R> {
    /// A server that accepts everyone and agrees to no subprotocol.
    pub fn new() -> Self {
        Self {
            acceptor: Acceptor::default(),
            backlog: 511,
            nodelay: true,
            max_handshakes: 1024,
            runtime: PhantomData,
        }
    }

    /// Limits and timeouts.
    pub fn config(mut self, config: impl Into<Arc<Config>>) -> Self {
        self.acceptor.config = config.into();
        self
    }

    /// Agrees to the first of the subprotocols that a client asks for which is among these.
    pub fn subprotocols(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.acceptor.set_subprotocols(names);
        self
    }

    /// A hook that picks one of the subprotocols that a request asks for, or none. It takes the
    /// place of [`subprotocols`](Self::subprotocols).
    ///
    /// Only what was asked for can be agreed to (RFC 6455 section 4.2.2): for anything else the
    /// client gets status 500 and the server an error.
    ///
    /// ```
    /// use miniws_async_std::{Client, Server};
    /// use smol::net::unix::UnixStream;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
    /// // The newest version of the chat that the client knows as well.
    /// let server = Server::new().choose_subprotocol(|request| {
    ///     request.subprotocols().filter(|name| name.starts_with("chat.")).max().map(str::to_owned)
    /// });
    /// let (ours, theirs) = UnixStream::pair()?;
    /// let serving = smol::spawn(async move { server.accept(theirs).await });
    /// let client = Client::new("ws://a.socket/").subprotocol("chat.1").subprotocol("chat.2");
    /// let socket = client.handshake(ours).await?;
    /// assert_eq!(socket.subprotocol(), Some("chat.2"));
    /// # let _ = serving;
    /// # Ok(()) }) }
    /// ```
    pub fn choose_subprotocol(
        mut self,
        hook: impl Fn(&Request) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.acceptor.set_choose(hook);
        self
    }

    /// A hook that sees the request and where it comes from before anything is answered, and accepts
    /// or rejects it. It may await whatever it likes; other handshakes go on meanwhile.
    ///
    /// ```
    /// use miniws_async_std::{Accept, Attempt, Client, Error, HandshakeError, Reply, Server};
    /// use smol::net::unix::UnixStream;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
    /// async fn is_known(_token: &str) -> bool {
    ///     smol::future::yield_now().await; // a question to a database, say
    ///     false
    /// }
    ///
    /// let server = Server::new().verify(|attempt: Attempt| async move {
    ///     println!("{:?} offers {:?}", attempt.remote_addr(), attempt.extensions());
    ///     match attempt.request().headers().get("Authorization") {
    ///         Some(token) if is_known(token).await => Ok(Accept::new()),
    ///         Some(_) => Err(Reply::default()), // status 403
    ///         None => Err(Reply::new(401).header("WWW-Authenticate", "Bearer").body("who are you?")),
    ///     }
    /// });
    /// let (ours, theirs) = UnixStream::pair()?;
    /// let serving = smol::spawn(async move { server.accept(theirs).await });
    ///
    /// let refused = Client::new("ws://a.socket/").handshake(ours).await.unwrap_err();
    /// let Error::Handshake(HandshakeError::Refused(response)) = refused else { panic!() };
    /// assert_eq!((response.status(), response.body()), (401, &b"who are you?"[..]));
    /// assert!(matches!(serving.await, Err(Error::Declined { status: 401 })));
    /// # Ok(()) }) }
    /// ```
    ///
    /// What a client offers as extensions comes parsed:
    ///
    /// ```
    /// use miniws_async_std::{Accept, Attempt, Headers, Reply, Request, Server};
    /// use smol::net::unix::UnixStream;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
    /// # let mut headers = Headers::new();
    /// # headers.push("Host", "example.org")?;
    /// # headers.push("Upgrade", "websocket")?;
    /// # headers.push("Connection", "Upgrade")?;
    /// # headers.push("Sec-WebSocket-Version", "13")?;
    /// # headers.push("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")?;
    /// headers.push(
    ///     "Sec-WebSocket-Extensions",
    ///     "mux; max-channels=4; flow-control, deflate-stream, application-extension; version=\"1.1.4\"",
    /// )?;
    /// let server = Server::new().verify(|attempt: Attempt| async move {
    ///     let [mux, deflate_stream, application] = &attempt.extensions()[..] else {
    ///         return Err(Reply::new(400));
    ///     };
    ///     assert_eq!(mux.name(), "mux");
    ///     assert!(mux.params().eq([("max-channels", Some("4")), ("flow-control", None)]));
    ///     assert_eq!((deflate_stream.name(), deflate_stream.params().count()), ("deflate-stream", 0));
    ///     assert_eq!(application.name(), "application-extension");
    ///     assert!(application.params().eq([("version", Some("1.1.4"))]));
    ///     Ok(Accept::new())
    /// });
    /// let (stream, _client) = UnixStream::pair()?;
    /// let request = Request::new("GET", "/", headers);
    /// server.accept_request(request, stream, Default::default()).await?;
    /// # Ok(()) }) }
    /// ```
    ///
    /// [`Reply::default`] rejects with status 403. A subprotocol that the [`Accept`] names takes the
    /// place of the other ways to choose one.
    pub fn verify<F, D>(mut self, hook: F) -> Self
    where
        F: Fn(Attempt) -> D + Send + Sync + 'static,
        D: Future<Output = Result<Accept, Reply>> + Send + 'static,
    {
        self.acceptor.set_verify(hook);
        self
    }

    /// A hook that answers plain HTTP requests, with a page for example. Without it they get status
    /// 426. What is no proper request at all is answered without asking anyone, for example with
    /// status 400.
    ///
    /// ```
    /// use miniws_async_std::{Reply, Server};
    /// use smol::io::{AsyncReadExt, AsyncWriteExt};
    /// use smol::net::unix::UnixStream;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
    /// async fn answer(server: Server, request: &[u8]) -> std::io::Result<String> {
    ///     let (mut client, stream) = UnixStream::pair()?;
    ///     let serving = smol::spawn(async move { server.accept(stream).await });
    ///     client.write_all(request).await?;
    ///     let mut answer = String::new();
    ///     client.read_to_string(&mut answer).await?;
    ///     drop((client, serving));
    ///     Ok(answer)
    /// }
    ///
    /// let server = Server::new().plain(|_request| Reply::new(200).body("a page"));
    /// let page = answer(server.clone(), b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await?;
    /// assert!(page.starts_with("HTTP/1.1 200") && page.ends_with("a page"));
    /// let refusal = answer(server, b"rubbish\r\n\r\n").await?;
    /// assert!(refusal.starts_with("HTTP/1.1 400"));
    ///
    /// use miniws_async_std::Config;
    /// use std::time::Duration;
    ///
    /// let small = Server::new().config(Config::default().max_head_size(100));
    /// let refusal = answer(small, &[b'a'; 1000]).await?;
    /// assert!(refusal.starts_with("HTTP/1.1 431"));
    /// let plain = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    /// let refusal = answer(Server::new(), plain).await?;
    /// assert!(refusal.starts_with("HTTP/1.1 426"));
    /// let post = b"POST / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\r\n";
    /// let refusal = answer(Server::new(), post).await?;
    /// assert!(refusal.starts_with("HTTP/1.1 405"));
    /// let quick = Config::default().handshake_timeout(Duration::from_millis(20));
    /// let refusal = answer(Server::new().config(quick), b"GET / HTTP/1.1\r\n").await?;
    /// assert!(refusal.starts_with("HTTP/1.1 408"));
    /// # Ok(()) }) }
    /// ```
    pub fn plain(mut self, hook: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        self.acceptor.set_plain(hook);
        self
    }

    /// How many connections may wait to be accepted by the listener that `bind` makes: 511 unless
    /// told otherwise.
    pub fn backlog(mut self, connections: u32) -> Self {
        self.backlog = connections;
        self
    }

    /// Whether small messages are sent at once (`TCP_NODELAY`): yes unless told otherwise.
    pub fn nodelay(mut self, nodelay: bool) -> Self {
        self.nodelay = nodelay;
        self
    }

    /// How many handshakes may be unfinished at a time: 1024 unless told otherwise. Further
    /// connections wait in the backlog; each handshake ends within
    /// [`Config::handshake_timeout`], unless a hook takes longer.
    pub fn max_handshakes(mut self, handshakes: usize) -> Self {
        self.max_handshakes = handshakes.max(1);
        self
    }

    /// Does the handshake over a stream that the caller has made: TCP, a Unix socket, an in-memory
    /// pipe, a TLS stream. Hooks see no remote address: for that, there is
    /// [`accept_from`](Self::accept_from).
    ///
    /// # Errors
    ///
    /// [`Error::Handshake`] when the request was bad, [`Error::Declined`] when it was rejected or asked
    /// for no WebSocket; it has been answered then. [`Error::Io`] when the stream failed.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the stream.
    pub async fn accept<S>(&self, stream: S) -> Result<WebSocket<S>, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        self.accept_stream(stream, None, Trace::server(None)).await
    }

    /// Like [`accept`](Self::accept), for a stream whose peer is known: hooks see `remote_addr`.
    ///
    /// # Errors
    ///
    /// As [`accept`](Self::accept).
    ///
    /// # Cancel safety
    ///
    /// As [`accept`](Self::accept).
    ///
    /// ```
    /// # #[cfg(feature = "smol")] fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
    /// use miniws_async_std::smol::{Server, connect};
    /// use smol::net::TcpListener;
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let url = format!("ws://{}/", listener.local_addr()?);
    /// let client = smol::spawn(async move { connect(&url).await });
    /// let (stream, remote_addr) = listener.accept().await?;
    /// let socket = Server::new().accept_from(stream, remote_addr).await?;
    /// assert_eq!(socket.remote_addr(), Some(remote_addr));
    /// # drop(client);
    /// # Ok(()) }) }
    /// # #[cfg(not(feature = "smol"))] fn main() {}
    /// ```
    pub async fn accept_from<S>(
        &self,
        stream: S,
        remote_addr: SocketAddr,
    ) -> Result<WebSocket<S>, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let trace = Trace::server(Some(remote_addr));
        self.accept_stream(stream, Some(remote_addr), trace).await
    }

    /// Accepts, or rejects, a request that another HTTP stack has read from `stream`, and answers it
    /// there. `input` is what was read behind the request.
    ///
    /// # Errors
    ///
    /// As [`accept`](Self::accept).
    ///
    /// # Cancel safety
    ///
    /// As [`accept`](Self::accept).
    ///
    /// ```
    /// use miniws_async_std::{Headers, Request, Server};
    /// use smol::io::AsyncReadExt;
    ///
    /// # fn main() -> Result<(), miniws_async_std::Error> { smol::block_on(async {
    /// # let (stream, mut client) = smol::net::unix::UnixStream::pair()?;
    /// let mut headers = Headers::new();
    /// for (name, value) in [
    ///     ("Host", "example.org"),
    ///     ("Upgrade", "websocket"),
    ///     ("Connection", "Upgrade"),
    ///     ("Sec-WebSocket-Version", "13"),
    ///     ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    /// ] {
    ///     headers.push(name, value)?;
    /// }
    /// let request = Request::new("GET", "/chat", headers);
    /// let socket = Server::new().accept_request(request, stream, Default::default()).await?;
    ///
    /// let mut response = [0; 12];
    /// client.read_exact(&mut response).await?;
    /// assert_eq!(&response, b"HTTP/1.1 101");
    /// # let _ = socket;
    /// # Ok(()) }) }
    /// ```
    pub async fn accept_request<S>(
        &self,
        request: Request,
        stream: S,
        input: BytesMut,
    ) -> Result<WebSocket<S>, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        self.accept_parsed(request, stream, input, None).await
    }

    /// Like [`accept_request`](Self::accept_request), for a stream whose peer is known: hooks see
    /// `remote_addr`.
    ///
    /// # Errors
    ///
    /// As [`accept`](Self::accept).
    ///
    /// # Cancel safety
    ///
    /// As [`accept`](Self::accept).
    ///
    /// ```
    /// use miniws_async_std::{Accept, Attempt, Headers, Reply, Request, Server};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
    /// # let (stream, _client) = smol::net::unix::UnixStream::pair()?;
    /// # let mut headers = Headers::new();
    /// # for (name, value) in [
    /// #     ("Host", "example.org"),
    /// #     ("Upgrade", "websocket"),
    /// #     ("Connection", "Upgrade"),
    /// #     ("Sec-WebSocket-Version", "13"),
    /// #     ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    /// # ] {
    /// #     headers.push(name, value)?;
    /// # }
    /// // Only this machine.
    /// let server = Server::new().verify(|attempt: Attempt| async move {
    ///     match attempt.remote_addr() {
    ///         Some(address) if address.ip().is_loopback() => Ok(Accept::new()),
    ///         _ => Err(Reply::default()),
    ///     }
    /// });
    /// let request = Request::new("GET", "/chat", headers); // as the other stack has read it
    /// let remote_addr = "127.0.0.1:50000".parse()?;
    /// let socket = server.accept_request_from(request, stream, Default::default(), remote_addr).await?;
    /// assert_eq!(socket.remote_addr(), Some(remote_addr));
    /// # Ok(()) }) }
    /// ```
    pub async fn accept_request_from<S>(
        &self,
        request: Request,
        stream: S,
        input: BytesMut,
        remote_addr: SocketAddr,
    ) -> Result<WebSocket<S>, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        self.accept_parsed(request, stream, input, Some(remote_addr))
            .await
    }

    async fn accept_parsed<S>(
        &self,
        request: Request,
        stream: S,
        input: BytesMut,
        remote_addr: Option<SocketAddr>,
    ) -> Result<WebSocket<S>, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let mut io = Io::new(stream);
        let trace = Trace::server(remote_addr);
        let opened = self
            .acceptor
            .accept_request::<_, Clock>(&mut io, request, input, remote_addr, trace)
            .await?;
        Ok(WebSocket::new(io.stream, opened, remote_addr))
    }

    pub(crate) async fn accept_stream<S>(
        &self,
        stream: S,
        remote_addr: Option<SocketAddr>,
        trace: Trace,
    ) -> Result<WebSocket<S>, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let mut io = Io::new(stream);
        let opened = self
            .acceptor
            .accept::<_, Clock>(&mut io, remote_addr, trace)
            .await?;
        Ok(WebSocket::new(io.stream, opened, remote_addr))
    }
}

impl<R: 'static> Server<R> {
    /// Takes over a listener that the caller has made: of TCP, of Unix sockets, of TLS, see
    /// [`Listen`].
    ///
    /// # Errors
    ///
    /// When the listener has no local address.
    ///
    /// ```
    /// # #[cfg(feature = "smol")] fn main() -> std::io::Result<()> { smol::block_on(async {
    /// use miniws_async_std::smol::Server;
    /// use smol::net::TcpListener;
    ///
    /// let listener = Server::new().listen(TcpListener::bind("127.0.0.1:0").await?)?;
    /// println!("listening on ws://{}", listener.local_addr());
    /// # Ok(()) }) }
    /// # #[cfg(not(feature = "smol"))] fn main() {}
    /// ```
    ///
    /// ```
    /// # #[cfg(feature = "async-std")] fn main() -> std::io::Result<()> { async_std::task::block_on(async {
    /// use async_std::net::TcpListener;
    /// use miniws_async_std::async_std::Server;
    ///
    /// let listener = Server::new().listen(TcpListener::bind("127.0.0.1:0").await?)?;
    /// println!("listening on ws://{}", listener.local_addr());
    /// # Ok(()) }) }
    /// # #[cfg(not(feature = "async-std"))] fn main() {}
    /// ```
    pub fn listen<L: Listen>(self, listener: L) -> io::Result<Listener<R, L>> {
        Listener::new(self, listener)
    }
}

impl<R> Clone for Server<R> {
    fn clone(&self) -> Self {
        Self {
            acceptor: self.acceptor.clone(),
            ..*self
        }
    }
}

impl<R> fmt::Debug for Server<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("acceptor", &self.acceptor)
            .field("backlog", &self.backlog)
            .field("nodelay", &self.nodelay)
            .field("max_handshakes", &self.max_handshakes)
            .finish()
    }
}
