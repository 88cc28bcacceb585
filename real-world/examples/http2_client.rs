//! Opens several WebSockets over one connection of HTTP/2 (RFC 8441), and has each of them echoed.
//!
//! `http2_client [--count 10] [--root FILE] wss://HOST[:PORT]/PATH`
//!
//! `https_echo` is a server for it. A `ws://` URL does without TLS, and then the server has to take HTTP/2
//! without having been asked whether it does. `--root` trusts the certificates of a PEM file as well.

#[path = "../../miniws-tokio/examples/common/exit.rs"]
mod exit;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Empty;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use lexopt::{Arg, Parser, ValueExt};
use miniws_tokio::rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use miniws_tokio::rustls::{ClientConfig, RootCertStore, crypto::ring::default_provider};
use miniws_tokio::{Client, Event, Message, Url};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;

use exit::Error;

const SETTINGS_TIMEOUT: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() {
    exit::exit(run().await)
}

async fn run() -> Result<(), Error> {
    let options = Options::parse()?;
    let url = Url::parse(&options.url)?;
    let tcp = TcpStream::connect((url.host(), url.port())).await?;
    tcp.set_nodelay(true)?;
    let http2 = match url.is_secure() {
        true => http2(tls(tcp, &url, options.root).await?).await?,
        false => http2(tcp).await?,
    };

    let mut talking = Vec::new();
    for number in 0..options.count {
        let (client, mut http2) = (Client::new(&options.url), http2.clone());
        talking.push(tokio::spawn(async move {
            talk(client, &mut http2, number).await
        }));
    }
    for talk in talking {
        talk.await??;
    }
    println!("{} WebSockets over one connection", options.count);
    Ok(())
}

/// ALPN asks for HTTP/2, and has to agree to it.
async fn tls(
    tcp: TcpStream,
    url: &Url,
    root: Option<PathBuf>,
) -> Result<impl AsyncRead + AsyncWrite + Unpin + Send + 'static, Error> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    if let Some(file) = root {
        for certificate in CertificateDer::pem_file_iter(file)? {
            roots.add(certificate?)?;
        }
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let name = ServerName::try_from(url.host().to_owned())?;
    let stream = TlsConnector::from(Arc::new(config))
        .connect(name, tcp)
        .await?;
    match stream.get_ref().1.alpn_protocol() {
        Some(b"h2") => Ok(stream),
        _ => Err("the server does not speak HTTP/2".into()),
    }
}

type Http2 = http2::SendRequest<Empty<Bytes>>;

/// Starts HTTP/2, and waits until the server's settings allow extended CONNECT: a client must not use
/// it before (RFC 8441 section 3).
async fn http2<S>(stream: S) -> Result<Http2, Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
    // hyper reads in a task of its own, and has nothing that wakes us when the settings come.
    let allowed = async {
        while !connection.is_extended_connect_protocol_enabled() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    if timeout(SETTINGS_TIMEOUT, allowed).await.is_err() {
        return Err(
            "the server's settings do not allow extended CONNECT, or it is no HTTP/2".into(),
        );
    }
    tokio::spawn(connection);
    Ok(sender)
}

/// One WebSocket, from its opening to a clean close.
async fn talk(client: Client, http2: &mut Http2, number: usize) -> Result<(), Error> {
    let mut socket = client.over_http2(http2).await?;
    let messages: [Message; 3] = [
        format!("hello from {number}").into(),
        "".into(),
        // More than a window of HTTP/2.
        vec![7; 200_000].into(),
    ];
    for message in messages {
        socket.send(message.clone()).await?;
        if socket.recv().await? != Some(Event::Message(message)) {
            return Err(format!("WebSocket {number}: that is no echo").into());
        }
    }
    match socket.close().await?.clean {
        true => Ok(()),
        false => Err(format!("WebSocket {number}: no clean close").into()),
    }
}

const USAGE: &str = "usage: http2_client [--count 10] [--root FILE] wss://HOST[:PORT]/PATH";

struct Options {
    url: String,
    count: usize,
    root: Option<PathBuf>,
}

impl Options {
    fn parse() -> Result<Self, lexopt::Error> {
        let (mut url, mut count, mut root) = (None, 10, None);
        let mut parser = Parser::from_env();
        while let Some(arg) = parser.next()? {
            match arg {
                Arg::Long("count") => count = parser.value()?.parse()?,
                Arg::Long("root") => root = Some(parser.value()?.into()),
                Arg::Value(value) if url.is_none() => url = Some(value.string()?),
                Arg::Short('h') | Arg::Long("help") => {
                    println!("{USAGE}");
                    std::process::exit(0);
                }
                _ => return Err(arg.unexpected()),
            }
        }
        let url = url.ok_or(USAGE)?;
        Ok(Self { url, count, root })
    }
}
