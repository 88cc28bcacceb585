//! Very many connections to one server, most of which are idle.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::Result;
use crate::program::{Program, name};
use crate::wire::Peer;

pub(crate) struct Load {
    pub(crate) connections: usize,
    pub(crate) duration: Duration,
}

/// How many of the connections are not idle.
const ACTIVE: usize = 100;

/// How long each of them waits before its next message.
const PACE: Duration = Duration::from_millis(50);

impl Load {
    /// One server after the other.
    pub(crate) async fn run(&self, directories: &[PathBuf]) -> Result<ExitCode> {
        println!(
            "| | connections | opened in | memory for each | echoes | half of them within | 99 % | all |"
        );
        println!("|---|--:|--:|--:|--:|--:|--:|--:|");
        for directory in directories {
            let options = ["--addr", "127.0.0.1:0"];
            let server = Program::start(&directory.join("echo"), &options).await?;
            let row = self.load(&server).await;
            let name = name(directory);
            println!(
                "| {name} | {} |",
                row.map_err(|error| format!("{name}: {error}"))?
            );
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn load(&self, server: &Program) -> Result<String> {
        let each = self.connections / ACTIVE;
        let before = server.memory()?;
        let start = Instant::now();
        // All are open; the memory has been looked at.
        let barrier = Arc::new(Barrier::new(ACTIVE + 1));
        let mut peers = JoinSet::new();
        for _ in 0..ACTIVE {
            let (address, duration, barrier) = (server.address, self.duration, barrier.clone());
            peers.spawn(async move {
                let opened = open(address, each).await;
                barrier.wait().await;
                barrier.wait().await;
                let (active, idle) = opened?;
                let times = be_active(active, duration).await?;
                for mut peer in idle {
                    peer.echo("still there?").await?;
                }
                Ok::<_, Box<dyn std::error::Error + Send + Sync>>(times)
            });
        }
        barrier.wait().await;
        let opened_in = start.elapsed();
        let memory = (server.memory()? - before) as f64 / (each * ACTIVE) as f64;
        barrier.wait().await;
        let mut times = Vec::new();
        while let Some(peer) = peers.join_next().await {
            times.extend(peer??);
        }
        times.sort_unstable();
        let within = |share: usize| {
            let time = times.get(times.len() * share / 100).or(times.last());
            time.map_or("–".to_owned(), |time| {
                format!("{:.1} ms", time.as_secs_f64() * 1e3)
            })
        };
        Ok(format!(
            "{} | {:.1} s | {memory:.1} KiB | {} | {} | {} | {}",
            each * ACTIVE,
            opened_in.as_secs_f64(),
            times.len(),
            within(50),
            within(99),
            within(100),
        ))
    }
}

/// One that will be active, and the others.
async fn open(address: SocketAddr, count: usize) -> Result<(Peer, Vec<Peer>)> {
    let (active, _) = Peer::open(address, "").await?;
    let mut idle = Vec::new();
    for _ in 1..count {
        idle.push(Peer::open(address, "").await?.0);
    }
    Ok((active, idle))
}

/// How long each echo took.
async fn be_active(mut peer: Peer, duration: Duration) -> Result<Vec<Duration>> {
    let start = Instant::now();
    let mut times = Vec::new();
    while start.elapsed() < duration {
        sleep(PACE).await;
        let sent = Instant::now();
        peer.echo("sixteen letters!").await?;
        times.push(sent.elapsed());
    }
    Ok(times)
}
