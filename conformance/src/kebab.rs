//! How the corpus spells the kinds of errors.

use std::fmt::Debug;

/// The name of an enum's variant as the corpus spells it, out of its `Debug` form and without what
/// it holds: `ReservedOpcode(3)` is `reserved-opcode`.
///
/// ```
/// # use miniws_conformance::kebab;
/// #[derive(Debug)]
/// enum Error { InvalidUtf8, TooLong { len: usize } }
/// assert_eq!(kebab(&Error::InvalidUtf8), "invalid-utf8");
/// assert_eq!(kebab(&Error::TooLong { len: 5 }), "too-long");
/// ```
pub fn kebab(variant: &dyn Debug) -> String {
    let debug = format!("{variant:?}");
    let name = debug
        .chars()
        .take_while(|character| character.is_ascii_alphanumeric());
    let mut kebab = String::new();
    for character in name {
        if character.is_ascii_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.push(character.to_ascii_lowercase());
    }
    kebab
}
