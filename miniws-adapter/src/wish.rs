//! What a client asks for, and the handshake that gets it over any transport.

use std::fmt;
use std::sync::Arc;

use bytes::BytesMut;
use miniws_proto::{
    ClientHandshake, ClientRequest, Config, Connection, Entropy, HandshakeError, Response,
};

use crate::bounded::Bounded;
use crate::dial::{Dial, Net};
use crate::{Error, OsEntropy, Timer, Transport};

/// What a client asks a server for, and what it makes of the answer.
pub struct Wish {
    /// What is wrong with it is told when it is used.
    pub request: Result<ClientRequest, HandshakeError>,
    /// Limits and timeouts.
    pub config: Arc<Config>,
    /// Where the key and the masking keys come from.
    pub entropy: Box<dyn Entropy>,
    /// The application's hook, which sees the response and may turn it down.
    pub on_response: Option<Box<ResponseHook>>,
}

/// Whether the response is as the application wants it.
pub type ResponseHook = dyn FnOnce(&Response) -> bool + Send;

impl Wish {
    /// Asks for the WebSocket that is at `url`.
    #[must_use]
    pub fn new(url: &str) -> Self {
        Self {
            request: ClientRequest::new(url),
            config: Arc::default(),
            entropy: Box::new(OsEntropy),
            on_response: None,
        }
    }

    /// Goes where the URL leads, and does the handshake there. Returns the stream, the connection
    /// over it, and what was read behind the response.
    pub async fn connect<N: Net, T: Timer>(
        self,
        net: &N,
        dial: &Dial,
    ) -> Result<(N::Stream, Connection, BytesMut), Error> {
        let url = match &self.request {
            Ok(request) => request.url(),
            Err(error) => return Err(error.clone().into()),
        };
        let mut stream = dial.reach::<_, T>(net, url).await?;
        let (connection, input) = self.handshake::<_, T>(&mut stream).await?;
        Ok((stream, connection, input))
    }

    /// Sends the request over `transport` and receives the response. Returns the connection, and
    /// what was read behind the response.
    pub async fn handshake<S: Transport, T: Timer>(
        self,
        transport: &mut S,
    ) -> Result<(Connection, BytesMut), Error> {
        let mut handshake = ClientHandshake::new(self.request?, self.config, self.entropy)?;
        let deadline = handshake.poll_timeout(T::now());
        let mut io = Bounded::<_, T>::new(transport, deadline);
        let mut input = BytesMut::new();
        io.write(handshake.outgoing()).await?;
        let (connection, response) = loop {
            if let Some(open) = handshake.receive(&mut input)? {
                break open;
            }
            match io.read(&mut input).await? {
                Some(0) => return Err(handshake.receive_eof().into()),
                Some(_) => {}
                None => handshake.handle_timeout(T::now())?,
            }
        };
        if self.on_response.is_some_and(|hook| !hook(&response)) {
            return Err(Error::Aborted);
        }
        Ok((connection, input))
    }
}

impl fmt::Debug for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the request: it may hold a password.
        f.debug_struct("Wish")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
