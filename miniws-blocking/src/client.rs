//! The client's way to an open WebSocket.

mod route;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use miniws_adapter::trace::Trace;
use miniws_adapter::{Dial, IpFamily, Wish};
use miniws_proto::{ClientRequest, Config, Entropy, Response};

use crate::dial::Sockets;
use crate::handshake::{Clock, Patient, run};
use crate::{Connecting, Error, NetStream, Stream, WebSocket};

/// Connects to a `ws://`, `wss://` or `ws+unix:` URL with the settings that [`Client`] begins with.
///
/// # Errors
///
/// As [`Client::connect`].
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let listener = miniws_blocking::Server::new().bind("127.0.0.1:0")?;
/// # let url = format!("ws://{}/", listener.local_addr());
/// # let server = std::thread::spawn(move || listener.accept().unwrap()?.recv());
/// let mut socket = miniws_blocking::connect(&url)?; // "ws://127.0.0.1:9001/", say
/// socket.send("hello")?;
/// # assert!(server.join().unwrap()?.is_some());
/// # Ok(()) }
/// ```
pub fn connect(url: &str) -> Result<WebSocket<NetStream>, Error> {
    Client::new(url).connect()
}

/// Settings of a client, and the way to its connection.
///
/// ```
/// use std::time::Duration;
/// use miniws_blocking::{Client, Config, Server};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let listener = Server::new().subprotocols(["chat"]).bind("127.0.0.1:0")?;
/// let url = format!("ws://{}/room?name=ada", listener.local_addr());
/// std::thread::spawn(move || listener.accept());
///
/// let client = Client::new(&url)
///     .subprotocol("chat")
///     .header("X-Trace", "7")
///     .connect_timeout(Duration::from_secs(3))
///     .config(Config::default().max_message_size(1 << 20))
///     .on_response(|response| response.status() == 101)
///     .connect()?;
/// assert_eq!(client.subprotocol(), Some("chat"));
/// # Ok(()) }
/// ```
#[must_use = "a client does nothing until it connects"]
pub struct Client {
    pub(crate) wish: Wish,
    dial: Dial,
    pub(crate) sockets: Sockets,
}

