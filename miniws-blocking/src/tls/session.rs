//! What a stream asks of its session, which does no I/O.

use std::io::{self, Read};

use rustls::{Connection, ProtocolVersion};

use crate::stream::is_timeout;

/// How far a handshake has come.
#[derive(PartialEq)]
pub(super) enum Progress {
    UnderWay,
    /// The peer may still wait for the last message.
    Done,
    /// The peer's was the last message (RFC 8446 section 2). The tickets that a server still has go
    /// out with what it writes next, as the client may be in a write itself.
    Answered,
}

/// How far the handshake has come. One that has failed stays failed.
pub(super) fn progress(session: &mut Connection) -> io::Result<Progress> {
    session.process_new_packets().map_err(invalid)?;
    let version = session.protocol_version();
    Ok(match session {
        _ if session.is_handshaking() => Progress::UnderWay,
        Connection::Server(_) if version == Some(ProtocolVersion::TLSv1_3) => Progress::Answered,
        _ => Progress::Done,
    })
}

/// Hands the first `count` bytes of the buffer to the session, and puts in their place what they are
/// decrypted to, which is no more, but for what was there before: that stays in the session. `filled`
/// says how much it is, also when something is wrong behind that.
pub(super) fn decrypt(
    session: &mut Connection,
    buffer: &mut [u8],
    count: usize,
    filled: &mut usize,
) -> io::Result<()> {
    let mut used = 0;
    loop {
        let fed = feed(session, &mut &buffer[used..count]);
        used += fed.as_ref().unwrap_or(&0);
        if let Ok(taken) = session.reader().read(&mut buffer[*filled..used]) {
            *filled += taken;
        }
        if fed? == 0 || used == count {
            return Ok(());
        }
    }
}

/// Hands some of `encrypted` to the session, and returns how much: nothing of nothing is how it is
/// told of the end.
pub(super) fn feed(session: &mut Connection, encrypted: &mut &[u8]) -> io::Result<usize> {
    let count = session.read_tls(encrypted)?;
    session.process_new_packets().map_err(invalid)?;
    Ok(count)
}

/// Drops most of the buffer into which a session reads, if there is nothing in it: when it is to read
/// and there is nothing to be read, it makes that as small as it can be.
pub(super) fn release(session: &mut Connection) {
    struct Nothing;

    impl Read for Nothing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::WouldBlock.into())
        }
    }

    let _ = session.read_tls(&mut Nothing);
}

/// Takes out of the session what has been decrypted. 0 is the end, and an error of kind
/// [`io::ErrorKind::WouldBlock`] that there is nothing yet.
pub(super) fn take(session: &mut Connection, buffer: &mut [u8]) -> io::Result<usize> {
    let taken = session.reader().read(buffer);
    if taken.as_ref().is_err_and(is_timeout) {
        // What was wrong behind the last that was good.
        session.process_new_packets().map_err(invalid)?;
    }
    taken
}

fn invalid(error: rustls::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
