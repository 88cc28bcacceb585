use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use super::*;

/// The extensions as they are displayed, or what is wrong with the values.
fn shown(values: &[&str]) -> Result<Vec<String>, HeaderError> {
    let extensions = parse_extensions(values.iter().copied())?;
    Ok(extensions.iter().map(ToString::to_string).collect())
}

#[test]
fn extensions_that_are_well_formed() {
    let cases: &[(&[&str], &[&str])] = &[
        (&[], &[]),
        (&["a"], &["a"]),
        (&["a,b"], &["a", "b"]),
        (&["a", "b, c"], &["a", "b", "c"]),
        (&["\t a ;\tb ; c = 1 , d "], &["a; b; c=1", "d"]),
        (&["a; b=\"1\"; b=2; b"], &["a; b=1; b=2; b"]),
        (&["a; v=\"1.1.4\", b"], &["a; v=1.1.4", "b"]),
        (&["a; b=\"x\\y\""], &["a; b=xy"]),
        (&[",a,, ,b,"], &["a", "b"]),
        (&["", "a"], &["a"]),
        (
            &["mux; max-channels=4; flow-control, deflate-stream"],
            &["mux; max-channels=4; flow-control", "deflate-stream"],
        ),
    ];
    for (values, expected) in cases {
        assert_eq!(
            shown(values),
            Ok(expected.iter().map(ToString::to_string).collect()),
            "{values:?}"
        );
    }
}

#[test]
fn extensions_that_are_not() {
    let cases: &[(&[&str], HeaderError)] = &[
        (&[""], HeaderError::Empty),
        (&[" ,\t,", ""], HeaderError::Empty),
        (&["a b"], HeaderError::InvalidSeparator),
        (&["a=b"], HeaderError::InvalidSeparator),
        (&["a; b=\"c\"d"], HeaderError::InvalidSeparator),
        (&[";a"], HeaderError::InvalidToken),
        (&["a;"], HeaderError::InvalidToken),
        (&["a; ,b"], HeaderError::InvalidToken),
        (&["a; b="], HeaderError::InvalidToken),
        (&["a; b=\"\""], HeaderError::InvalidToken),
        // What separates elements elsewhere does not in quotes, and then is no token.
        (&["a; b=\"c,d\""], HeaderError::InvalidToken),
        (&["a; b=\"c;d=e\", f"], HeaderError::InvalidToken),
        (&["a; b=\"\\\"\""], HeaderError::InvalidToken),
        (&["a; b=\"c"], HeaderError::UnterminatedQuote),
        (&["a; b=\"c\\"], HeaderError::UnterminatedQuote),
        (&["a; b=\"c", "d\""], HeaderError::UnterminatedQuote),
        (&["\"a\""], HeaderError::InvalidToken),
        (&["é"], HeaderError::InvalidToken),
        (&["a; b=\"é\""], HeaderError::InvalidToken),
        (&["a\0"], HeaderError::InvalidSeparator),
    ];
    for (values, expected) in cases {
        assert_eq!(shown(values), Err(*expected), "{values:?}");
    }
}

#[test]
fn subprotocols() {
    type Case<'a> = (&'a [&'a str], Result<Vec<&'a str>, HeaderError>);
    let cases: &[Case<'_>] = &[
        (&[], Ok(vec![])),
        (&["a"], Ok(vec!["a"])),
        (&["b ,a", "C"], Ok(vec!["b", "a", "C"])),
        (&["a, A"], Ok(vec!["a", "A"])),
        (&["a,,b"], Ok(vec!["a", "b"])),
        (&[""], Err(HeaderError::Empty)),
        (&["a, b, a"], Err(HeaderError::Duplicate)),
        (&["a", "a"], Err(HeaderError::Duplicate)),
        (&["a b"], Err(HeaderError::InvalidSeparator)),
        (&["a;b"], Err(HeaderError::InvalidSeparator)),
        (&["é"], Err(HeaderError::InvalidToken)),
        (&["\"a\""], Err(HeaderError::InvalidToken)),
    ];
    for (values, expected) in cases {
        let got = parse_subprotocols(values.iter().copied());
        assert_eq!(&got, expected, "{values:?}");
    }
}

/// At half a MiB, anything that looks back or ahead in a hostile value would not end.
#[test]
fn long_values_take_linear_time() {
    for piece in [
        ",",
        " ",
        "a,",
        "a;b=\"c\",",
        "a; ",
        "\"",
        "\\",
        "a;b=\"\\a\\b\\c\",",
    ] {
        let value = piece.repeat((1 << 19) / piece.len());
        let _ = parse_extensions([value.as_str()]);
        let quoted = ["a; b=\"", &value].concat();
        let _ = parse_extensions([quoted.as_str()]);
    }
    let distinct: Vec<String> = (0..50_000).map(|number| number.to_string()).collect();
    let value = distinct.join(",");
    assert_eq!(
        parse_subprotocols([value.as_str()]).map(|list| list.len()),
        Ok(50_000)
    );
}

#[test]
fn a_built_extension_is_a_list_of_tokens() {
    assert_eq!(Extension::new("a b"), Err(HeaderError::InvalidToken));
    let a = || Extension::new("a").unwrap();
    assert_eq!(a().param("", None), Err(HeaderError::InvalidToken));
    assert_eq!(
        a().param("b", Some("c\r\nd")),
        Err(HeaderError::InvalidToken)
    );
}
