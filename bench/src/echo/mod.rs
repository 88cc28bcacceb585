//! The table `echo`: servers over loopback TCP, under a load that checks every byte.

use std::io;
use std::time::Duration;

use crate::content::Content;
use crate::load::{Clients, Load};
use crate::options::Options;
use crate::proto::size_name;
use crate::report::{Better, Report, Table, is_shown};
use crate::rounds::Rounds;
use crate::serving::{Movsb, Server, Service, pin_load};

/// One row of the table.
struct Case {
    load: Load,
    movsb: Movsb,
    quick: bool,
}

/// What a run of one server came to.
struct Round {
    /// Server processor seconds for a million messages.
    processor: f64,
    messages_a_second: f64,
    p50: f64,
    p99: f64,
}

/// Every case, in the order of the table.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for in_flight in [1, 16] {
        for (connections, size, content) in [
            (100, 20, Content::Binary),
            (10, 1 << 10, Content::Binary),
            (10, 16 << 10, Content::Binary),
            (10, 16 << 10, Content::MultiByte),
            (200, 16 << 10, Content::Binary),
            (10, 1 << 20, Content::Binary),
        ] {
            cases.push(Case::new(connections, in_flight, size, content));
        }
    }
    cases.push(Case::new(50, 16, 32, Content::Binary));
    for size in [1 << 10, 16 << 10] {
        let mut case = Case::new(10, 1, size, Content::Json);
        case.load.deflate = true;
        cases.push(case);
    }
    for size in [16 << 10, 1 << 20] {
        let mut case = Case::new(10, 1, size, Content::Binary);
        case.movsb = Movsb::Never;
        cases.push(case);
    }
    cases
}

impl Case {
    const fn new(connections: usize, in_flight: usize, size: usize, content: Content) -> Self {
        Self {
            load: Load {
                connections,
                content,
                size,
                in_flight,
                deflate: false,
            },
            movsb: Movsb::AsGlibcLikes,
            quick: size == 20 && in_flight == 1 || size == 32,
        }
    }

    /// As `10 x 16 x 1K`: connections, messages in flight if more than one, bytes.
    fn name(&self) -> String {
        let Load {
            connections,
            size,
            in_flight,
            content,
            deflate,
        } = self.load;
        let mut name = format!("{connections} x ");
        if in_flight > 1 {
            name += &format!("{in_flight} x ");
        }
        name += &size_name(size);
        if content.is_text() {
            name = format!("{name} {}", content.name());
        }
        if deflate {
            name += "-deflate";
        }
        if self.movsb == Movsb::Never {
            name += " no-movsb";
        }
        name
    }
}

/// Runs the table `echo`.
pub fn run(options: &Options) -> Report {
    pin_load();
    let servers = Server::all(options, Service::Echo);
    let table = |title, better, digits| Table::new(title, better, digits, &servers);
    let mut tables = vec![
        table(
            "Echo: server processor seconds for a million messages",
            Better::Less,
            2,
        ),
        table("Echo: messages a second", Better::More, 0),
        table("Echo: median latency, microseconds", Better::Less, 0),
        table(
            "Echo: 99th percentile of latency, microseconds",
            Better::Less,
            0,
        ),
    ];
    for case in cases() {
        let name = case.name();
        if (options.quick && !case.quick)
            || (options.readme && !is_shown("echo", &name))
            || !options.selects(&name)
        {
            continue;
        }
        eprintln!("echo {name}");
        let rounds = Rounds::run(options.rounds, &servers, |server| {
            let can = server.can(case.load.service());
            can.then(|| round(server, &case, options.time)).transpose()
        });
        let fields: [fn(&Round) -> f64; 4] = [
            |round| round.processor,
            |round| round.messages_a_second,
            |round| round.p50,
            |round| round.p99,
        ];
        for (table, field) in tables.iter_mut().zip(fields) {
            table.row(&name, rounds.medians(field));
        }
    }
    Report::new("echo", tables)
}

fn round(server: &Server, case: &Case, time: Duration) -> io::Result<Round> {
    let (child, address) = server.start(case.load.service(), case.movsb)?;
    let mut clients = Clients::connect(address, &case.load)?;
    clients.run(time / 4, false)?;
    let before = child.processor_time()?;
    let outcome = clients.run(time, true)?;
    let processor = child.processor_time()? - before;
    if outcome.messages == 0 {
        return Err(io::Error::other("not one echo in the time"));
    }
    Ok(Round {
        processor: processor.as_secs_f64() * 1e6 / outcome.messages as f64,
        messages_a_second: outcome.messages_a_second(),
        p50: outcome.latency(500),
        p99: outcome.latency(990),
    })
}
