//! The way to a server: through a proxy, and after redirects.

use miniws_adapter::{Environment, ProxyChoice};
use miniws_proto::Proxy;

use super::Client;

impl Client {
    /// Goes through a proxy: one at `http://user:password@host:port` is asked by CONNECT, at `https://`
    /// the same over TLS, which needs the feature `rustls`, and at `socks5://` or `socks5h://` by
    /// SOCKS5. It is told the server's name, and resolves it. Unix sockets need none.
    ///
    /// [`connect_timeout`](Self::connect_timeout) is for all of it. Local address and address family
    /// are those of the way to the proxy, and `remote_addr` is the proxy's.
    ///
    /// If it gives no way to the server, connecting fails with [`Error::Proxy`](crate::Error::Proxy),
    /// which tells what the proxy said; if it can't be reached, with [`Error::Io`](crate::Error::Io).
    ///
    /// ```
    /// # #[cfg(feature = "smol")] fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
    /// use miniws_async_std::smol::Client;
    /// use miniws_async_std::{Error, ProxyError};
    /// # use smol::{io::{AsyncReadExt, AsyncWriteExt}, net::TcpListener};
    ///
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let proxy = format!("http://ada:wrong@{}", listener.local_addr()?);
    /// # smol::spawn(async move {
    /// #     let (mut stream, _) = listener.accept().await?;
    /// #     stream.read(&mut [0; 1024]).await?;
    /// #     stream.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await
    /// # }).detach();
    /// // `proxy` is "http://ada:wrong@proxy.example:3128", say.
    /// match Client::new("ws://example.com/").proxy(&proxy).connect().await {
    ///     Err(Error::Proxy(ProxyError::Refused(response))) => assert_eq!(response.status(), 407),
    ///     other => panic!("{other:?}"),
    /// }
    /// # Ok(()) }) }
    /// # #[cfg(not(feature = "smol"))] fn main() {}
    /// ```
    pub fn proxy(mut self, url: &str) -> Self {
        self.dial.proxy = ProxyChoice::Given(Proxy::parse(url));
        self
    }

    /// Goes through the proxy that the environment names, unless it makes an exception for the server.
    ///
    /// A `ws` URL has the proxy in `ws_proxy`, else in `http_proxy`; a `wss` URL that in `wss_proxy`,
    /// else in `https_proxy`; both else that in `all_proxy`. The names may be in upper case; lower case
    /// counts first, and an empty variable is none. Where there is a `REQUEST_METHOD`, as in a CGI
    /// program, `HTTP_PROXY` does not count, for the client of that program could set it.
    ///
    /// `no_proxy` or `NO_PROXY` lists what is reached without one, with commas between: names, which
    /// stand for all names within them as well; IP addresses, and ranges such as `10.0.0.0/8`; any of
    /// these with a port; or `*` for everything. Names are not resolved for that.
    pub fn proxy_from_env(mut self) -> Self {
        self.dial.proxy = ProxyChoice::Environment(Environment::read());
        self
    }

    /// Follows so many redirects, one after the other: none unless told otherwise, and a redirect is
    /// [`HandshakeError::Refused`](crate::HandshakeError::Refused).
    ///
    /// `Authorization`, `Cookie` and `Proxy-Authorization`, and a user and password in the URL, are
    /// only sent on to the same scheme, host and port. From `wss` to `ws` nothing is followed. All
    /// the rules are with [`ClientRequest::redirect`](miniws_proto::ClientRequest::redirect). Each
    /// attempt has the connect timeout and the handshake timeout for itself. It is for
    /// [`connect`](Self::connect): who brings a stream gets the refusal.
    ///
    /// ```
    /// # #[cfg(feature = "smol")] fn main() -> Result<(), Box<dyn std::error::Error>> { smol::block_on(async {
    /// use miniws_async_std::smol::{Client, Server};
    /// use miniws_async_std::{Attempt, Reply};
    ///
    /// let mut new = Server::new().bind("127.0.0.1:0").await?;
    /// let location = format!("ws://{}/chat", new.local_addr());
    /// let moved = move |_: Attempt| {
    ///     let reply = Reply::new(308).header("Location", &location);
    ///     async { Err(reply) }
    /// };
    /// let mut old = Server::new().verify(moved).bind("127.0.0.1:0").await?;
    /// let url = format!("ws://{}/", old.local_addr());
    /// smol::spawn(async move { old.accept().await }).detach();
    /// smol::spawn(async move { new.accept().await }).detach();
    ///
    /// let client = Client::new(&url).max_redirects(3).connect().await?;
    /// # assert_ne!(client.remote_addr().map(|address| format!("ws://{address}/")), Some(url));
    /// # Ok(()) }) }
    /// # #[cfg(not(feature = "smol"))] fn main() {}
    /// ```
    pub fn max_redirects(self, max: usize) -> Self {
        self.ask(|request| request.max_redirects(max))
    }
}
