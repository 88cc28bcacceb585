//! The client's way to an open WebSocket.

mod route;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_io::{AsyncRead, AsyncWrite};
use miniws_adapter::{Dial, IpFamily, Wish};
use miniws_proto::{ClientRequest, Config, Entropy, Response};

use crate::dial::Sockets;
use crate::io::{Clock, Io};
use crate::{Error, NetStream, WebSocket};

/// Connects to a `ws://`, `wss://` or `ws+unix:` URL with the settings that [`Client`] begins with.
///
/// # Errors
///
/// As [`Client::connect`].
///
/// # Cancel safety
///
/// Dropping the future drops the connection.
///
/// ```
/// # #[cfg(feature = "smol")] fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
/// # let mut listener = miniws_async_std::smol::Server::new().bind("127.0.0.1:0").await?;
/// # let url = format!("ws://{}/", listener.local_addr());
/// # let server = smol::spawn(async move { listener.accept().await.unwrap()?.recv().await });
/// let mut socket = miniws_async_std::connect(&url).await?; // "ws://127.0.0.1:9001/", say
/// socket.send("hello").await?;
/// # assert!(server.await?.is_some());
/// # Ok(()) }) }
/// # #[cfg(not(feature = "smol"))] fn main() {}
/// ```
pub async fn connect(url: &str) -> Result<WebSocket<NetStream>, Error> {
    Client::new(url).connect().await
}

/// Settings of a client, and the way to its connection.
///
/// ```
/// use miniws_async_std::{Client, Config, Server};
/// use smol::net::unix::UnixStream;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
/// let (ours, theirs) = UnixStream::pair()?;
/// let server = Server::new().subprotocols(["chat"]);
/// smol::spawn(async move { server.accept(theirs).await }).detach();
///
/// let socket = Client::new("ws://example.org/room?name=ada")
///     .subprotocol("chat")
///     .header("X-Trace", "7")
///     .config(Config::default().max_message_size(1 << 20))
///     .on_response(|response| response.status() == 101)
///     .handshake(ours)
///     .await?;
/// assert_eq!(socket.subprotocol(), Some("chat"));
/// # Ok(()) }) }
/// ```
#[must_use = "a client does nothing until it connects"]
pub struct Client {
    wish: Wish,
    dial: Dial,
    sockets: Sockets,
}

impl Client {
    /// A client for a URL such as `ws://example.org/chat`, `ws://user:password@[::1]:9001/?q`.
    ///
    /// User and password go into an `Authorization` header. What is wrong with a URL, or any other
    /// setting, is told when connecting.
    ///
    /// ```
    /// # #[cfg(feature = "smol")] fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
    /// use miniws_async_std::smol::{Client, Server};
    /// use miniws_async_std::{Accept, Attempt, Reply};
    ///
    /// let server = Server::new().verify(|attempt: Attempt| async move {
    ///     match attempt.request().headers().get("Authorization") {
    ///         Some("Basic YWRhOnNlY3JldA==") => Ok(Accept::new()), // ada:secret
    ///         _ => Err(Reply::new(401)),
    ///     }
    /// });
    /// let Ok(mut listener) = server.bind("[::1]:0").await else {
    ///     return Ok(()); // there is no IPv6 here
    /// };
    /// let port = listener.local_addr().port();
    /// smol::spawn(async move { while listener.accept().await.is_some() {} }).detach();
    /// let url = format!("ws://ada:secret@[::1]:{port}/chat?room=7");
    /// let socket = Client::new(&url).connect().await?;
    /// assert_eq!(socket.remote_addr().map(|address| address.port()), Some(port));
    /// # Ok(()) }) }
    /// # #[cfg(not(feature = "smol"))] fn main() {}
    /// ```
    pub fn new(url: &str) -> Self {
        Self {
            wish: Wish::new(url),
            dial: Dial::default(),
            sockets: Sockets::default(),
        }
    }

    /// Limits and timeouts.
    pub fn config(mut self, config: impl Into<Arc<Config>>) -> Self {
        self.wish.config = config.into();
        self
    }

    /// Asks for a subprotocol. Call it again for others, the most wanted first.
    pub fn subprotocol(self, name: &str) -> Self {
        self.ask(|request| request.subprotocol(name))
    }

