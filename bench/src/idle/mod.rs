//! The table `idle`: what a connection costs that waits.

use std::io;
use std::net::{SocketAddr, TcpStream};

use crate::content::Content;
use crate::deflate::deflate;
use crate::load::{connect, echo, heap};
use crate::options::Options;
use crate::report::{Better, Report, Table};
use crate::serving::{Child, Movsb, Server, Service, handshake, pin_load};
use crate::wire;

const SIZE: usize = 1 << 10;
const KEY: [u8; 4] = [0x5a, 0xc3, 0x17, 0x88];

/// Bytes for each connection.
struct Cost {
    resident: Option<f64>,
    heap: Option<f64>,
}

/// Runs the table `idle`.
pub fn run(options: &Options) -> Report {
    pin_load();
    let connections = if options.quick { 200 } else { 5000 };
    let servers = Server::all(options, Service::Echo);
    let title = |what| format!("{what} for each of {connections} idle connections");
    let mut resident = Table::new(&title("Bytes of memory (RSS)"), Better::Less, 0, &servers);
    let mut heap = Table::new(&title("Bytes on the heap"), Better::Less, 0, &servers);
    let mut plain = Vec::new();
    let mut compressed = Vec::new();
    for server in &servers {
        eprintln!("idle {server}");
        let measured = after_plain(server, connections);
        plain.push(told(&server.name, measured));
        let can = server.can(Service::EchoDeflate);
        let measured = can.then(|| after_compressed(server, connections));
        compressed.push(measured.and_then(|measured| told(&server.name, measured)));
    }
    let handshakes = plain.iter().map(|both| both.as_ref().map(|both| &both.0));
    let echoes = plain.iter().map(|both| both.as_ref().map(|both| &both.1));
    let stages: [(&str, Vec<Option<&Cost>>); 3] = [
        ("after the handshake", handshakes.collect()),
        ("after an echo of 1K", echoes.collect()),
        (
            "after a compressed echo of 1K",
            compressed.iter().map(Option::as_ref).collect(),
        ),
    ];
    for (stage, costs) in stages {
        let of = |field: fn(&Cost) -> Option<f64>| {
            let costs = costs.iter();
            costs.map(|cost| cost.and_then(field)).collect()
        };
        resident.row(stage, of(|cost| cost.resident));
        heap.row(stage, of(|cost| cost.heap));
    }
    Report::new("idle", vec![resident, heap])
}

fn told<T>(name: &str, result: io::Result<T>) -> Option<T> {
    if let Err(error) = &result {
        eprintln!("{name}: {error}");
    }
    result.ok()
}

/// After the handshake, and after an echo.
fn after_plain(server: &Server, connections: usize) -> io::Result<(Cost, Cost)> {
    let (child, address) = server.start(Service::Echo, Movsb::AsGlibcLikes)?;
    let payload = Content::Binary.payload(SIZE, 0);
    let mut frame = Vec::new();
    wire::push_frame(&mut frame, wire::BINARY, true, Some(KEY), &payload);
    // Whatever is made once is made now.
    let mut first = connect(address, handshake::REQUEST)?;
    echo(&mut first, &frame, &payload)?;
    let before = Sample::take(&child, address)?;
    let mut clients = crowd(address, handshake::REQUEST, connections)?;
    let idle = Sample::take(&child, address)?;
    for client in &mut clients {
        echo(client, &frame, &payload)?;
    }
    let used = Sample::take(&child, address)?;
    let cost = |sample: Sample| sample.since(before, connections);
    Ok((cost(idle), cost(used)))
}

/// After a compressed echo.
fn after_compressed(server: &Server, connections: usize) -> io::Result<Cost> {
    let (child, address) = server.start(Service::EchoDeflate, Movsb::AsGlibcLikes)?;
    let payload = Content::Json.payload(SIZE, 0);
    let mut frame = Vec::new();
    let opcode = wire::TEXT | wire::RSV1;
    wire::push_frame(&mut frame, opcode, true, Some(KEY), &deflate(&payload));
    let request = handshake::deflate_request();
    let mut first = connect(address, &request)?;
    echo(&mut first, &frame, &payload)?;
    let before = Sample::take(&child, address)?;
    let mut clients = crowd(address, &request, connections)?;
    for client in &mut clients {
        echo(client, &frame, &payload)?;
    }
    Ok(Sample::take(&child, address)?.since(before, connections))
}

fn crowd(address: SocketAddr, request: &[u8], connections: usize) -> io::Result<Vec<TcpStream>> {
    (0..connections)
        .map(|_| connect(address, request))
        .collect()
}

/// What a server occupies at one time.
#[derive(Clone, Copy)]
struct Sample {
    resident: u64,
    heap: Option<u64>,
}

impl Sample {
    fn take(child: &Child, address: SocketAddr) -> io::Result<Self> {
        Ok(Self {
            heap: heap(address),
            resident: child.resident()?,
        })
    }

    fn since(self, before: Self, connections: usize) -> Cost {
        let each = |now: u64, then: u64| (now as f64 - then as f64) / connections as f64;
        Cost {
            resident: Some(each(self.resident, before.resident)),
            heap: self
                .heap
                .zip(before.heap)
                .map(|(now, then)| each(now, then)),
        }
    }
}
