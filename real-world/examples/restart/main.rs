//! A server that is restarted, with another version of itself for example, without a gap: no client is refused, and
//! conversations that are under way are finished.
//!
//! `restart [ADDRESS]`, 127.0.0.1:9001 unless told otherwise, tells every client its process. On `kill -HUP` it starts
//! its successor, the program that is at its own path by then, and hands the listening socket on to it: they share one
//! queue of connections, so none is lost with either of them. The old process ends with its last connection, or after
//! ten minutes, when it closes with 1001 what is left.
//!
//! Sockets that each process makes for itself with `SO_REUSEPORT` have a queue each: whoever waits in that of the old
//! process is reset when it stops listening.

#[cfg(unix)]
mod server;

#[cfg(unix)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    server::main()
}

#[cfg(not(unix))]
fn main() {
    eprintln!("signals, and sockets as standard input, are of Unix");
}
