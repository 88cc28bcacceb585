//! How a listener goes about many connections, and how it stops.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use common::*;
use miniws_blocking::{
    Client, CloseCode, Config, Error, Event, Listen, Listener, ReceiveErrorKind, Server, State,
    connect,
};

#[test]
fn slow_handshake_holds_up_nobody() {
    let listener = Server::new().bind("127.0.0.1:0").unwrap();
    let mut slow = dial(listener.local_addr());
    slow.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    let address = listener.local_addr();
    for _ in 0..3 {
        let quick = spawn(move || connect(&format!("ws://{address}/")).map(drop));
        listener.accept().unwrap().unwrap();
        quick.join().unwrap();
    }
}

#[test]
fn nobody_waits_for_a_listener_that_panics() {
    struct Panicking;

    impl Listen for Panicking {
        type Stream = TcpStream;
        type Address = ();

        fn local_addr(&self) -> io::Result<()> {
            Ok(())
        }

        fn accept(&self) -> io::Result<(TcpStream, Option<SocketAddr>)> {
            panic!("as it should")
        }

        fn wake(&self) -> io::Result<()> {
            Ok(())
        }
    }

    let listener = Server::new().listen(Panicking).unwrap();
    let accepting = spawn(move || (listener.accept().is_none(), listener.accept().is_none()));
    assert_eq!(accepting.join(), (true, true));
}

#[test]
fn handshakes_are_bounded() {
    let listener = Server::new().max_handshakes(1).bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr();
    let mut first = dial(address);
    first.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    let accepted = spawn(move || (listener.accept().unwrap(), listener));
    let second = spawn(move || connect(&format!("ws://{address}/")).map(drop));
    assert!(!second.is_done_within(Duration::from_millis(100)));
    drop(first);
    let (lost, listener) = accepted.join();
    assert!(lost.is_err());
    listener.accept().unwrap().unwrap();
}

/// What nobody has asked for yet counts as unfinished: a server that doesn't accept must not collect
/// connections.
#[test]
fn finished_handshakes_wait_within_the_bound() {
    let listener = Server::new().max_handshakes(2).bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr();
    let connect = move || connect(&format!("ws://{address}/")).map(drop);
    let clients: Vec<_> = (0..3).map(|_| spawn(connect)).collect();
    // The first call starts it all; now there is room for two more, and one of them is taken.
    listener.accept().unwrap().unwrap();
    for client in clients {
        client.join().unwrap();
    }
    let more: Vec<_> = (0..2).map(|_| spawn(connect)).collect();
    let done = |running: &Running<_>| running.is_done_within(Duration::from_millis(100));
    assert_eq!(more.iter().filter(|client| done(client)).count(), 0);
    for _ in 0..4 {
        listener.accept().unwrap().unwrap();
    }
}

#[test]
fn several_threads_accept() {
    let listener = std::sync::Arc::new(Server::new().bind("127.0.0.1:0").unwrap());
    let url = url(&listener);
    let accepting: Vec<_> = (0..4)
        .map(|_| {
            let listener = listener.clone();
            spawn(move || listener.accept().unwrap().unwrap())
        })
        .collect();
    for _ in 0..4 {
        let url = url.clone();
        spawn(move || connect(&url).unwrap()).join();
    }
    for accepting in accepting {
        accepting.join();
    }
}

#[test]
fn serves_each_connection_in_a_thread() {
    let listener = Server::new().bind("127.0.0.1:0").unwrap();
    let (url, stopper) = (url(&listener), listener.stopper());
    let serving = spawn(move || listener.serve(|socket| drop(echo(socket))));
    let mut clients: Vec<_> = (0..3).map(|_| connect(&url).unwrap()).collect();
    for (number, client) in clients.iter_mut().enumerate().rev() {
        client.send(number.to_string()).unwrap();
        assert_eq!(text(client.recv().unwrap()), number.to_string());
    }
    stopper.stop();
    serving.join();
    for client in &mut clients {
        client.close().unwrap();
    }
}