    /// Adds a header to the request. The case of its name is kept.
    ///
    /// ```
    /// use miniws_async_std::{Accept, Attempt, Client, Server};
    /// use smol::net::unix::UnixStream;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
    /// let server = Server::new().verify(|attempt: Attempt| async move {
    ///     let mut headers = attempt.request().headers().iter();
    ///     assert!(headers.any(|(name, value)| name == "x-TRACE-id" && value == b"7"));
    ///     Ok(Accept::new())
    /// });
    /// let (ours, theirs) = UnixStream::pair()?;
    /// smol::spawn(async move { server.accept(theirs).await }).detach();
    /// Client::new("ws://a.socket/").header("x-TRACE-id", "7").handshake(ours).await?;
    /// # Ok(()) }) }
    /// ```
    pub fn header(self, name: &str, value: &str) -> Self {
        self.ask(|request| request.header(name, value))
    }

    /// Says which page or program asks (RFC 6455 section 10.2).
    pub fn origin(self, origin: &str) -> Self {
        self.ask(|request| request.origin(origin))
    }

    /// Connects from this address of this machine.
    pub fn local_address(mut self, address: IpAddr) -> Self {
        self.dial.tcp.local_address = Some(address);
        self
    }

    /// Uses only addresses of this family.
    pub fn ip_family(mut self, family: IpFamily) -> Self {
        self.dial.tcp.family = family;
        self
    }

