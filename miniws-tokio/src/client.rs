//! The client's way to an open WebSocket.

mod route;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use miniws_adapter::{Dial, IpFamily, Wish};
use miniws_proto::{ClientRequest, Config, Entropy, Response};
use tokio::io::{AsyncRead, AsyncWrite};

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
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut listener = miniws_tokio::Server::new().bind("127.0.0.1:0").await?;
/// # let url = format!("ws://{}/", listener.local_addr());
/// # let server = tokio::spawn(async move { listener.accept().await.unwrap()?.recv().await });
/// let mut socket = miniws_tokio::connect(&url).await?; // "ws://127.0.0.1:9001/", say
/// socket.send("hello").await?;
/// # assert!(server.await??.is_some());
/// # Ok(()) }
/// ```
pub async fn connect(url: &str) -> Result<WebSocket<NetStream>, Error> {
    Client::new(url).connect().await
}

/// Settings of a client, and the way to its connection.
///
/// ```
/// use std::time::Duration;
/// use miniws_tokio::{Client, Config, Server};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut listener = Server::new().subprotocols(["chat"]).bind("127.0.0.1:0").await?;
/// let url = format!("ws://{}/room?name=ada", listener.local_addr());
/// tokio::spawn(async move { listener.accept().await });
///
/// let client = Client::new(&url)
///     .subprotocol("chat")
///     .header("X-Trace", "7")
///     .connect_timeout(Duration::from_secs(3))
///     .config(Config::default().max_message_size(1 << 20))
///     .on_response(|response| response.status() == 101)
///     .connect()
///     .await?;
/// assert_eq!(client.subprotocol(), Some("chat"));
/// # Ok(()) }
/// ```
#[must_use = "a client does nothing until it connects"]
pub struct Client {
    pub(crate) wish: Wish,
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
    /// use miniws_tokio::{Accept, Attempt, Client, IpFamily, Reply, Server};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
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
    /// tokio::spawn(async move { while listener.accept().await.is_some() {} });
    ///
    /// let socket = Client::new(&format!("ws://ada:secret@[::1]:{port}/chat?room=7"))
    ///     .local_address([0, 0, 0, 0, 0, 0, 0, 1].into())
    ///     .ip_family(IpFamily::V6)
    ///     .connect()
    ///     .await?;
    /// assert_eq!(socket.remote_addr().map(|address| address.port()), Some(port));
    /// # Ok(()) }
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
    /// use miniws_tokio::{Accept, Attempt, Client, Server};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = Server::new().verify(|attempt: Attempt| async move {
    ///     let mut headers = attempt.request().headers().iter();
    ///     assert!(headers.any(|(name, value)| name == "x-TRACE-id" && value == b"7"));
    ///     Ok(Accept::new())
    /// });
    /// let (ours, theirs) = tokio::io::duplex(1024);
    /// tokio::spawn(async move { server.accept(theirs).await });
    /// Client::new("ws://in.memory/").header("x-TRACE-id", "7").handshake(ours).await?;
    /// # Ok(()) }
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
    /// use std::time::Duration;
    /// use miniws_tokio::{Client, Config, Error, HandshakeError};
    /// use tokio::net::TcpListener;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let silent = TcpListener::bind("127.0.0.1:0").await?;
    /// let error = Client::new(&format!("ws://{}/", silent.local_addr()?))
    ///     .connect_timeout(Duration::from_secs(3))
    ///     .config(Config::default().handshake_timeout(Duration::from_millis(50)))
    ///     .connect()
    ///     .await
    ///     .unwrap_err();
    /// assert!(matches!(error, Error::Handshake(HandshakeError::Timeout)));
    /// # Ok(()) }
    /// ```
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.dial.timeout = timeout;
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
    /// use miniws_tokio::Client;
    /// use miniws_tokio::rustls::pki_types::{CertificateDer, pem::PemObject};
    /// use miniws_tokio::rustls::{self, ClientConfig, RootCertStore};
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
    pub fn tls(mut self, config: impl Into<Arc<tokio_rustls::rustls::ClientConfig>>) -> Self {
        self.sockets.tls = config.into();
        self
    }

    /// Whether small messages are sent at once (`TCP_NODELAY`): yes unless told otherwise.
    pub fn nodelay(mut self, nodelay: bool) -> Self {
        self.dial.tcp.nodelay = nodelay;
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
    /// use miniws_tokio::{Client, Error, accept};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (ours, theirs) = tokio::io::duplex(1024);
    /// tokio::spawn(accept(theirs));
    /// let client = Client::new("ws://in.memory/")
    ///     .on_response(|response| response.headers().get("X-Served-By").is_some());
    /// assert!(matches!(client.handshake(ours).await, Err(Error::Aborted)));
    /// # Ok(()) }
    /// ```
    pub fn on_response(mut self, hook: impl FnOnce(&Response) -> bool + Send + 'static) -> Self {
        self.wish.on_response = Some(Box::new(hook));
        self
    }

    /// Connects over TCP, or to a Unix socket, and does the handshake.
    ///
    /// When the host has several addresses, those of both families are tried in turn, the next one
    /// a quarter of a second after the one before, and the first to answer is taken (RFC 8305).
    ///
    /// ```
    /// use miniws_tokio::{Client, IpFamily, Server};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// // Nobody listens on `[::1]`, which is localhost, too.
    /// let mut listener = Server::new().bind("127.0.0.1:0").await?;
    /// let url = format!("ws://localhost:{}/", listener.local_addr().port());
    /// tokio::spawn(async move { while listener.accept().await.is_some() {} });
    ///
    /// let client = Client::new(&url).connect().await?;
    /// assert!(client.remote_addr().is_some_and(|address| address.is_ipv4()));
    /// assert!(Client::new(&url).ip_family(IpFamily::V6).connect().await.is_err());
    /// # Ok(()) }
    /// ```
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
    pub fn connect(self) -> Connecting<NetStream> {
        let trace = self.wish.trace();
        Connecting::new(async move {
            let (sockets, dial) = (&self.sockets, &self.dial);
            let connected = self.wish.connect::<_, Clock>(sockets, dial, trace);
            let (Io(stream), opened) = connected.await?;
            let remote_addr = stream.peer_addr();
            Ok(WebSocket::new(stream, opened, remote_addr))
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
    /// use miniws_tokio::{Client, accept};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), miniws_tokio::Error> {
    /// let (ours, theirs) = tokio::io::duplex(1024);
    /// let server = tokio::spawn(accept(theirs));
    /// let client = Client::new("ws://in.memory/").handshake(ours).await?;
    /// # let _ = (server, client);
    /// # Ok(()) }
    /// ```
    pub fn handshake<S>(self, stream: S) -> Connecting<S>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let trace = self.wish.trace();
        Connecting::new(async move {
            let mut io = Io(stream);
            let opened = self.wish.handshake::<_, Clock>(&mut io, trace).await?;
            Ok(WebSocket::new(io.0, opened, None))
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
/// use miniws_tokio::{Client, State, accept};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), miniws_tokio::Error> {
/// let (ours, theirs) = tokio::io::duplex(1024);
/// tokio::spawn(accept(theirs));
/// let mut connecting = Client::new("ws://in.memory/").handshake(ours);
/// assert_eq!(connecting.state(), State::Connecting);
/// let socket = (&mut connecting).await?;
/// assert_eq!(connecting.state(), State::Open);
/// # let _ = socket;
/// # Ok(()) }
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
