//! What a client asks for, and the handshake that gets it over any transport.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::BytesMut;
use miniws_proto::{
    ClientHandshake, ClientRequest, Config, Connection, Entropy, HandshakeError, Response,
};

use crate::bounded::Bounded;
use crate::dial::{Dial, Net};
use crate::trace::Trace;
use crate::{Error, Opened, OsEntropy, Timer, Transport};

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

    /// What is told of the connection, which begins.
    #[must_use]
    pub fn trace(&self) -> Trace {
        Trace::client(self.request.as_ref().ok().map(ClientRequest::url))
    }

    /// Goes where the URL leads, and does the handshake there; where the server redirects, if it is
    /// to be followed, the same. Returns the stream, and what was opened over it.
    pub async fn connect<N: Net, T: Timer>(
        self,
        net: &N,
        dial: &Dial,
        mut trace: Trace,
    ) -> Result<(N::Stream, Opened), Error> {
        let reached = self.reach::<_, T>(net, dial, &trace).await;
        let (stream, connection, input) = reached.inspect_err(|error| trace.failed(error))?;
        Ok((stream, Opened::new(connection, input, trace)))
    }

    async fn reach<N: Net, T: Timer>(
        self,
        net: &N,
        dial: &Dial,
        trace: &Trace,
    ) -> Result<(N::Stream, Connection, BytesMut), Error> {
        let mut request = self.request?;
        let entropy = Arc::new(Mutex::new(self.entropy));
        loop {
            let reached = dial.reach::<_, T>(net, request.url(), &self.config, trace);
            let mut stream = reached.await?;
            let attempt = Attempt {
                request: request.clone(),
                config: Arc::clone(&self.config),
                entropy: shared(&entropy),
            };
            match attempt.handshake::<_, T>(&mut stream).await {
                Ok((connection, response, input)) => {
                    judge(self.on_response, &response)?;
                    return Ok((stream, connection, input));
                }
                Err(Error::Handshake(HandshakeError::Refused(response))) => {
                    let next = request.redirect(&response)?;
                    request = next.ok_or(HandshakeError::Refused(response))?;
                    trace.redirected(request.url());
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Sends the request over `transport` and receives the response.
    pub async fn handshake<S: Transport, T: Timer>(
        self,
        transport: &mut S,
        trace: Trace,
    ) -> Result<Opened, Error> {
        Opened::from_result(self.ask::<_, T>(transport).await, trace)
    }

    async fn ask<S: Transport, T: Timer>(
        self,
        transport: &mut S,
    ) -> Result<(Connection, BytesMut), Error> {
        let attempt = Attempt {
            request: self.request?,
            config: self.config,
            entropy: self.entropy,
        };
        let (connection, response, input) = attempt.handshake::<_, T>(transport).await?;
        judge(self.on_response, &response)?;
        Ok((connection, input))
    }
}

/// One handshake.
struct Attempt {
    request: ClientRequest,
    config: Arc<Config>,
    entropy: Box<dyn Entropy>,
}

impl Attempt {
    async fn handshake<S: Transport, T: Timer>(
        self,
        transport: &mut S,
    ) -> Result<(Connection, Response, BytesMut), Error> {
        let mut handshake = ClientHandshake::new(self.request, self.config, self.entropy)?;
        let deadline = handshake.poll_timeout(T::now());
        let mut io = Bounded::<_, T>::new(transport, deadline);
        let mut input = BytesMut::new();
        io.write(handshake.outgoing()).await?;
        loop {
            if let Some((connection, response)) = handshake.receive(&mut input)? {
                return Ok((connection, response, input));
            }
            match io.read(&mut input).await? {
                Some(0) => return Err(handshake.receive_eof().into()),
                Some(_) => {}
                None => handshake.handle_timeout(T::now())?,
            }
        }
    }
}

/// For one of several attempts, which end before the next one begins.
fn shared(entropy: &Arc<Mutex<Box<dyn Entropy>>>) -> Box<dyn Entropy> {
    let entropy = Arc::clone(entropy);
    Box::new(move |destination: &mut [u8]| {
        let entropy = entropy.lock();
        entropy
            .unwrap_or_else(PoisonError::into_inner)
            .fill(destination);
    })
}

fn judge(hook: Option<Box<ResponseHook>>, response: &Response) -> Result<(), Error> {
    match hook.is_none_or(|hook| hook(response)) {
        true => Ok(()),
        false => Err(Error::Aborted),
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
