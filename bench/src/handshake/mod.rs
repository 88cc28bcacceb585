//! The table `handshake`: connections that are made and left again.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::load::{leave, read_head};
use crate::options::Options;
use crate::report::{Better, Report, Table};
use crate::rounds::Rounds;
use crate::serving::bare::{self, Tally};
use crate::serving::{Child, Server, Service, handshake, pin_load, start_to_connect};

/// How many clients connect to a server at a time.
const CLIENTS: usize = 16;

/// What a run of one contestant came to.
struct Round {
    handshakes_a_second: f64,
    /// Processor microseconds for one.
    processor: f64,
}

/// Runs the table `handshake`.
///
/// # Errors
///
/// When there is no port for the server that judges clients.
pub fn run(options: &Options) -> io::Result<Report> {
    pin_load();
    let mut servers = Server::contestants(options, |entry| entry.accept.is_some());
    servers.extend(Server::externals(options));
    let clients = Server::contestants(options, |entry| entry.connect.is_some());
    let raw = serve_raw()?;
    let mut tables = Vec::new();
    if options.selects("server") {
        tables.extend(run_role("server", options, &servers, |server| {
            accept(server, options.time)
        }));
    }
    if options.selects("client") {
        tables.extend(run_role("client", options, &clients, |client| {
            let child = start_to_connect(&client.name, raw)?;
            measure(&child, Tally::handshakes, options.time)
        }));
    }
    Ok(Report::new("handshake", tables))
}

fn run_role(
    role: &str,
    options: &Options,
    subjects: &[Server],
    mut measure: impl FnMut(&Server) -> io::Result<Round>,
) -> [Table; 2] {
    eprintln!("handshake {role}");
    let title = format!("Processor microseconds for a connection and its handshake, as a {role}");
    let mut processor = Table::new(&title, Better::Less, 1, subjects);
    let title = format!("Handshakes a second, as a {role}");
    let mut speed = Table::new(&title, Better::More, 0, subjects);
    let rounds = Rounds::run(options.rounds, subjects, |one| measure(one).map(Some));
    processor.row(role, rounds.medians(|round| round.processor));
    speed.row(role, rounds.medians(|round| round.handshakes_a_second));
    [processor, speed]
}

/// Clients by hand judge a server.
fn accept(server: &Server, time: Duration) -> io::Result<Round> {
    let (child, address) = server.start_to_accept()?;
    let (count, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| scope.spawn(|| clients(address, &count, &is_over)))
            .collect();
        let round = measure(&child, || count.load(Relaxed), time);
        is_over.store(true, Relaxed);
        for client in clients {
            match client.join() {
                Ok(result) => result?,
                Err(_) => return Err(io::Error::other("a client has panicked")),
            }
        }
        round
    })
}

/// Connects one after the other.
fn clients(address: SocketAddr, count: &AtomicU64, is_over: &AtomicBool) -> io::Result<()> {
    while !is_over.load(Relaxed) {
        let mut stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        leave(&stream);
        stream.write_all(handshake::REQUEST)?;
        if !handshake::is_accepted(&read_head(&mut stream)?) {
            return Err(io::Error::other("a handshake was refused"));
        }
        count.fetch_add(1, Relaxed);
    }
    Ok(())
}

/// Starts the server that judges clients, in this process.
fn serve_raw() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    rustix::net::listen(&listener, 4096)?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || bare::serve::<Tally>(&listener, Service::Echo));
    Ok(address)
}

fn measure(child: &Child, count: impl Fn() -> u64, time: Duration) -> io::Result<Round> {
    std::thread::sleep(time / 4);
    let (start, before, processor) = (Instant::now(), count(), child.processor_time()?);
    std::thread::sleep(time);
    let (time, handshakes) = (start.elapsed(), count() - before);
    let processor = child.processor_time()? - processor;
    if handshakes == 0 {
        return Err(io::Error::other("not one handshake in the time"));
    }
    Ok(Round {
        handshakes_a_second: handshakes as f64 / time.as_secs_f64(),
        processor: processor.as_secs_f64() * 1e6 / handshakes as f64,
    })
}