    /// How long it may take to find the host, to reach it, through its proxy, and to set up TLS: 10 seconds
    /// unless told otherwise. The handshake then has [`Config::handshake_timeout`].
    ///
    /// ```
    /// # #[cfg(feature = "smol")] fn main() -> std::io::Result<()> { smol::block_on(async {
    /// use std::time::Duration;
    ///
    /// use miniws_async_std::smol::Client;
    /// use miniws_async_std::{Config, Error, HandshakeError};
    /// use smol::net::TcpListener;
    ///
    /// let silent = TcpListener::bind("127.0.0.1:0").await?;
    /// let error = Client::new(&format!("ws://{}/", silent.local_addr()?))
    ///     .connect_timeout(Duration::from_secs(3))
    ///     .config(Config::default().handshake_timeout(Duration::from_millis(50)))
    ///     .connect()
    ///     .await
    ///     .unwrap_err();
    /// assert!(matches!(error, Error::Handshake(HandshakeError::Timeout)));
    /// # Ok(()) }) }
    /// # #[cfg(not(feature = "smol"))] fn main() {}
    /// ```
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.dial.timeout = timeout;
        self
    }

    /// Whether small messages are sent at once (`TCP_NODELAY`): yes unless told otherwise.
    pub fn nodelay(mut self, nodelay: bool) -> Self {
        self.dial.tcp.nodelay = nodelay;
        self
    }

    /// How to do TLS for `wss://` URLs: a client certificate, roots of one's own, another crypto
    /// provider. Unless told otherwise, the roots are those that Mozilla trusts; for those of the system, the
    /// crates `rustls-native-certs` and `rustls-platform-verifier` have what goes into a configuration.
    ///
    /// ALPN must not offer `h2` here: the handshake is one of HTTP/1.1.
    ///
    /// ```no_run
    /// use std::sync::Arc;
    /// use miniws_async_std::Client;
    /// use miniws_async_std::rustls::pki_types::{CertificateDer, pem::PemObject};
    /// use miniws_async_std::rustls::{self, ClientConfig, RootCertStore};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut roots = RootCertStore::empty();
    /// roots.add(CertificateDer::from_pem_file("our-root.pem")?)?;
    /// let provider = Arc::new(rustls::crypto::ring::default_provider());
    /// let config = ClientConfig::builder_with_provider(provider)
    ///     .with_safe_default_protocol_versions()?
    ///     .with_root_certificates(roots)
    ///     .with_no_client_auth();
    /// let connecting = Client::new("wss://intranet.example/").tls(config).connect();
    /// # let _ = connecting;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "rustls")]
    pub fn tls(mut self, config: impl Into<Arc<futures_rustls::rustls::ClientConfig>>) -> Self {
        self.sockets.tls = config.into();
        self
    }

    /// Where masking keys come from: the operating system unless told otherwise. A test may want
    /// known keys; nothing else should.
    pub fn entropy(mut self, entropy: impl Entropy + 'static) -> Self {
        self.wish.entropy = Box::new(entropy);
        self
    }

    /// A hook that sees the response before the connection opens. When it returns `false`,
    /// connecting fails with [`Error::Aborted`].
    ///
    /// ```
    /// use miniws_async_std::{Client, Error, accept};
    /// use smol::net::unix::UnixStream;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
    /// let (ours, theirs) = UnixStream::pair()?;
    /// let serving = smol::spawn(async move { accept(theirs).await });
    /// let client = Client::new("ws://a.socket/")
    ///     .on_response(|response| response.headers().get("X-Served-By").is_some());
    /// assert!(matches!(client.handshake(ours).await, Err(Error::Aborted)));
    /// # let _ = serving;
    /// # Ok(()) }) }
    /// ```
    pub fn on_response(mut self, hook: impl FnOnce(&Response) -> bool + Send + 'static) -> Self {
        self.wish.on_response = Some(Box::new(hook));
        self
    }

    /// Connects to where the URL leads and does the handshake, on any executor.
    ///
    /// When the host has several addresses, those of both families are tried in turn, the next one
    /// a quarter of a second after the one before, and the first to answer is taken (RFC 8305).
    ///
    /// # Errors
    ///
    /// [`Error::Handshake`] for a bad URL or setting, and when the handshake fails: with
    /// [`HandshakeError::Refused`](crate::HandshakeError::Refused), which carries the response, when
    /// the server answered with another status than 101. [`Error::Io`] and
    /// [`Error::ConnectTimeout`] when the host can't be reached, [`Error::Proxy`] when the proxy gives no
    /// way to it; [`Error::Aborted`] from the hook.
    ///
    /// `wss://` URLs need the feature `rustls`, or else a TLS stream that the caller makes, and
    /// [`handshake`](Self::handshake). `ws+unix:/path/to/socket:/resource` connects to a Unix socket.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the connection.
    ///
    /// ```
    /// # #[cfg(feature = "smol")] fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
    /// use std::time::Duration;
    ///
    /// use miniws_async_std::IpFamily;
    /// use miniws_async_std::smol::{Client, Server};
    ///
    /// // It listens on one address of this host, and others may come first.
    /// let mut listener = Server::new().bind("127.0.0.1:0").await?;
    /// let port = listener.local_addr().port();
    /// smol::spawn(async move { while listener.accept().await.is_some() {} }).detach();
    ///
    /// let url = format!("ws://localhost:{port}/chat?room=7");
    /// let socket = Client::new(&url).connect_timeout(Duration::from_secs(3)).connect().await?;
    /// println!("connected to {:?}", socket.remote_addr());
    /// let client = Client::new(&url).ip_family(IpFamily::V4).local_address([127, 0, 0, 1].into());
    /// let socket = client.connect().await?;
    /// assert!(socket.remote_addr().is_some_and(|address| address.is_ipv4()));
    /// # Ok(()) }) }
    /// # #[cfg(not(feature = "smol"))] fn main() {}
    /// ```
    pub fn connect(self) -> Connecting<NetStream> {
        let trace = self.wish.trace();
        Connecting::new(async move {
            let (sockets, dial) = (&self.sockets, &self.dial);
            let connected = self.wish.connect::<_, Clock>(sockets, dial, trace);
            let (io, opened) = connected.await?;
            let remote_addr = io.stream.peer_addr();
            Ok(WebSocket::new(io.stream, opened, remote_addr))
        })
    }

    /// Does the handshake over a stream that the caller has made: a Unix socket, an in-memory pipe,
    /// a TLS stream, a tunnel through a proxy.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
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
    /// let server = smol::spawn(accept(theirs));
    /// let client = Client::new("ws://localhost/").handshake(ours).await?;
    /// # let _ = (server, client);
    /// # Ok(()) }) }
    /// ```
    pub fn handshake<S>(self, stream: S) -> Connecting<S>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let trace = self.wish.trace();
        Connecting::new(async move {
            let mut io = Io::new(stream);
            let opened = self.wish.handshake::<_, Clock>(&mut io, trace).await?;
            Ok(WebSocket::new(io.stream, opened, None))
        })
    }

    fn ask(mut self, change: impl FnOnce(ClientRequest) -> ClientRequest) -> Self {
        self.wish.request = self.wish.request.map(change);
        self
    }
}

/// A connection on its way: a future of a [`WebSocket`], whose state can be looked at.
///
/// ```
/// use miniws_async_std::{Client, State, accept};
/// use smol::net::unix::UnixStream;
///
/// # fn main() -> Result<(), miniws_async_std::Error> { smol::block_on(async {
/// let (ours, theirs) = UnixStream::pair()?;
/// let server = smol::spawn(accept(theirs));
/// let mut connecting = Client::new("ws://localhost/").handshake(ours);
/// assert_eq!(connecting.state(), State::Connecting);
/// let socket = (&mut connecting).await?;
/// assert_eq!(connecting.state(), State::Open);
/// # let _ = (server, socket);
/// # Ok(()) }) }
/// ```
pub type Connecting<S> = miniws_adapter::Connecting<WebSocket<S>>;

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not how to do TLS: that is long, and may be secret.
        f.debug_struct("Client")
            .field("wish", &self.wish)
            .field("dial", &self.dial)
            .finish_non_exhaustive()
    }
}
