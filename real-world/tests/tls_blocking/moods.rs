//! Streams beneath TLS whose every operation may be interrupted, be late, or move little: no two
//! conversations meet the same.

use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::common::pipe::{Pipe, pair_of};
use crate::miniws::tls::TlsStream;
use crate::miniws::{Client, Event, Message, SharedStream, Stream, WebSocket, accept};
use crate::records::sessions;
use crate::{Running, run, spawn};

/// A pipe, and the state of the moods it has.
struct Moody(Pipe, AtomicU64);

impl Moody {
    /// How many of `len` bytes it feels like moving.
    fn mood(&self, len: usize) -> io::Result<usize> {
        // Steps that are even, and mixed.
        let state = self.1.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        let mixed = (state ^ (state >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        match (mixed >> 32) % 10 {
            0 => Err(io::ErrorKind::Interrupted.into()),
            1 => Err(io::ErrorKind::WouldBlock.into()),
            2 => Err(io::ErrorKind::TimedOut.into()),
            3 => Ok(len.min(1)),
            4 => Ok(len.min(100)),
            5 => Ok(len.min(1000)),
            _ => Ok(len),
        }
    }
}

impl SharedStream for Moody {
    fn read_shared(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.mood(buffer.len())?;
        self.0.read_shared(&mut buffer[..count])
    }

    fn write_shared(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let first = slices.iter().find(|slice| !slice.is_empty());
        let first: &[u8] = first.map_or(&[], |slice| slice);
        let count = self.mood(first.len())?;
        self.0.write_shared(&[IoSlice::new(&first[..count])])
    }

    fn flush_shared(&self) -> io::Result<()> {
        self.mood(0).map(drop)
    }

    fn shutdown_shared(&self, how: Shutdown) -> io::Result<()> {
        self.0.shutdown_shared(how)
    }
}

impl Stream for Moody {
    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.set_read_timeout(timeout)
    }

    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.set_write_timeout(timeout)
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.shutdown_shared(Shutdown::Write)
    }
}

impl Read for Moody {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read_shared(buffer)
    }
}

impl Write for Moody {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_shared(&[IoSlice::new(bytes)])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flush_shared()
    }
}

fn messages() -> impl Iterator<Item = Vec<u8>> {
    let lens = [1, 100, 16_000, 16 << 10, 40_000, 0, 3, 200_000];
    lens.into_iter()
        .enumerate()
        .map(|(at, len)| vec![at as u8; len])
}

/// Sends all messages and pings besides, while it receives the other side's; who closes does so when
/// both have all of them.
fn exchange(socket: WebSocket<TlsStream<Moody>>, closes: bool) -> Running<()> {
    let (sender, mut receiver) = socket.split();
    let pinging = sender.clone();
    // The peer may have closed before.
    let pinging = spawn(move || (0..20).take_while(|_| pinging.ping(b"?").is_ok()).count());
    let sending = spawn(move || {
        messages().for_each(|message| sender.send(message).unwrap());
        sender
    });
    spawn(move || {
        let mut expected = messages();
        let mut sending = Some(sending);
        while let Some(event) = receiver.recv().unwrap() {
            let Event::Message(Message::Binary(bytes)) = event else {
                continue;
            };
            assert!(expected.next().unwrap() == bytes);
            if expected.size_hint().0 == 0 && closes {
                sending.take().unwrap().join().close().unwrap();
            }
        }
        assert!(expected.next().is_none());
        assert!(receiver.close_status().unwrap().clean);
        pinging.join();
    })
}

#[test]
fn nothing_is_lost() {
    for seed in 0..20 {
        run(move || {
            let (server, client) = sessions();
            let capacity = [500, 3000, 20_000, 1 << 20][seed % 4];
            let (ours, theirs) = pair_of(capacity, usize::MAX);
            let ours = Moody(ours, AtomicU64::new(2 * seed as u64));
            let theirs = Moody(theirs, AtomicU64::new(2 * seed as u64 + 1));
            let serving = spawn(|| accept(TlsStream::new(theirs, server)).unwrap());
            let client = Client::new("wss://localhost/").handshake(TlsStream::new(ours, client));
            let (client, server) = (client.unwrap(), serving.join());
            let (client, server) = (exchange(client, true), exchange(server, false));
            client.join();
            server.join();
        });
    }
}
