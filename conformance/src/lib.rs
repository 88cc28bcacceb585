//! The conformance corpus: what a WebSocket endpoint does, written down as cases, and the runner
//! that puts the cases to anything that can be driven through [`Subject`].
//!
//! The cases are TOML files under `cases/`, a file or a directory for each topic; `README.md` describes the
//! format.
//! This crate knows nothing of any implementation: an implementation's tests depend on it, say how
//! they are driven, and hand that to a [`Suite`]:
//!
//! ```no_run
//! use miniws_conformance::{Case, Started, Suite};
//!
//! fn start(case: &Case) -> Started {
//!     Err(format!("nothing here can run {} yet", case.id))
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     Suite::new(start).run()
//! }
//! ```

mod action;
mod attacks;
mod bytes;
mod case;
mod compressed;
mod corpus;
mod event;
mod expect;
mod handshake;
mod http;
mod kebab;
mod need;
mod real_time;
mod report;
mod requirements;
mod run;
mod settings;
mod step;
mod subject;
mod suite;
mod way;

pub use action::{Action, Compression};
pub use attacks::{Attack, Attacks, test_exists};
pub use bytes::Bytes;
pub use case::{Case, Role, Start};
pub use compressed::ExpectedCompressed;
pub use corpus::{Corpus, CorpusError};
pub use event::{CloseBody, Event, Kind};
pub use expect::{
    ExpectedError, ExpectedRequest, ExpectedResponse, ExpectedSeenResponse, ExpectedSentRequest,
};
pub use handshake::{AcceptDecision, Asked, ReplyDecision};
pub use kebab::kebab;
pub use need::Need;
pub use report::Report;
pub use requirements::{Requirement, Requirements, Unobservable};
pub use run::run;
pub use settings::{DeflateSettings, Settings};
pub use step::Step;
pub use subject::{
    Failure, Happening, SeenRequest, SeenResponse, Started, State, Status, Subject, Transport,
    Unsupported,
};
pub use suite::{Suite, run_all};
pub use way::Way;
