//! The server's way to an open WebSocket.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::BytesMut;
use miniws_adapter::trace::Trace;
use miniws_adapter::{Acceptor, Attempt};
use miniws_proto::{Accept, Config, Reply, Request};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::ToSocketAddrs;

use crate::io::{Clock, Io};
use crate::listener::Listener;
use crate::{Error, Listen, WebSocket, tcp};

/// Accepts a WebSocket over a stream, with the settings that [`Server`] begins with.
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
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), miniws_tokio::Error> {
/// let (ours, theirs) = tokio::io::duplex(1024);
/// tokio::spawn(miniws_tokio::Client::new("ws://in.memory/").handshake(theirs));
/// let server = miniws_tokio::accept(ours).await?;
/// # let _ = server;
/// # Ok(()) }
/// ```
pub async fn accept<S>(stream: S) -> Result<WebSocket<S>, Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    Server::new().accept(stream).await
}

/// Settings of a server, and the ways to its connections. Cloning it is cheap.
///
/// ```
/// use miniws_tokio::{Accept, Attempt, Client, Config, Error, HandshakeError, Reply, Server};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
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
/// let mut listener = server.bind("127.0.0.1:0").await?;
/// let url = format!("ws://{}/", listener.local_addr());
/// tokio::spawn(async move { while listener.accept().await.is_some() {} });
///
/// let client = Client::new(&url).origin("https://example.org").connect().await?;
/// let refused = Client::new(&url).connect().await.unwrap_err();
/// assert!(matches!(
///     refused,
///     Error::Handshake(HandshakeError::Refused(response)) if response.status() == 403
/// ));
/// # let _ = client;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a server does nothing until it listens or accepts"]
pub struct Server {
    pub(crate) acceptor: Acceptor,
    backlog: u32,
    nodelay: bool,
    max_handshakes: usize,
}

impl Default for Server {
    fn default() -> Self {
        Self::new()
    }
}

