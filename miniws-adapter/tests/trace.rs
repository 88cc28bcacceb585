//! What a connection costs that nobody traces.

use miniws_adapter::trace::Trace;

#[test]
fn a_word_with_the_feature_and_nothing_without() {
    let size = if cfg!(feature = "tracing") {
        size_of::<usize>()
    } else {
        0
    };
    assert_eq!(size_of::<Trace>(), size);
}
