//! The table `broadcast`: one client sends to all others.

use std::io;
use std::time::Duration;

use crate::load::Crowd;
use crate::options::Options;
use crate::proto::size_name;
use crate::report::{Better, Report, Table};
use crate::rounds::Rounds;
use crate::serving::{Movsb, Server, Service, pin_load};

/// What a run of one server came to.
struct Round {
    deliveries_a_second: f64,
    /// Server processor seconds for a million deliveries.
    processor: f64,
}

/// Runs the table `broadcast`.
pub fn run(options: &Options) -> Report {
    pin_load();
    let (connections, sizes): (_, &[_]) = if options.quick {
        (100, &[125])
    } else {
        (1000, &[125, 1 << 10, 16 << 10])
    };
    let servers = Server::all(options, Service::Broadcast);
    let title = format!(
        "Broadcast to {connections} connections: server processor seconds for a million deliveries"
    );
    let mut processor = Table::new(&title, Better::Less, 2, &servers);
    let title = "Broadcast: deliveries a second";
    let mut speed = Table::new(title, Better::More, 0, &servers);
    for &size in sizes {
        let case = format!("{connections} x {}", size_name(size));
        if !options.selects(&case) {
            continue;
        }
        eprintln!("broadcast {case}");
        let rounds = Rounds::run(options.rounds, &servers, |server| {
            round(server, connections, size, options.time).map(Some)
        });
        processor.row(&case, rounds.medians(|round| round.processor));
        speed.row(&case, rounds.medians(|round| round.deliveries_a_second));
    }
    Report::new("broadcast", vec![processor, speed])
}

fn round(server: &Server, connections: usize, size: usize, time: Duration) -> io::Result<Round> {
    let (child, address) = server.start(Service::Broadcast, Movsb::AsGlibcLikes)?;
    let mut crowd = Crowd::connect(address, connections, size)?;
    crowd.run(time / 4)?;
    let before = child.processor_time()?;
    let (deliveries, time) = crowd.run(time)?;
    let processor = child.processor_time()? - before;
    Ok(Round {
        deliveries_a_second: deliveries / time.as_secs_f64(),
        processor: processor.as_secs_f64() * 1e6 / deliveries,
    })
}
