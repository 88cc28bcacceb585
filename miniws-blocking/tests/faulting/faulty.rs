//! A stream that has its fault where it is told to.

use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use miniws_blocking::{SharedStream, Stream};

use crate::common::PATIENCE;
use crate::common::pipe::Pipe;
use crate::fault::{Fault, Operation, Plan};

/// A pipe with a fault.
pub(crate) struct Faulty {
    pipe: Pipe,
    plan: Arc<Mutex<Plan>>,
    waits: Mutex<Waits>,
    /// A side has been ended.
    ended: Condvar,
}

/// What ends an operation that stalls.
#[derive(Default)]
struct Waits {
    reading: Wait,
    writing: Wait,
}

#[derive(Clone, Copy, Default)]
struct Wait {
    timeout: Option<Duration>,
    ended: bool,
}

impl Waits {
    fn of(&mut self, operation: Operation) -> &mut Wait {
        match operation {
            Operation::Read => &mut self.reading,
            Operation::Write | Operation::Flush | Operation::Shutdown => &mut self.writing,
        }
    }
}

impl Faulty {
    pub(crate) fn new(pipe: Pipe, plan: Arc<Mutex<Plan>>) -> Self {
        Self {
            pipe,
            plan,
            waits: Mutex::default(),
            ended: Condvar::new(),
        }
    }

    /// How many of `len` bytes the operation may move.
    fn begin(&self, operation: Operation, len: usize) -> io::Result<usize> {
        let fault = self.plan.lock().unwrap().next(operation);
        if fault.is_some_and(|fault| Fault::FATAL.contains(&fault)) {
            // Who waits for the other direction finds it broken as well.
            self.pipe.shutdown_shared(Shutdown::Both)?;
        }
        match fault {
            None => Ok(len),
            Some(Fault::Short) => Ok(len.min(1)),
            Some(Fault::NotReady) => Err(io::ErrorKind::WouldBlock.into()),
            Some(Fault::Interrupted) => Err(io::ErrorKind::Interrupted.into()),
            Some(Fault::Reset) => Err(io::ErrorKind::ConnectionReset.into()),
            Some(Fault::End) => Ok(0),
            Some(Fault::Stall) => self.stall(operation),
        }
    }

    /// Waits as long as the operation may wait, unless another thread ends its side.
    fn stall(&self, operation: Operation) -> io::Result<usize> {
        let mut waits = self.waits.lock().unwrap();
        let timeout = waits.of(operation).timeout;
        let (mut waits, _) = self
            .ended
            .wait_timeout_while(waits, timeout.unwrap_or(PATIENCE), |waits| {
                !waits.of(operation).ended
            })
            .unwrap();
        match (waits.of(operation).ended, operation) {
            (true, Operation::Read) => Ok(0),
            (true, _) => Err(io::ErrorKind::BrokenPipe.into()),
            (false, _) if timeout.is_some() => Err(io::ErrorKind::TimedOut.into()),
            (false, _) => panic!("waits without a timeout, for ever"),
        }
    }
}

impl SharedStream for Faulty {
    fn read_shared(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = self.begin(Operation::Read, buffer.len())?;
        if most == 0 {
            return Ok(0);
        }
        let count = self.pipe.read_shared(&mut buffer[..most])?;
        if count == 0 {
            // It may have broken meanwhile.
            self.begin(Operation::Read, 0)?;
        }
        self.plan.lock().unwrap().received += count;
        Ok(count)
    }

    fn write_shared(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut bytes = Vec::new();
        for slice in slices {
            bytes.extend_from_slice(slice);
        }
        let most = self.begin(Operation::Write, bytes.len())?;
        if most == 0 {
            return Ok(0);
        }
        let written = self.pipe.write_shared(&[IoSlice::new(&bytes[..most])]);
        if written.is_err() {
            // It may have broken meanwhile.
            self.begin(Operation::Write, 0)?;
        }
        let count = written?;
        self.plan.lock().unwrap().sent.extend(&bytes[..count]);
        Ok(count)
    }

    fn flush_shared(&self) -> io::Result<()> {
        self.begin(Operation::Flush, 0).map(|_| ())
    }

    /// Ending both sides, which wakes who waits for one, has no faults: it is nothing that goes to
    /// the peer.
    fn shutdown_shared(&self, how: Shutdown) -> io::Result<()> {
        if how == Shutdown::Write {
            self.begin(Operation::Shutdown, 0)?;
        }
        let mut waits = self.waits.lock().unwrap();
        waits.reading.ended |= how != Shutdown::Write;
        waits.writing.ended |= how != Shutdown::Read;
        self.ended.notify_all();
        drop(waits);
        self.pipe.shutdown_shared(how)
    }
}

impl Stream for Faulty {
    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.waits.lock().unwrap().reading.timeout = timeout;
        self.pipe.set_read_timeout(timeout)
    }

    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.waits.lock().unwrap().writing.timeout = timeout;
        self.pipe.set_write_timeout(timeout)
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.shutdown_shared(Shutdown::Write)
    }
}

impl Read for Faulty {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read_shared(buffer)
    }
}

impl Write for Faulty {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_shared(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.write_shared(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flush_shared()
    }
}
