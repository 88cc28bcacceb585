//! What an application awaits, of a connection as a whole and of its halves.
//!
//! Each of these futures can be dropped at any time: what there is to remember is in the driver, or is
//! not sent.

use std::future::poll_fn;

use miniws_proto::{CloseFrame, CloseStatus, Connection, Event, Message, SendError};

use crate::{Driver, Error, Shared, Timer, Transport};

impl<S: Transport, T: Timer> Driver<S, T> {
    /// The next event, `None` after the end.
    pub fn recv(&mut self) -> impl Future<Output = Result<Option<Event>, Error>> {
        poll_fn(|cx| self.poll_recv(cx))
    }

    /// Writes all that is queued.
    pub fn flush(&mut self) -> impl Future<Output = Result<(), Error>> {
        poll_fn(|cx| self.poll_flush(cx))
    }

    /// Queues a message once there is room for it, then writes all that is queued.
    pub fn send(&mut self, message: Message) -> impl Future<Output = Result<(), Error>> {
        let mut message = Some(message);
        poll_fn(move |cx| self.poll_send(cx, &mut message))
    }

    /// Queues what `queue` queues once there is room for it, then writes all that is queued.
    pub fn queue(
        &mut self,
        mut queue: impl FnMut(&mut Connection) -> Result<(), SendError>,
    ) -> impl Future<Output = Result<(), Error>> {
        let mut is_queued = false;
        poll_fn(move |cx| self.poll_queue(cx, &mut is_queued, &mut queue))
    }

    /// Closes with `frame`, or without a code, and waits for the end.
    pub fn close(
        &mut self,
        frame: Option<CloseFrame>,
    ) -> impl Future<Output = Result<CloseStatus, Error>> {
        poll_fn(move |cx| self.poll_close(cx, frame.as_ref()))
    }
}

impl<S: Transport, T: Timer> Shared<S, T> {
    /// The next event, `None` after the end.
    pub fn recv(&self) -> impl Future<Output = Result<Option<Event>, Error>> {
        let mut waiter = self.waiter();
        poll_fn(move |cx| self.poll(&mut waiter, cx, Driver::poll_recv))
    }

    /// Queues what `queue` queues, unless the transport is broken.
    pub fn feed(
        &self,
        queue: impl FnOnce(&mut Connection) -> Result<(), SendError>,
    ) -> Result<(), Error> {
        self.lock().feed(queue)
    }

    /// Writes all that is queued.
    pub fn flush(&self) -> impl Future<Output = Result<(), Error>> {
        let mut waiter = self.waiter();
        poll_fn(move |cx| self.poll(&mut waiter, cx, Driver::poll_flush))
    }

    /// Queues a message once there is room for it, then writes all that is queued.
    pub fn send(&self, message: Message) -> impl Future<Output = Result<(), Error>> {
        let (mut waiter, mut message) = (self.waiter(), Some(message));
        poll_fn(move |cx| {
            self.poll(&mut waiter, cx, |driver, cx| {
                driver.poll_send(cx, &mut message)
            })
        })
    }

    /// Queues what `queue` queues once there is room for it, then writes all that is queued.
    pub fn queue(
        &self,
        mut queue: impl FnMut(&mut Connection) -> Result<(), SendError>,
    ) -> impl Future<Output = Result<(), Error>> {
        let (mut waiter, mut is_queued) = (self.waiter(), false);
        poll_fn(move |cx| {
            self.poll(&mut waiter, cx, |driver, cx| {
                driver.poll_queue(cx, &mut is_queued, &mut queue)
            })
        })
    }

    /// Queues a close with `frame`, or without a code. The other half, which may be waiting, has a
    /// deadline to keep from now on.
    pub fn queue_close(&self, frame: Option<CloseFrame>) -> Result<(), Error> {
        self.change(|driver| driver.feed(|connection| connection.close(frame)))
    }
}
