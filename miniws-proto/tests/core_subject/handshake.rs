//! The opening handshake, with the application's decisions.

use miniws_conformance::{AcceptDecision, Failure, Happening, ReplyDecision, Role, kebab};
use miniws_proto::{Connection, HandshakeError, Incoming, Reply, SendQueue};

use super::drive::drain;
use super::given::{accept, reply};
use super::subject::{CoreSubject, Phase};
use super::view;

/// What the server's application does with a request.
pub(crate) struct Decisions {
    pub(crate) accept: AcceptDecision,
    pub(crate) reject: Option<ReplyDecision>,
    pub(crate) plain: Option<ReplyDecision>,
}

impl CoreSubject {
    /// Reads on in a request. True when it was complete.
    pub(crate) fn receive_request(&mut self) -> bool {
        let Phase::Server(handshake) = &mut self.phase else {
            return false;
        };
        match handshake.receive(&mut self.input) {
            Ok(None) => false,
            Ok(Some(incoming)) => {
                self.answer(incoming);
                true
            }
            Err(error) => {
                self.handshake_failed(&error);
                true
            }
        }
    }

    /// Reads on in a response. True when it was complete.
    pub(crate) fn receive_response(&mut self) -> bool {
        let Phase::Client(handshake) = &mut self.phase else {
            return false;
        };
        match handshake.receive(&mut self.input) {
            Ok(None) => false,
            Ok(Some((connection, response))) => {
                let mut seen = view::response(&response);
                seen.subprotocol = connection.subprotocol().map(str::to_owned);
                self.happenings.push_back(Happening::Response(seen));
                self.phase = Phase::Open(Box::new(connection));
                true
            }
            Err(error) => {
                self.handshake_failed(&error);
                true
            }
        }
    }

    /// Tells the application, and answers the peer if there is an answer.
    pub(crate) fn handshake_failed(&mut self, error: &HandshakeError) {
        let mut status = None;
        if let HandshakeError::Refused(response) = error {
            status = Some(response.status());
            self.happenings
                .push_back(Happening::Response(view::response(response)));
        }
        let reply = match self.role {
            Role::Client => None,
            Role::Server => error.reply(),
        };
        let reply_status = reply.as_ref().map(Reply::status);
        self.happenings.push_back(Happening::Failure(Failure {
            kind: kebab(error),
            code: None,
            status: status.or(reply_status),
            offset: None,
        }));
        self.phase = match reply.map(|reply| reply.encode()) {
            Some(Ok(reply)) => {
                self.output.extend_from_slice(&reply);
                Phase::Answered
            }
            Some(Err(_)) => {
                self.fail("an error's own reply is not valid");
                Phase::Over
            }
            None => Phase::Over,
        };
    }

    fn answer(&mut self, incoming: Incoming) {
        let request = match &incoming {
            Incoming::Upgrade(upgrade) => upgrade.request(),
            Incoming::Plain(plain) => plain.request(),
        };
        self.happenings
            .push_back(Happening::Request(view::request(request)));
        match self.decide(incoming) {
            Ok(Answer::Connection(connection)) => self.phase = Phase::Open(connection),
            Ok(Answer::Reply(mut queue)) => {
                drain(&mut queue, &mut self.output);
                self.phase = Phase::Answered;
            }
            Err(error) => self.handshake_failed(&error),
        }
    }

    fn decide(&self, incoming: Incoming) -> Result<Answer, HandshakeError> {
        match (incoming, &self.decisions.reject, &self.decisions.plain) {
            (Incoming::Upgrade(upgrade), Some(decision), _) => {
                upgrade.reject(reply(decision)).map(Answer::Reply)
            }
            (Incoming::Upgrade(upgrade), None, _) => upgrade
                .accept(accept(&self.decisions.accept))
                .map(|connection| Answer::Connection(Box::new(connection))),
            (Incoming::Plain(plain), _, Some(decision)) => {
                plain.respond(reply(decision)).map(Answer::Reply)
            }
            (Incoming::Plain(plain), _, None) => {
                plain.respond(Reply::upgrade_required()).map(Answer::Reply)
            }
        }
    }
}

enum Answer {
    Connection(Box<Connection>),
    Reply(SendQueue),
}
