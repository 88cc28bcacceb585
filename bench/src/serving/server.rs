//! What can be started as a server: contestants, and programs that are named on the command line.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::process::Command;

use super::Service;
use super::child::{Child, Movsb};
use crate::contestants::ALL;
use crate::entry::Entry;
use crate::options::Options;

/// A server that can be started.
pub struct Server {
    pub name: String,
    start: Start,
}

enum Start {
    Contestant(&'static Entry),
    /// A command, to which the name of the service is added.
    External(String),
}

impl Server {
    /// All that can do this and are to be measured.
    pub fn all(options: &Options, service: Service) -> Vec<Self> {
        let mut servers = Self::contestants(options, |entry| entry.serve(service).is_some());
        servers.extend(Self::externals(options));
        servers
    }

    /// The contestants for which this is true.
    pub fn contestants(options: &Options, takes_part: impl Fn(&Entry) -> bool) -> Vec<Self> {
        let entries = ALL
            .iter()
            .filter(|entry| takes_part(entry) && options.enters(entry.name));
        entries
            .map(|entry| Self {
                name: entry.name.to_owned(),
                start: Start::Contestant(entry),
            })
            .collect()
    }

    /// The programs from the command line.
    pub fn externals(options: &Options) -> Vec<Self> {
        let externals = options.externals.iter();
        externals
            .map(|external| Self {
                name: external.name.clone(),
                start: Start::External(external.command.clone()),
            })
            .collect()
    }

    /// Whether it does this. Programs from the command line do everything.
    pub const fn can(&self, service: Service) -> bool {
        match self.start {
            Start::Contestant(entry) => entry.serve(service).is_some(),
            Start::External(_) => true,
        }
    }

    /// Starts it.
    ///
    /// # Errors
    ///
    /// When that fails.
    pub fn start(&self, service: Service, movsb: Movsb) -> io::Result<(Child, SocketAddr)> {
        self.start_with(&["serve", &self.name, service.name()], service, movsb)
    }

    /// Starts it as one that makes handshakes itself.
    ///
    /// # Errors
    ///
    /// When that fails.
    pub fn start_to_accept(&self) -> io::Result<(Child, SocketAddr)> {
        let arguments = ["accept", &self.name];
        self.start_with(&arguments, Service::Echo, Movsb::AsGlibcLikes)
    }

    fn start_with(
        &self,
        arguments: &[&str],
        service: Service,
        movsb: Movsb,
    ) -> io::Result<(Child, SocketAddr)> {
        let mut command = match &self.start {
            Start::Contestant(_) => {
                let mut command = Command::new(std::env::current_exe()?);
                command.args(arguments);
                command
            }
            Start::External(line) => {
                let mut command = Command::new("sh");
                command.args(["-c", &format!("exec {line} {}", service.name())]);
                command
            }
        };
        let mut child = Child::start(movsb.apply(&mut command))?;
        let address = child.read_address()?;
        Ok((child, address))
    }
}

/// Starts a contestant as a client that connects to a server over and over.
///
/// # Errors
///
/// When that fails.
pub fn start_to_connect(contestant: &str, server: SocketAddr) -> io::Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    Child::start(command.args(["connect", contestant, &server.to_string()]))
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
