//! The values of the handshake's list headers.

use miniws_proto::negotiate::{
    Extension, HeaderError, accept_key, parse_extensions, parse_subprotocols,
};

/// Header values, one on each line.
pub fn header_lists(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let values: Vec<&str> = text.split('\n').collect();
    let extensions = parse_extensions(values.iter().copied());
    let subprotocols = parse_subprotocols(values.iter().copied());
    if let Ok(extensions) = &extensions {
        check_extensions(&values, extensions);
    }
    if let Ok(subprotocols) = &subprotocols {
        check_subprotocols(&values, subprotocols);
    }

    // A list of tokens is the one as well as the other, except that names may come twice.
    let names = |extensions: Vec<Extension>| -> Vec<String> {
        extensions.iter().map(|one| one.name().into()).collect()
    };
    if !text.contains(';') {
        match subprotocols {
            Err(HeaderError::Duplicate) => {
                let mut names = names(extensions.expect("it is a list of tokens"));
                let count = names.len();
                names.sort();
                names.dedup();
                assert!(names.len() < count);
            }
            Err(error) => assert_eq!(extensions, Err(error)),
            Ok(subprotocols) => {
                assert_eq!(extensions.map(names), Ok(own(&subprotocols)));
            }
        }
    }

    let answer = accept_key(&text);
    assert!(
        answer.len() == 28 && answer.ends_with('='),
        "20 bytes in base64"
    );
}

fn check_extensions(values: &[&str], extensions: &[Extension]) {
    let parse = |values: &[&str]| parse_extensions(values.iter().copied());
    let expected = Ok(extensions.to_vec());
    // Fields that are repeated are one list.
    assert_eq!(parse(&[&values.join(",")]), expected);
    // What is written back is the same, in one field and in many.
    let written: Vec<String> = extensions.iter().map(Extension::to_string).collect();
    assert_eq!(parse(&[&written.join(", ")]), expected);
    let written: Vec<&str> = written.iter().map(String::as_str).collect();
    assert_eq!(parse(&written), expected);

    // So is what is quoted, with every character escaped.
    let quoted: Vec<String> = extensions.iter().map(quoted).collect();
    assert_eq!(parse(&[&quoted.join(",")]), expected);

    let mut elements = 0;
    for extension in extensions {
        let mut again = Extension::new(extension.name());
        elements += 1;
        for (name, value) in extension.params() {
            again = again.and_then(|again| again.param(name, value));
            elements += 1;
        }
        assert_eq!(
            again.as_ref(),
            Ok(extension),
            "the names and values are tokens"
        );
    }
    let len: usize = values.iter().map(|value| value.len() + 1).sum();
    assert!(
        elements <= len,
        "each takes a byte at least, and a separator"
    );
}

fn quoted(extension: &Extension) -> String {
    let mut text = String::from(extension.name());
    for (name, value) in extension.params() {
        text.extend([";", name]);
        if let Some(value) = value {
            text.push_str("=\"");
            text.extend(value.chars().flat_map(|char| ['\\', char]));
            text.push('"');
        }
    }
    text
}

fn check_subprotocols(values: &[&str], subprotocols: &[&str]) {
    let expected = Ok(subprotocols.to_vec());
    let joined = values.join(",");
    assert_eq!(parse_subprotocols([&*joined]), expected);
    let written = subprotocols.join(", ");
    assert_eq!(parse_subprotocols([&*written]), expected);
    assert_eq!(parse_subprotocols(subprotocols.iter().copied()), expected);

    let mut names = own(subprotocols);
    names.sort();
    names.dedup();
    assert_eq!(names.len(), subprotocols.len(), "none comes twice");
}

fn own(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| String::from(*name)).collect()
}
