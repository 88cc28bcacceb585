//! Many connections for long, and what is left of them.

mod life;
mod message;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use fastrand::Rng;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::Result;
use crate::program::{Program, name};
use crate::wire::Peer;
use life::Tally;

pub(crate) struct Soak {
    pub(crate) connections: usize,
    pub(crate) duration: Duration,
    pub(crate) seed: u64,
}

impl Soak {
    /// One server after the other.
    pub(crate) async fn run(&self, directories: &[PathBuf]) -> Result<ExitCode> {
        let Self {
            connections,
            duration,
            seed,
        } = self;
        eprintln!("{connections} connections for {duration:?}, seed {seed}");
        println!(
            "| | connections | cut off | messages | of them compressed | MiB | heap before, KiB | after | \
             peak memory, KiB |"
        );
        println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|");
        for directory in directories {
            let name = name(directory);
            let server = Program::start(&directory.join("soaked"), &[]).await?;
            let soaked = self.soak(&server).await;
            let (tally, before, after) = soaked.map_err(|error| format!("{name}: {error}"))?;
            println!(
                "| {name} | {} | {} | {} | {} | {} | {} | {} | {} |",
                tally.connections,
                tally.cut_off,
                tally.messages,
                tally.compressed,
                tally.bytes >> 20,
                before >> 10,
                after >> 10,
                server.peak()?,
            );
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The heap at rest, before and after.
    async fn soak(&self, server: &Program) -> Result<(Tally, usize, usize)> {
        let descriptors = server.descriptors()?;
        // What pools and runtimes keep for good is there before anything is counted.
        let warm_up = self.duration / 5;
        let mut rng = Rng::with_seed(self.seed);
        let mut total = self.live(server.address, &mut rng, warm_up).await?;
        let mut before = at_rest(server, descriptors).await?;
        let rest = self.duration - warm_up;
        for _ in 0..ATTEMPTS {
            total.add(&self.live(server.address, &mut rng, rest).await?);
            let after = at_rest(server, descriptors).await?;
            if after <= before + LEFT {
                return Ok((total, before, after));
            }
            eprintln!("the heap had {before} bytes, and now has {after}");
            before = after;
        }
        Err("the heap goes on growing".into())
    }

    async fn live(&self, address: SocketAddr, rng: &mut Rng, duration: Duration) -> Result<Tally> {
        let until = Instant::now() + duration;
        let mut living = JoinSet::new();
        for _ in 0..self.connections {
            living.spawn(life::live(address, rng.fork(), until));
        }
        let mut total = Tally::default();
        while let Some(lived) = living.join_next().await {
            total.add(&lived??);
        }
        Ok(total)
    }
}

/// By how many bytes the heap may differ at rest: pools have their bounds, and are not always full.
const LEFT: usize = 512 << 10;

/// How often it may have grown by more than that before it counts as a leak. Pools hold at most 4 MiB for
/// each thread, and may fill up late.
const ATTEMPTS: usize = 4;

/// How long the last connections may take to be gone.
const SETTLING: Duration = Duration::from_secs(20);

/// The bytes on the heap once no connection is served, and none is open.
async fn at_rest(server: &Program, descriptors: usize) -> Result<usize> {
    let start = Instant::now();
    loop {
        let (heap, served) = figures(server.address).await?;
        // The connection that asks takes part in what is counted, and may not be gone yet.
        let left = server.descriptors()?.saturating_sub(descriptors + 1);
        if served == 0 && left == 0 {
            return Ok(heap);
        }
        if start.elapsed() > SETTLING {
            return Err(format!("{served} connections are served, {left} are open").into());
        }
        sleep(Duration::from_millis(100)).await;
    }
}

async fn figures(address: SocketAddr) -> Result<(usize, usize)> {
    let mut peer = Peer::dial(address).await?;
    peer.write("GET /figures HTTP/1.1\r\nHost: example.org\r\n\r\n")
        .await?;
    peer.reading.head().await?;
    let body = std::str::from_utf8(peer.reading.rest().await?)?;
    let (heap, served) = body.split_once(' ').ok_or("no figures")?;
    Ok((heap.parse()?, served.parse()?))
}