#[test]
fn stop_wakes_who_accepts_and_leaves_connections_alone() {
    let (mut server, mut client, listener) = tcp_pair(&Config::default());
    let (address, stopper) = (listener.local_addr(), listener.stopper());
    let accepting = spawn(move || listener.accept().is_none());
    assert!(!accepting.is_done_within(Duration::from_millis(20)));
    stopper.stop();
    let refused = TcpStream::connect_timeout(&address, PATIENCE).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    client.send("still here").unwrap();
    assert_eq!(text(server.recv().unwrap()), "still here");
}

#[test]
fn stop_ends_accept() {
    for bind in ["127.0.0.1:0", "0.0.0.0:0", "[::]:0"] {
        let Ok(listener) = Server::new().bind(bind) else {
            continue; // A machine without IPv6.
        };
        let stopper = listener.stopper();
        let accepting = spawn(move || listener.accept().is_none());
        assert!(!accepting.is_done_within(Duration::from_millis(20)));
        let started = Instant::now();
        stopper.stop();
        assert!(accepting.join());
        assert!(started.elapsed() < Duration::from_secs(2));
        stopper.stop();
    }
}

#[test]
fn stop_before_anyone_accepts() {
    let listener = Server::new().bind("127.0.0.1:0").unwrap();
    listener.stopper().stop();
    assert!(TcpStream::connect_timeout(&listener.local_addr(), PATIENCE).is_err());
    assert!(listener.accept().is_none());
}

#[test]
fn stop_wakes_who_waits_for_a_place() {
    let config = Config::default().handshake_timeout(Duration::from_millis(500));
    let server = Server::new().config(config).max_handshakes(1);
    let listener = server.bind("127.0.0.1:0").unwrap();
    let stopper = listener.stopper();
    let _slow = dial(listener.local_addr());
    let accepting = spawn(move || while listener.accept().is_some() {});
    assert!(!accepting.is_done_within(Duration::from_millis(20)));
    stopper.stop();
    accepting.join();
}

#[test]
fn dropping_the_listener_stops_it() {
    let (_server, _client, listener) = tcp_pair(&Config::default());
    let address = listener.local_addr();
    drop(listener);
    assert!(TcpStream::connect_timeout(&address, PATIENCE).is_err());
}

#[test]
fn dropping_the_listener_drops_who_was_not_accepted() {
    let listener = Server::new().bind("127.0.0.1:0").unwrap();
    let connect = || {
        let url = url(&listener);
        spawn(move || connect(&url).unwrap())
    };
    let first = connect();
    let _accepted = listener.accept().unwrap().unwrap();
    first.join();
    let mut second = connect().join();
    drop(listener);
    assert!(second.recv().unwrap_err().is_connection_lost());
}

/// The threads of both connections wait to receive, one of them on a half.
#[test]
fn close_all_closes_with_1001() {
    let listener = Server::new().bind("127.0.0.1:0").unwrap();
    let (url, stopper) = (url(&listener), listener.stopper());
    let (report, ended) = mpsc::channel();
    let serving = spawn(move || {
        let mut running = Vec::new();
        while let Some(accepted) = listener.accept() {
            let mut socket = accepted.unwrap();
            let report = report.clone();
            let whole = running.is_empty();
            running.push(spawn(move || {
                let status = if whole {
                    while let Ok(Some(_)) = socket.recv() {}
                    socket.close_status()
                } else {
                    let (_sender, mut receiver) = socket.split();
                    while let Ok(Some(_)) = receiver.recv() {}
                    receiver.close_status()
                };
                report.send(status).unwrap();
            }));
        }
        running.into_iter().for_each(Running::join);
    });
    let mut clients: Vec<_> = (0..2).map(|_| connect(&url).unwrap()).collect();
    for client in &mut clients {
        client.ping(b"").unwrap();
        assert_eq!(client.recv().unwrap(), Some(Event::Pong("".into())));
    }
    let closing = spawn(move || {
        let started = Instant::now();
        stopper.close_all(PATIENCE);
        started.elapsed()
    });
    for client in &mut clients {
        let frame = close_frame(client.recv().unwrap()).unwrap();
        assert_eq!(frame.code(), CloseCode::GOING_AWAY);
        assert_eq!(client.recv().unwrap(), None);
    }
    assert!(closing.join() < Duration::from_secs(3));
    serving.join();
    for _ in 0..2 {
        assert!(ended.recv_timeout(PATIENCE).unwrap().unwrap().clean);
    }
}

