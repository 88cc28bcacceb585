//! The limits that `SECURITY.md` states are those of `Config`.

use miniws_proto::Config;

#[test]
fn the_limits_are_the_defaults() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../SECURITY.md");
    let Ok(text) = std::fs::read_to_string(file) else {
        // The crate has been taken out of its repository.
        return;
    };
    let config = format!("{:?},", Config::default()).replace(" }", "");
    let mut stated = 0;
    for line in text.lines() {
        let mut cells = line.split('|').map(str::trim).skip(1);
        let (Some(name), Some(default)) = (cells.next(), cells.next()) else {
            continue;
        };
        let Some(name) = name
            .strip_prefix('`')
            .and_then(|name| name.strip_suffix('`'))
        else {
            continue;
        };
        let value = value(default);
        let is = |value: &str| config.contains(&format!(" {name}: {value},"));
        assert!(
            is(&value) || is(&format!("Some({value})")),
            "{name} is not {value}: {config}"
        );
        stated += 1;
    }
    assert_eq!(stated, 13, "limits and timeouts");
}

/// As `Debug` shows it.
fn value(stated: &str) -> String {
    match stated.split_once(' ') {
        Some((number, "s")) => format!("{number}s"),
        Some((number, "KiB")) => bytes(number, 10),
        Some((number, "MiB")) => bytes(number, 20),
        _ if stated == "none" => "None".into(),
        _ => stated.into(),
    }
}

fn bytes(number: &str, shift: u32) -> String {
    number.parse::<usize>().map_or_else(
        |error| error.to_string(),
        |number| (number << shift).to_string(),
    )
}