impl Client {
    /// A client for a URL such as `ws://example.org/chat`, `ws://user:password@[::1]:9001/?q`.
    ///
    /// User and password go into an `Authorization` header. What is wrong with a URL, or any other
    /// setting, is told when connecting.
    ///
    /// ```
    /// use miniws_blocking::{Accept, Client, IpFamily, Server};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let Ok(listener) = Server::new().verify(|attempt| {
    /// #     let request = attempt.request();
    /// #     assert_eq!(request.target(), "/chat?room=7");
    /// #     assert_eq!(request.headers().get("Authorization"), Some("Basic YWRhOnNlY3JldA=="));
    /// #     Ok(Accept::new())
    /// # }).bind("[::1]:0") else { return Ok(()) }; // a machine without IPv6
    /// # let port = listener.local_addr().port();
    /// # std::thread::spawn(move || listener.accept());
    /// let socket = Client::new(&format!("ws://ada:secret@[::1]:{port}/chat?room=7"))
    ///     .ip_family(IpFamily::V6)
    ///     .connect()?;
    /// println!("connected to {:?}", socket.remote_addr());
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
    /// use miniws_blocking::{Accept, Client, Server};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = Server::new().verify(|attempt| {
    ///     let mut headers = attempt.request().headers().iter();
    ///     assert!(headers.any(|(name, value)| name == "x-TRACE-id" && value == b"7"));
    ///     Ok(Accept::new())
    /// });
    /// let listener = server.bind("127.0.0.1:0")?;
    /// let url = format!("ws://{}/", listener.local_addr());
    /// std::thread::spawn(move || listener.accept());
    /// Client::new(&url).header("x-TRACE-id", "7").connect()?;
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
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    /// use miniws_blocking::{Client, Server};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let listener = Server::new().bind("127.0.0.1:0")?;
    /// # let url = format!("ws://{}/", listener.local_addr());
    /// # std::thread::spawn(move || listener.accept());
    /// let client = Client::new(&url).local_address(Ipv4Addr::LOCALHOST.into()).connect()?;
    /// assert_eq!(client.get_ref().tcp().unwrap().local_addr()?.ip(), Ipv4Addr::LOCALHOST);
    /// # Ok(()) }
    /// ```
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
    /// use std::{net::TcpListener, time::Duration};
    /// use miniws_blocking::{Client, Config, Error, HandshakeError};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let silent = TcpListener::bind("127.0.0.1:0")?;
    /// let error = Client::new(&format!("ws://{}/", silent.local_addr()?))
    ///     .connect_timeout(Duration::from_secs(3))
    ///     .config(Config::default().handshake_timeout(Duration::from_millis(50)))
    ///     .connect()
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
    /// use miniws_blocking::Client;
    /// use miniws_blocking::rustls::pki_types::{CertificateDer, pem::PemObject};
    /// use miniws_blocking::rustls::{self, ClientConfig, RootCertStore};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut roots = RootCertStore::empty();
    /// roots.add(CertificateDer::from_pem_file("our-own-ca.pem")?)?;
    /// let provider = Arc::new(rustls::crypto::ring::default_provider());
    /// let config = ClientConfig::builder_with_provider(provider)
    ///     .with_safe_default_protocol_versions()?
    ///     .with_root_certificates(roots)
    ///     .with_no_client_auth();
    /// let socket = Client::new("wss://intranet.example/").tls(config).connect()?;
    /// # let _ = socket;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "rustls")]
    pub fn tls(mut self, config: impl Into<Arc<rustls::ClientConfig>>) -> Self {
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
    /// use miniws_blocking::{Client, Error, Server};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let listener = Server::new().bind("127.0.0.1:0")?;
    /// # let url = format!("ws://{}/", listener.local_addr());
    /// # std::thread::spawn(move || listener.accept());
    /// let aborted = Client::new(&url)
    ///     .on_response(|response| response.headers().get("X-Version") == Some("2"))
    ///     .connect();
    /// assert!(matches!(aborted, Err(Error::Aborted)));
    /// # Ok(()) }
    /// ```
    pub fn on_response(mut self, hook: impl FnOnce(&Response) -> bool + Send + 'static) -> Self {
        self.wish.on_response = Some(Box::new(hook));
        self
    }

    /// Connects over TCP, or to a Unix socket, and does the handshake.
    ///
    /// When the host has several addresses, those of both families are tried in turn, the next one
    /// a quarter of a second after the one before, and the first to answer is taken (RFC 8305). Each
    /// attempt has a thread of its own, which ends with it, at the connect timeout at the latest;
    /// so has the search for a host's addresses.
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
    /// [`handshake`](Self::handshake).
    /// `ws+unix:/path/to/socket:/resource` connects to a Unix socket.
    ///
    /// ```
    /// use miniws_blocking::{Client, Error, HandshakeError, Reply, Server};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let full = |_| Err(Reply::new(503).header("Retry-After", "120").body("full"));
    /// # let listener = Server::new().verify(full).bind("127.0.0.1:0")?;
    /// # let url = format!("ws://{}/", listener.local_addr());
    /// # std::thread::spawn(move || listener.accept());
    /// match Client::new(&url).connect() {
    ///     Err(Error::Handshake(HandshakeError::Refused(response))) => {
    ///         assert_eq!(response.status(), 503);
    ///         assert_eq!(response.headers().get("Retry-After"), Some("120"));
    ///         assert_eq!(response.body(), b"full");
    ///     }
    ///     other => panic!("expected a refusal, got {other:?}"),
    /// }
    /// # Ok(()) }
    /// ```
    pub fn connect(self) -> Result<WebSocket<NetStream>, Error> {
        let trace = self.wish.trace();
        self.connect_with(trace)
    }

    /// Does what [`connect`](Self::connect) does in a thread of its own, which ends with it. The
    /// state can be looked at meanwhile, and dropping the [`Connecting`] gives up.
    ///
    /// ```
    /// use miniws_blocking::{Client, Server, State};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let listener = Server::new().bind("127.0.0.1:0")?;
    /// let url = format!("ws://{}/", listener.local_addr());
    /// let connecting = Client::new(&url).start();
    /// assert_eq!(connecting.state(), State::Connecting);
    ///
    /// std::thread::spawn(move || listener.accept());
    /// let client = connecting.wait()?;
    /// assert_eq!(client.state(), State::Open);
    /// # Ok(()) }
    /// ```
    pub fn start(self) -> Connecting<NetStream> {
        Connecting::start(self)
    }

    pub(crate) fn connect_with(self, trace: Trace) -> Result<WebSocket<NetStream>, Error> {
        let connected = (self.wish).connect::<_, Clock>(&self.sockets, &self.dial, trace);
        let (Patient(stream), opened) = run(connected)?;
        let remote_addr = stream.peer_addr();
        Ok(WebSocket::new(stream, opened, remote_addr))
    }

    /// Does the handshake over a stream that the caller has made: a Unix socket, an in-memory pipe,
    /// a TLS stream, a tunnel through a proxy.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    ///
    /// ```
    /// use miniws_blocking::{Client, accept};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # #[cfg(unix)] {
    /// let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    /// let server = std::thread::spawn(|| accept(theirs));
    /// let client = Client::new("ws://a.socket/").handshake(ours)?;
    /// # server.join().unwrap()?; drop(client);
    /// # }
    /// # Ok(()) }
    /// ```
    pub fn handshake<S: Stream>(self, stream: S) -> Result<WebSocket<S>, Error> {
        let mut io = Patient(stream);
        let trace = self.wish.trace();
        let remote_addr = io.0.peer_addr();
        trace.peer(remote_addr);
        let opened = run(self.wish.handshake::<_, Clock>(&mut io, trace))?;
        Ok(WebSocket::new(io.0, opened, remote_addr))
    }

    fn ask(mut self, change: impl FnOnce(ClientRequest) -> ClientRequest) -> Self {
        self.wish.request = self.wish.request.map(change);
        self
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not how to do TLS: that is long, and may be secret.
        f.debug_struct("Client")
            .field("wish", &self.wish)
            .field("dial", &self.dial)
            .finish_non_exhaustive()
    }
}