#[test]
fn close_all_ends_who_does_not_answer() {
    let config = Config::default().close_timeout(LONG).keep_alive(None);
    let listener = Server::new().config(config).bind("127.0.0.1:0").unwrap();
    let mut client = dial(listener.local_addr());
    client.write_all(upgrade_request("").as_bytes()).unwrap();
    let mut server = listener.accept().unwrap().unwrap();
    read_head(&mut client);
    let receiving = spawn(move || {
        let error = server.recv().unwrap_err();
        (error, server.state())
    });
    listener.stopper().close_all(Duration::from_millis(100));
    let (error, state) = receiving.join();
    assert_eq!(receive_error(error), ReceiveErrorKind::ConnectionLost);
    assert_eq!(state, State::Closed);
    assert_eq!(read_all(&mut client), b"\x88\x02\x03\xe9");
}

/// The thread waits to receive and would not wake before the keep-alive is due.
#[test]
fn close_all_keeps_the_close_timeout() {
    let config = Config::default().close_timeout(Duration::from_millis(100));
    let listener = Server::new().config(config).bind("127.0.0.1:0").unwrap();
    let mut client = dial(listener.local_addr());
    client.write_all(upgrade_request("").as_bytes()).unwrap();
    let mut server = listener.accept().unwrap().unwrap();
    let receiving = spawn(move || server.recv().unwrap_err());
    assert!(!receiving.is_done_within(Duration::from_millis(20)));
    listener.stopper().close_all(LONG);
    assert_eq!(
        receive_error(receiving.join()),
        ReceiveErrorKind::CloseTimeout
    );
}

/// The peer reads nothing, and the thread waits to send to it.
#[test]
fn close_all_ends_who_is_stuck_in_a_write() {
    let config = Config::default().write_timeout(None).close_timeout(LONG);
    let listener = Server::new().config(config).bind("127.0.0.1:0").unwrap();
    let mut client = dial(listener.local_addr());
    client.write_all(upgrade_request("").as_bytes()).unwrap();
    let mut server = listener.accept().unwrap().unwrap();
    let sending = spawn(move || {
        loop {
            if let Err(error) = server.send(vec![0; 1 << 20]) {
                return error;
            }
        }
    });
    assert!(!sending.is_done_within(Duration::from_millis(300)));
    listener.stopper().close_all(Duration::from_millis(100));
    // On a machine that is very busy the thread has not got that far.
    assert!(!matches!(sending.join(), Error::Handshake(_)));
}

/// Its thread never has to wait for something to read, nor to write.
#[test]
fn close_all_ends_who_never_stops_sending() {
    let config = Config::default().close_timeout(LONG).keep_alive(None);
    let listener = Server::new().config(config).bind("127.0.0.1:0").unwrap();
    let mut client = dial(listener.local_addr());
    client.write_all(upgrade_request("").as_bytes()).unwrap();
    let mut server = listener.accept().unwrap().unwrap();
    read_head(&mut client);
    let mut taking = client.try_clone().unwrap();
    let answers = spawn(move || {
        let mut answers = Vec::new();
        let _ = taking.read_to_end(&mut answers);
        answers
    });
    let flooding = spawn(move || {
        let pings = client_frame(0x89, b"!").repeat(1000);
        while client.write_all(&pings).is_ok() {}
    });
    let receiving = spawn(move || {
        loop {
            match server.recv() {
                Ok(Some(Event::Ping(_))) => {}
                other => break other,
            }
        }
    });
    assert!(!receiving.is_done_within(Duration::from_millis(50)));
    let stopper = listener.stopper();
    let closing = spawn(move || stopper.close_all(Duration::from_millis(300)));
    closing.join();
    assert!(receiving.join().is_err());
    flooding.join();
    let answers = answers.join();
    // Pings are answered until the peer closes, so this is not the last of it.
    assert!(answers.windows(4).any(|bytes| bytes == b"\x88\x02\x03\xe9"));
}

