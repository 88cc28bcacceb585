//! The server's way to an open WebSocket.

use std::future::ready;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use bytes::BytesMut;
use miniws_adapter::trace::Trace;
use miniws_adapter::{Acceptor, Attempt};
use miniws_proto::{Accept, Config, Reply, Request};

use crate::handshake::{Clock, Patient, run};
use crate::listener::Listener;
use crate::stop::Ticket;
use crate::{Error, Listen, Stream, WebSocket, tcp};

/// Accepts a WebSocket over a stream, with the settings that [`Server`] begins with.
///
/// # Errors
///
/// As [`Server::accept`].
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # #[cfg(unix)] {
/// let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
/// let client = std::thread::spawn(|| miniws_blocking::Client::new("ws://a.pipe/").handshake(theirs));
/// let server = miniws_blocking::accept(ours)?;
/// # client.join().unwrap()?; drop(server);
/// # }
/// # Ok(()) }
/// ```
pub fn accept<S: Stream>(stream: S) -> Result<WebSocket<S>, Error> {
    Server::new().accept(stream)
}

/// Settings of a server, and the ways to its connections. Cloning it is cheap.
///
/// ```
/// use std::thread;
/// use miniws_blocking::{Accept, Attempt, Client, Config, Error, HandshakeError, Reply, Server};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = Server::new()
///     .config(Config::default().max_message_size(1 << 20))
///     .subprotocols(["chat"])
///     .verify(|attempt: Attempt| match attempt.origin() {
///         Some("https://example.org") => Ok(Accept::new().header("X-Room", "7")),
///         _ => Err(Reply::new(403).body("from our own pages only")),
///     })
///     .plain(|_request| Reply::new(200).header("Content-Type", "text/plain").body("a page"));
///
/// let listener = server.bind("127.0.0.1:0")?;
/// let url = format!("ws://{}/", listener.local_addr());
/// thread::spawn(move || while listener.accept().is_some() {});
///
/// let client = Client::new(&url).origin("https://example.org").connect()?;
/// let refused = Client::new(&url).connect().unwrap_err();
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
    acceptor: Acceptor,
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
    /// use miniws_blocking::{Client, Server};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// // The newest version of the chat that the client knows as well.
    /// let server = Server::new().choose_subprotocol(|request| {
    ///     request.subprotocols().filter(|name| name.starts_with("chat.")).max().map(str::to_owned)
    /// });
    /// let listener = server.bind("127.0.0.1:0")?;
    /// let url = format!("ws://{}/", listener.local_addr());
    /// std::thread::spawn(move || listener.accept());
    ///
    /// let client = Client::new(&url).subprotocol("chat.1").subprotocol("chat.2").connect()?;
    /// assert_eq!(client.subprotocol(), Some("chat.2"));
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
    /// or rejects it. It may wait for whatever it likes; other handshakes go on meanwhile.
    ///
    /// [`Reply::default`] rejects with status 403. A subprotocol that the [`Accept`] names takes the
    /// place of the other ways to choose one.
    ///
    /// ```
    /// use std::{thread, time::Duration};
    /// use miniws_blocking::{Accept, Attempt, Client, Error, HandshakeError, Reply, Server};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// fn is_known(token: &str) -> bool {
    ///     thread::sleep(Duration::from_millis(1)); // a question to a database, say
    ///     token == "Bearer 7"
    /// }
    ///
    /// let server = Server::new().verify(|attempt: Attempt| {
    ///     let subprotocols: Vec<_> = attempt.subprotocols().collect();
    ///     println!("{:?} asks for {subprotocols:?}", attempt.remote_addr());
    ///     match attempt.request().headers().get("Authorization") {
    ///         Some(token) if is_known(token) => Ok(Accept::new()),
    ///         Some(_) => Err(Reply::default()), // status 403
    ///         None => Err(Reply::new(401).header("WWW-Authenticate", "Bearer").body("who are you?")),
    ///     }
    /// });
    /// let listener = server.bind("127.0.0.1:0")?;
    /// let url = format!("ws://{}/", listener.local_addr());
    /// thread::spawn(move || while listener.accept().is_some() {});
    ///
    /// Client::new(&url).header("Authorization", "Bearer 7").connect()?;
    /// let refused = Client::new(&url).connect().unwrap_err();
    /// let Error::Handshake(HandshakeError::Refused(response)) = refused else { panic!() };
    /// assert_eq!((response.status(), response.body()), (401, &b"who are you?"[..]));
    /// # Ok(()) }
    /// ```
    ///
    /// The extensions that a client offers come parsed, whatever they are:
    ///
    /// ```
    /// use std::io::Write;
    /// use miniws_blocking::{Accept, Server};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # #[cfg(unix)] {
    /// let server = Server::new().verify(|attempt| {
    ///     let extensions = attempt.extensions();
    ///     assert_eq!(extensions[0].name(), "mux");
    ///     let params: Vec<_> = extensions[0].params().collect();
    ///     assert_eq!(params, [("max-channels", Some("4")), ("flow-control", None)]);
    ///     assert_eq!(extensions[1].name(), "deflate-stream");
    ///     let params: Vec<_> = extensions[2].params().collect();
    ///     assert_eq!(params, [("version", Some("1.1.4"))]);
    ///     Ok(Accept::new())
    /// });
    /// let (stream, mut client) = std::os::unix::net::UnixStream::pair()?;
    /// client.write_all(
    ///     b"GET / HTTP/1.1\r\nHost: example.org\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    ///       Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    ///       Sec-WebSocket-Extensions: mux; max-channels=4; flow-control, deflate-stream\r\n\
    ///       Sec-WebSocket-Extensions: application-extension; version=\"1.1.4\"\r\n\r\n",
    /// )?;
    /// server.accept(stream)?;
    /// # }
    /// # Ok(()) }
    /// ```
    pub fn verify(
        mut self,
        hook: impl Fn(Attempt) -> Result<Accept, Reply> + Send + Sync + 'static,
    ) -> Self {
        self.acceptor
            .set_verify(move |attempt| ready(hook(attempt)));
        self
    }

    /// A hook that answers plain HTTP requests, with a page for example. Without it they get status
    /// 426. What is no proper request at all is answered without asking anyone.
    ///
    /// ```
    /// use std::io::{self, Read, Write};
    /// use std::time::Duration;
    /// use miniws_blocking::{Config, Reply, Server};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # #[cfg(unix)] {
    /// /// What such a server answers to these bytes.
    /// fn answer(server: &Server, request: &str) -> io::Result<String> {
    ///     let (stream, mut client) = std::os::unix::net::UnixStream::pair()?;
    ///     let server = server.clone();
    ///     std::thread::spawn(move || server.accept(stream).map(drop));
    ///     client.write_all(request.as_bytes())?;
    ///     let mut answer = String::new();
    ///     client.read_to_string(&mut answer)?;
    ///     Ok(answer)
    /// }
    ///
    /// let config = Config::default().max_headers(10).handshake_timeout(Duration::from_millis(100));
    /// let server = Server::new().config(config);
    /// let plain = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    /// let upgrade = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    ///                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 12\r\n\r\n";
    /// for (request, answer_begins) in [
    ///     ("rubbish\r\n\r\n", "HTTP/1.1 400 "),
    ///     (&upgrade.replace("GET", "POST"), "HTTP/1.1 405 "),
    ///     ("GET / HTTP/1.1\r\n", "HTTP/1.1 408 "), // and nothing more
    ///     (plain, "HTTP/1.1 426 "),
    ///     (upgrade, "HTTP/1.1 426 "), // with `Sec-WebSocket-Version: 13`
    ///     (&plain.replace("Host", &"X: y\r\n".repeat(10)), "HTTP/1.1 431 "),
    /// ] {
    ///     let answer = answer(&server, request)?;
    ///     assert!(answer.starts_with(answer_begins), "{answer}");
    /// }
    ///
    /// let server = server.plain(|_request| Reply::new(200).body("a page"));
    /// let page = answer(&server, plain)?;
    /// assert!(page.starts_with("HTTP/1.1 200 ") && page.ends_with("a page"));
    /// # }
    /// # Ok(()) }
    /// ```
    pub fn plain(mut self, hook: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        self.acceptor.set_plain(hook);
        self
    }

    /// How many connections may wait to be accepted by [`bind`](Self::bind)'s listener: 511 unless
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

    /// Listens on a host and port; port 0 picks a free one.
    ///
    /// # Errors
    ///
    /// When the host can't be resolved or the port can't be had.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let listener = miniws_blocking::Server::new().backlog(16).bind(("localhost", 0))?;
    /// assert!(listener.local_addr().port() > 0);
    /// # Ok(()) }
    /// ```
    pub fn bind(self, address: impl ToSocketAddrs) -> io::Result<Listener> {
        let listener = tcp::listen(address, self.backlog)?;
        self.listen(listener)
    }

    /// Takes over a listener that the caller has made: of TCP, of Unix sockets, of TLS, see [`Listen`].
    ///
    /// # Errors
    ///
    /// When the listener has no local address.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// let listener = miniws_blocking::Server::new().listen(listener)?;
    /// # let _ = listener;
    /// # Ok(()) }
    /// ```
    pub fn listen<L: Listen>(self, listener: L) -> io::Result<Listener<L>> {
        let max_handshakes = self.max_handshakes;
        Listener::new(self, listener, max_handshakes)
    }

    /// Does the handshake over a stream that the caller has made: TCP, a Unix socket, an in-memory
    /// pipe, a TLS stream.
    ///
    /// # Errors
    ///
    /// [`Error::Handshake`] when the request was bad, [`Error::Declined`] when it was rejected or
    /// asked for no WebSocket; it has been answered then. [`Error::Io`] when the stream failed.
    ///
    /// ```
    /// use std::{net::TcpListener, thread};
    /// use miniws_blocking::{Server, connect};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let url = format!("ws://{}/", listener.local_addr()?);
    /// let client = thread::spawn(move || connect(&url));
    ///
    /// let (stream, remote_addr) = listener.accept()?;
    /// let server = Server::new().accept(stream)?;
    /// assert_eq!(server.remote_addr(), Some(remote_addr));
    /// # client.join().unwrap()?;
    /// # Ok(()) }
    /// ```
    pub fn accept<S: Stream>(&self, stream: S) -> Result<WebSocket<S>, Error> {
        let remote_addr = stream.peer_addr();
        self.accept_stream(stream, remote_addr, Trace::server(remote_addr))
    }

    /// Like [`accept`](Self::accept), for a stream that doesn't know its peer: hooks see
    /// `remote_addr`.
    ///
    /// # Errors
    ///
    /// As [`accept`](Self::accept).
    pub fn accept_from<S: Stream>(
        &self,
        stream: S,
        remote_addr: SocketAddr,
    ) -> Result<WebSocket<S>, Error> {
        let remote_addr = Some(remote_addr);
        self.accept_stream(stream, remote_addr, Trace::server(remote_addr))
    }

    /// Accepts, or rejects, a request that another HTTP stack has read from `stream`, and answers it
    /// there. `input` is what was read behind the request.
    ///
    /// # Errors
    ///
    /// As [`accept`](Self::accept).
    ///
    /// ```
    /// use std::io::Read;
    /// use miniws_blocking::{Headers, Request, Server};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # #[cfg(unix)] {
    /// # let (stream, mut client) = std::os::unix::net::UnixStream::pair()?;
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
    /// let socket = Server::new().accept_request(request, stream, Default::default())?;
    ///
    /// let mut response = [0; 12];
    /// client.read_exact(&mut response)?;
    /// assert_eq!(&response, b"HTTP/1.1 101");
    /// # let _ = socket;
    /// # }
    /// # Ok(()) }
    /// ```
    pub fn accept_request<S: Stream>(
        &self,
        request: Request,
        stream: S,
        input: BytesMut,
    ) -> Result<WebSocket<S>, Error> {
        let remote_addr = stream.peer_addr();
        self.accept_parsed(request, stream, input, remote_addr)
    }

    /// Like [`accept_request`](Self::accept_request), for a stream that doesn't know its peer: hooks
    /// see `remote_addr`.
    ///
    /// # Errors
    ///
    /// As [`accept`](Self::accept).
    ///
    /// ```
    /// use miniws_blocking::{Accept, Attempt, Headers, Reply, Request, Server};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # #[cfg(unix)] {
    /// # let (stream, _client) = std::os::unix::net::UnixStream::pair()?;
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
    /// let server = Server::new().verify(|attempt: Attempt| match attempt.remote_addr() {
    ///     Some(address) if address.ip().is_loopback() => Ok(Accept::new()),
    ///     _ => Err(Reply::default()),
    /// });
    /// let request = Request::new("GET", "/chat", headers); // as the other stack has read it
    /// let remote_addr = "127.0.0.1:50000".parse()?;
    /// let socket = server.accept_request_from(request, stream, Default::default(), remote_addr)?;
    /// assert_eq!(socket.remote_addr(), Some(remote_addr));
    /// # }
    /// # Ok(()) }
    /// ```
    pub fn accept_request_from<S: Stream>(
        &self,
        request: Request,
        stream: S,
        input: BytesMut,
        remote_addr: SocketAddr,
    ) -> Result<WebSocket<S>, Error> {
        self.accept_parsed(request, stream, input, Some(remote_addr))
    }

    fn accept_parsed<S: Stream>(
        &self,
        request: Request,
        stream: S,
        input: BytesMut,
        remote_addr: Option<SocketAddr>,
    ) -> Result<WebSocket<S>, Error> {
        let mut io = Patient(stream);
        let trace = Trace::server(remote_addr);
        let accepting =
            self.acceptor
                .accept_request::<_, Clock>(&mut io, request, input, remote_addr, trace);
        let opened = run(accepting)?;
        Ok(WebSocket::new(io.0, opened, remote_addr))
    }

    /// For a listener, which keeps a register of its connections.
    pub(crate) fn accept_registered<L: Listen>(
        &self,
        stream: L::Stream,
        remote_addr: Option<SocketAddr>,
        ticket: Ticket,
        mut trace: Trace,
    ) -> Result<WebSocket<L::Stream>, Error> {
        L::set_nodelay(&stream, self.nodelay)
            .map_err(Error::from)
            .inspect_err(|error| trace.failed(error))?;
        let socket = self.accept_stream(stream, remote_addr, trace)?;
        Ok(socket.registered(ticket))
    }

    fn accept_stream<S: Stream>(
        &self,
        stream: S,
        remote_addr: Option<SocketAddr>,
        trace: Trace,
    ) -> Result<WebSocket<S>, Error> {
        let mut io = Patient(stream);
        let accepting = self
            .acceptor
            .accept::<_, Clock>(&mut io, remote_addr, trace);
        let opened = run(accepting)?;
        Ok(WebSocket::new(io.0, opened, remote_addr))
    }
}
