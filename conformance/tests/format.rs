//! What the format refuses, so that a mistyped case cannot pass for a good one.

use miniws_conformance::Case;

fn read(fields: &str, steps: &str) -> Result<Case, String> {
    let case = format!(
        "id = 'topic/name'\nspec = 'RFC 6455'\nrole = 'server'\n{fields}\nsteps = [{steps}]"
    );
    toml::from_str(&case).map_err(|error| error.to_string())
}

#[test]
fn reads_a_case() {
    let case = read(
        "config = { max-message-size = 10, keep-alive = 30000 }",
        "{ peer = \"81 80 00000000\" }, { event = 'text', text = '' }, { quiet = true }",
    );
    assert!(case.is_ok(), "{case:?}");
}

#[test]
fn refuses_unknown_fields() {
    for fields in [
        "confg = {}",
        "config = { max_message_size = 10 }",
        "start = 'middle'",
        "accept = { protocol = 'a' }",
    ] {
        assert!(read(fields, "").is_err(), "{fields}");
    }
}

#[test]
fn refuses_steps_that_are_none() {
    for step in [
        "{}",
        "{ pear = '00' }",
        "{ peer = '00', wire = '00' }",
        "{ peer = '00', twice = true }",
        "{ peer = '0' }",
        "{ peer-eof = false }",
        "{ quiet = false }",
        "{ wire = '' }",
        "{ event = 'text' }",
        "{ event = 'text', text = 'a', data = '61' }",
        "{ event = 'text', data = 'ff' }",
        "{ event = 'text', text = 'a', times = 0 }",
        "{ event = 'text', text = 'a', last = true }",
        "{ event = 'chunk', text = 'a', last = true }",
        "{ event = 'chunk', kind = 'text', text = 'a' }",
        "{ event = 'close', reason = 'a' }",
        "{ event = 'close', text = 'a' }",
        "{ event = 'ping', data = '', code = 1000 }",
        "{ app = 'prepared', text = 'a' }",
        "{ app = 'ping', text = 'a', compression = 'never' }",
        "{ app = 'text', text = 'a', compression = 'often' }",
        "{ app = 'shout', text = 'a' }",
        "{ transport = 'half' }",
        "{ status = { code = 1000 } }",
        "{ time = -1 }",
    ] {
        assert!(read("", step).is_err(), "{step}");
    }
}

/// `error` is a step of its own, and in an `app` step what its call returns.
#[test]
fn an_error_may_belong_to_a_call() {
    for step in [
        "{ error = 'closed' }",
        "{ app = 'text', text = 'a', error = 'closed' }",
    ] {
        assert!(read("", step).is_ok(), "{step}");
    }
}