#[test]
fn close_all_of_nothing_returns_at_once() {
    let listener = Server::new().bind("127.0.0.1:0").unwrap();
    let started = Instant::now();
    listener.stopper().close_all(PATIENCE);
    assert!(started.elapsed() < Duration::from_secs(5));
}

/// A listener whose hook tells when a handshake has got there, and waits.
fn held_up() -> (Listener, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let (report, entered) = mpsc::channel::<()>();
    let (let_go, held) = mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let server = Server::new().verify(move |_| {
        report.send(()).unwrap();
        held.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        Ok(miniws_blocking::Accept::new())
    });
    (server.bind("127.0.0.1:0").unwrap(), entered, let_go)
}

/// A handshake that is under way is waited for, and ends as a connection that is closed.
#[test]
fn close_all_waits_for_handshakes() {
    let (listener, entered, let_go) = held_up();
    let (stopper, url) = (listener.stopper(), url(&listener));
    let client = spawn(move || {
        let mut client = Client::new(&url).connect().unwrap();
        close_frame(client.recv().unwrap()).unwrap().code()
    });
    let accepting = spawn(move || listener.accept());
    entered.recv_timeout(PATIENCE).unwrap();
    let closing = spawn(move || stopper.close_all(LONG));
    assert!(!closing.is_done_within(Duration::from_millis(100)));
    let_go.send(()).unwrap();
    assert_eq!(client.join(), CloseCode::GOING_AWAY);
    let socket = accepting.join().unwrap().unwrap();
    assert_eq!(socket.state(), State::Closed);
    assert!(!closing.is_done_within(Duration::from_millis(100)));
    drop(socket);
    closing.join();
}

/// A hook that takes its time holds up nobody who stops: neither who closes all nor who serves.
#[test]
fn close_all_leaves_handshakes_at_the_deadline() {
    let (listener, entered, let_go) = held_up();
    let (stopper, address) = (listener.stopper(), listener.local_addr());
    let mut client = dial(address);
    client.write_all(upgrade_request("").as_bytes()).unwrap();
    let serving = spawn(move || listener.serve(|_| panic!("it has come too late")));
    entered.recv_timeout(PATIENCE).unwrap();
    stopper.close_all(Duration::from_millis(50));
    serving.join();
    let_go.send(()).unwrap();
    client.shutdown(std::net::Shutdown::Write).unwrap();
    assert!(read_head(&mut client).starts_with("HTTP/1.1 101 "));
    assert_eq!(read_all(&mut client), b"\x88\x02\x03\xe9");
}

#[test]
fn nagle_is_off_unless_asked_for() {
    for nodelay in [true, false] {
        let listener = Server::new().nodelay(nodelay).bind("127.0.0.1:0").unwrap();
        let client = Client::new(&url(&listener)).nodelay(nodelay);
        let client = spawn(|| client.connect().unwrap());
        let server = listener.accept().unwrap().unwrap();
        assert_eq!(server.get_ref().nodelay().unwrap(), nodelay);
        let client = client.join();
        assert_eq!(client.get_ref().tcp().unwrap().nodelay().unwrap(), nodelay);
    }
    let listener = Server::new().bind("127.0.0.1:0").unwrap();
    let client = spawn({
        let url = url(&listener);
        move || connect(&url).unwrap()
    });
    assert!(
        listener
            .accept()
            .unwrap()
            .unwrap()
            .get_ref()
            .nodelay()
            .unwrap()
    );
    let client = client.join();
    assert!(client.get_ref().tcp().unwrap().nodelay().unwrap());
}

#[test]
fn client_that_leaves_in_the_handshake_is_one_error() {
    let listener = Server::new().bind("127.0.0.1:0").unwrap();
    drop(dial(listener.local_addr()));
    assert!(matches!(listener.accept(), Some(Err(_))));
    let mut client = dial(listener.local_addr());
    client.write_all(upgrade_request("").as_bytes()).unwrap();
    listener.accept().unwrap().unwrap();
    let _ = client.read(&mut [0; 16]);
}
