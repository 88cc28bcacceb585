//! The peer's end of a transport.

/// The peer's end.
pub(crate) trait Far {
    /// Gives bytes; says whether all of them were taken. If not, give the rest of them later.
    fn give(&mut self, bytes: &mut Vec<u8>);

    /// Ends the peer's side.
    fn end(&mut self);

    /// Takes what there is.
    fn take(&mut self) -> Vec<u8>;

    /// Whether our side was ended, as far as the peer has taken what came before.
    fn is_shut(&mut self) -> bool;

    /// Stops taking anything, or goes on.
    fn stall(&mut self, stalled: bool);
}
