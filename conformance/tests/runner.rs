//! The runner, with a subject that plays back a script.

use std::collections::VecDeque;

use miniws_conformance::{
    Action, Case, Event, Happening, Kind, Report, State, Status, Subject, Transport, Way, run,
};

/// Plays back what it was given, whatever the runner does. What is `late` comes only after the
/// runner has waited for it.
#[derive(Clone, Default)]
struct Script {
    happenings: VecDeque<Happening>,
    output: Vec<u8>,
    late: usize,
}

impl Subject for Script {
    fn peer(&mut self, _: &[u8]) {}

    fn peer_eof(&mut self) {}

    fn app(&mut self, _: &Action) -> Result<(), String> {
        Ok(())
    }

    fn happening(&mut self) -> Option<Happening> {
        if self.late > 0 {
            return None;
        }
        self.happenings.pop_front()
    }

    fn wire(&mut self) -> Vec<u8> {
        if self.late > 0 {
            return Vec::new();
        }
        // In two pieces, as a transport may do.
        let rest = self.output.split_off(self.output.len().div_ceil(2));
        std::mem::replace(&mut self.output, rest)
    }

    fn transport(&mut self) -> Transport {
        match self.late {
            0 => Transport::Closed,
            _ => Transport::Open,
        }
    }

    fn state(&mut self) -> State {
        State::Open
    }

    fn status(&mut self) -> Option<Status> {
        None
    }

    fn wait(&mut self) -> bool {
        self.late = self.late.saturating_sub(1);
        self.late > 0 || !self.output.is_empty() || !self.happenings.is_empty()
    }
}

fn play(script: &Script, steps: &str) -> Result<(), Report> {
    let case: Case = toml::from_str(&format!(
        "id = 'topic/name'\nspec = 'none'\nrole = 'server'\nsteps = [{steps}]"
    ))
    .unwrap_or_else(|error| unreachable!("{error}"));
    run(&case, Way::Bytewise, &|_| Ok(Box::new(script.clone())))
}

fn text(text: &str) -> Happening {
    Happening::Event(Event::Message(Kind::Text, text.into()))
}

fn chunk(text: &str, last: bool) -> Happening {
    Happening::Event(Event::Chunk {
        kind: Kind::Text,
        data: text.into(),
        last,
    })
}

#[test]
fn what_is_expected_passes() {
    let script = Script {
        happenings: [text("a")].into(),
        output: b"\x8a\x00\x88\x00".to_vec(),
        late: 0,
    };
    let steps = "{ event = 'text', text = 'a' }, { wire = '8a 00' }, { wire = '88 00' }";
    assert_eq!(play(&script, steps), Ok(()));
}

#[test]
fn an_event_comes_as_often_as_it_says() {
    let script = Script {
        happenings: [text("a"), text("a"), text("a")].into(),
        ..Script::default()
    };
    for times in 1..=5 {
        let steps = format!("{{ event = 'text', text = 'a', times = {times} }}");
        assert_eq!(play(&script, &steps).is_ok(), times == 3, "{times}");
    }
}

#[test]
fn what_comes_late_is_waited_for() {
    let script = Script {
        happenings: [text("a")].into(),
        output: b"\x8a\x00".to_vec(),
        late: 3,
    };
    for first in [
        "{ event = 'text', text = 'a' }",
        "{ wire = '8a 00' }",
        "{ transport = 'closed' }",
    ] {
        let steps = format!("{first}, {{ state = 'open' }}");
        let report = play(&script, &steps).err();
        // Only what no step has asked for is left over.
        assert_eq!(report.map(|report| report.step), Some(3), "{first}");
    }
}

/// Everything that is needed to find the place stands in the report.
#[test]
fn a_report_says_where_and_what() {
    let script = Script {
        happenings: [text("b")].into(),
        ..Script::default()
    };
    let steps = "{ peer = '00' }, { event = 'text', text = 'a' }";
    let report = play(&script, steps).err().map(|report| report.to_string());
    let report = report.unwrap_or_default();
    for part in [
        "topic/name",
        "step      2",
        "= \"a\"",
        "= \"b\"",
        "byte by byte",
    ] {
        assert!(report.contains(part), "{part} is missing in {report}");
    }
}

#[test]
fn what_is_left_over_fails() {
    let event = Script {
        happenings: [text("a"), text("b")].into(),
        ..Script::default()
    };
    assert!(play(&event, "{ event = 'text', text = 'a' }").is_err());
    let output = Script {
        output: b"\x8a\x00".to_vec(),
        ..Script::default()
    };
    assert!(play(&output, "{ wire = '8a' }").is_err());
}

#[test]
fn what_is_missing_fails() {
    for step in [
        "{ event = 'text', text = 'a' }",
        "{ wire = '00' }",
        "{ error = 'closed' }",
        "{ status = { code = 1000, clean = true } }",
        "{ state = 'closed' }",
        "{ app = 'close', error = 'closed' }",
        "{ time = 1 }",
        "{ response = { status = 101 } }",
    ] {
        assert!(play(&Script::default(), step).is_err(), "{step}");
    }
}

/// However a message is cut into chunks, the steps see the same.
#[test]
fn chunks_are_joined_and_cut_anew() {
    let ways: [&[Happening]; 4] = [
        &[chunk("abc", true)],
        &[chunk("a", false), chunk("bc", true)],
        &[chunk("abc", false), chunk("", true)],
        &[chunk("a", false), chunk("b", false), chunk("c", true)],
    ];
    let part = |text, last| {
        format!("{{ event = 'chunk', kind = 'text', text = '{text}', last = {last} }}")
    };
    for happenings in ways {
        let script = Script {
            happenings: happenings.iter().cloned().collect(),
            ..Script::default()
        };
        for good in [
            part("abc", true),
            [part("ab", false), part("c", true)].join(","),
            [part("abc", false), part("", true)].join(","),
        ] {
            assert_eq!(play(&script, &good), Ok(()), "{good}");
        }
        for bad in [
            part("ab", true),
            part("abcd", true),
            part("ab", false),
            part("abd", true),
        ] {
            assert!(play(&script, &bad).is_err(), "{bad}");
        }
    }
}