impl Server {
    /// A server that accepts everyone and agrees to no subprotocol.
    pub fn new() -> Self {
        Self {
            acceptor: Acceptor::default(),
            backlog: 511,
            nodelay: true,
            max_handshakes: 1024,
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
    /// use miniws_tokio::{Client, Server};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// // The newest version of the chat that the client knows as well.
    /// let server = Server::new().choose_subprotocol(|request| {
    ///     request.subprotocols().filter(|name| name.starts_with("chat.")).max().map(str::to_owned)
    /// });
    /// let (ours, theirs) = tokio::io::duplex(1024);
    /// let serving = tokio::spawn(async move { server.accept(theirs).await });
    /// let client = Client::new("ws://in.memory/").subprotocol("chat.1").subprotocol("chat.2");
    /// let socket = client.handshake(ours).await?;
    /// assert_eq!(socket.subprotocol(), Some("chat.2"));
    /// # let _ = serving;
    /// # Ok(()) }
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
    /// use miniws_tokio::{Accept, Attempt, Client, Error, HandshakeError, Reply, Server};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// async fn is_known(_token: &str) -> bool {
    ///     tokio::task::yield_now().await; // a question to a database, say
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
    /// let mut listener = server.bind("127.0.0.1:0").await?;
    /// let url = format!("ws://{}/", listener.local_addr());
    /// tokio::spawn(async move { while listener.accept().await.is_some() {} });
    ///
    /// let refused = Client::new(&url).connect().await.unwrap_err();
    /// let Error::Handshake(HandshakeError::Refused(response)) = refused else { panic!() };
    /// assert_eq!((response.status(), response.body()), (401, &b"who are you?"[..]));
    /// # Ok(()) }
    /// ```
    ///
    /// What a client offers as extensions comes parsed:
    ///
    /// ```
    /// use miniws_tokio::{Accept, Attempt, Headers, Reply, Request, Server};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
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
    /// let (stream, _client) = tokio::io::duplex(1024);
    /// let request = Request::new("GET", "/", headers);
    /// server.accept_request(request, stream, Default::default()).await?;
    /// # Ok(()) }
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
    /// use std::time::Duration;
    /// use miniws_tokio::{Config, Reply, Server};
    /// use tokio::io::{AsyncReadExt, AsyncWriteExt};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// async fn answer(server: Server, request: &[u8]) -> std::io::Result<String> {
    ///     let (mut client, stream) = tokio::io::duplex(4096);
    ///     tokio::spawn(async move { server.accept(stream).await });
    ///     client.write_all(request).await?;
    ///     let mut answer = String::new();
    ///     client.read_to_string(&mut answer).await?;
    ///     Ok(answer)
    /// }
    ///
    /// let server = Server::new().plain(|_request| Reply::new(200).body("a page"));
    /// let page = answer(server.clone(), b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await?;
    /// assert!(page.starts_with("HTTP/1.1 200") && page.ends_with("a page"));
    /// let refusal = answer(server, b"rubbish\r\n\r\n").await?;
    /// assert!(refusal.starts_with("HTTP/1.1 400"));
    ///
    /// let config = Config::default().max_head_size(100).handshake_timeout(Duration::from_millis(20));
    /// let server = Server::new().config(config);
    /// let long = [b'a'; 1000];
    /// for (request, begins) in [
    ///     (&b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"[..], "HTTP/1.1 426"),
    ///     (b"POST / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\r\n", "HTTP/1.1 405"),
    ///     (b"GET / HTTP/1.1\r\n", "HTTP/1.1 408"), // and nothing more
    ///     (&long, "HTTP/1.1 431"),
    /// ] {
    ///     let refusal = answer(server.clone(), request).await?;
    ///     assert!(refusal.starts_with(begins), "{refusal}");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn plain(mut self, hook: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        self.acceptor.set_plain(hook);
        self
    }

    /// How many connections may wait to be accepted by [`bind`](Self::bind)'s listener: 511 unless
    /// told otherwise.
    ///
    /// ```
    /// # use miniws_tokio::Server;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let listener = Server::new().backlog(4096).bind(("127.0.0.1", 0)).await?;
    /// println!("listening on ws://{}", listener.local_addr());
    /// # Ok(()) }
    /// ```
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

    /// Listens on a host and port; port 0 picks a free one.
    ///
    /// ```
    /// # use miniws_tokio::Server;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let listener = Server::new().backlog(128).bind("localhost:0").await?;
    /// println!("listening on ws://{}", listener.local_addr());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// When the host can't be resolved or the port can't be had.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves nothing behind.
    pub async fn bind(self, address: impl ToSocketAddrs) -> io::Result<Listener> {
        let listener = tcp::listen(address, self.backlog).await?;
        self.listen(listener)
    }

    /// Takes over a listener that the caller has made: of TCP, of Unix sockets, of TLS, see
    /// [`Listen`].
    ///
    /// ```
    /// # use miniws_tokio::Server;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    /// let address = listener.local_addr()?;
    /// let listener = Server::new().listen(listener)?;
    /// assert_eq!(listener.local_addr(), address);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// When the listener has no local address.
    pub fn listen<L: Listen>(self, listener: L) -> io::Result<Listener<L>> {
        let (nodelay, max_handshakes) = (self.nodelay, self.max_handshakes);
        Listener::new(self, listener, nodelay, max_handshakes)
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
        S: AsyncRead + AsyncWrite + Unpin,
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
    /// use miniws_tokio::{Server, connect};
    /// use tokio::net::TcpListener;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let url = format!("ws://{}/", listener.local_addr()?);
    /// let client = tokio::spawn(async move { connect(&url).await });
    /// let (stream, remote_addr) = listener.accept().await?;
    /// let socket = Server::new().accept_from(stream, remote_addr).await?;
    /// assert_eq!(socket.remote_addr(), Some(remote_addr));
    /// # drop(client);
    /// # Ok(()) }
    /// ```
    pub async fn accept_from<S>(
        &self,
        stream: S,
        remote_addr: SocketAddr,
    ) -> Result<WebSocket<S>, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
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
    /// use miniws_tokio::{Headers, Request, Server};
    /// use tokio::io::AsyncReadExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), miniws_tokio::Error> {
    /// # let (stream, mut client) = tokio::io::duplex(1024);
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
    /// # Ok(()) }
    /// ```
    pub async fn accept_request<S>(
        &self,
        request: Request,
        stream: S,
        input: BytesMut,
    ) -> Result<WebSocket<S>, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
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
    /// use miniws_tokio::{Accept, Attempt, Headers, Reply, Request, Server};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (stream, _client) = tokio::io::duplex(1024);
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
    /// # Ok(()) }
    /// ```
    pub async fn accept_request_from<S>(
        &self,
        request: Request,
        stream: S,
        input: BytesMut,
        remote_addr: SocketAddr,
    ) -> Result<WebSocket<S>, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
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
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut io = Io(stream);
        let trace = Trace::server(remote_addr);
        let opened = self
            .acceptor
            .accept_request::<_, Clock>(&mut io, request, input, remote_addr, trace)
            .await?;
        Ok(WebSocket::new(io.0, opened, remote_addr))
    }

    pub(crate) async fn accept_stream<S>(
        &self,
        stream: S,
        remote_addr: Option<SocketAddr>,
        trace: Trace,
    ) -> Result<WebSocket<S>, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut io = Io(stream);
        let opened = self
            .acceptor
            .accept::<_, Clock>(&mut io, remote_addr, trace)
            .await?;
        Ok(WebSocket::new(io.0, opened, remote_addr))
    }
}
