//! Unix sockets, by stream, listener and URL.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, io, process};

use super::support::{close, join, run, text};
use crate::miniws::{Accept, Attempt, Client, Error, Reply, Server, accept, connect};
use crate::runtime::{UnixStream, bind_unix};

/// A path for a socket, which is removed in the end.
struct Path(PathBuf);

impl Path {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let (process, count) = (process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        Self(env::temp_dir().join(format!("miniws-{process}-{count}.sock")))
    }

    fn as_str(&self) -> &str {
        self.0.to_str().unwrap()
    }

    fn url(&self, resource: &str) -> String {
        format!("ws+unix:{}:{resource}", self.as_str())
    }
}

impl Drop for Path {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn a_stream() {
    run(async {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let client = Client::new("ws://in.memory/").handshake(theirs);
        let (server, client) = join(accept(ours), client).await;
        let (mut server, mut client) = (server.unwrap(), client.unwrap());
        client.send("through a socket").await.unwrap();
        assert_eq!(text(server.recv().await.unwrap()), "through a socket");
    });
}

/// There, back, and both closes: the end comes, though both ends are still held.
#[test]
fn a_listener_and_its_url() {
    run(async {
        let path = Path::new();
        let server = Server::new().verify(|attempt: Attempt| async move {
            match (attempt.request().target(), attempt.remote_addr()) {
                ("/chat?room=7", None) => Ok(Accept::new()),
                _ => Err(Reply::new(404)),
            }
        });
        let mut listener = server.listen(bind_unix(path.as_str()).await).unwrap();
        assert_eq!(listener.local_addr().as_pathname(), Some(path.0.as_path()));

        let url = path.url("/chat?room=7");
        let (server, client) = join(listener.accept(), connect(&url)).await;
        let (mut server, mut client) = (server.unwrap().unwrap(), client.unwrap());
        assert_eq!((server.remote_addr(), client.remote_addr()), (None, None));
        assert!(client.get_ref().tcp().is_none());

        client.send("hello").await.unwrap();
        assert_eq!(text(server.recv().await.unwrap()), "hello");
        server.send("hello yourself").await.unwrap();
        assert_eq!(text(client.recv().await.unwrap()), "hello yourself");

        let (closing, status) = join(server.recv(), client.close()).await;
        assert_eq!(close(closing.unwrap()).0, 1000);
        assert!(status.unwrap().clean);
        let (server_end, client_end) = join(server.recv(), client.recv()).await;
        assert_eq!((server_end.unwrap(), client_end.unwrap()), (None, None));
    });
}

#[test]
fn a_listener_that_is_stopped() {
    run(async {
        let path = Path::new();
        let unix = bind_unix(path.as_str()).await;
        let listener = Server::new().listen(unix).unwrap();
        let stopper = listener.stopper();
        let url = path.url("/");
        let serving = listener
            .serve(|mut socket| async move { while let Ok(Some(_)) = socket.recv().await {} });
        let ((), ()) = join(serving, async {
            connect(&url).await.unwrap();
            stopper.stop();
        })
        .await;
        match connect(&url).await {
            Err(Error::Io(error)) => assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused),
            other => panic!("{other:?}"),
        }
    });
}

/// A socket's path is never taken for a host.
#[test]
fn a_path_where_nothing_is() {
    run(async {
        match connect("ws+unix:/nonexistent/socket:/").await {
            Err(Error::Io(error)) => assert_eq!(error.kind(), io::ErrorKind::NotFound),
            other => panic!("{other:?}"),
        }
    });
}
