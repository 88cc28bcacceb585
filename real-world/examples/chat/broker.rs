//! Redis between the processes of a chat.
//!
//! What is said at any process is appended to one stream of Redis, and each process reads that stream from
//! where it was: so all tell the same in the same order, each message once. Other than with Redis's
//! publish and subscribe, a process whose connection was lost misses nothing that the stream still has.

use std::io;
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::streams::{StreamMaxlen, StreamRangeReply, StreamReadOptions, StreamReadReply};
use redis::{AsyncCommands, AsyncConnectionConfig, Client, RedisResult};

const STREAM: &str = "miniws:chat";
const FIELD: &str = "message";
/// About how many messages the stream keeps.
const KEPT: usize = 10_000;
/// How many of them are read at once.
const BATCH: usize = 100;

const ANSWER: Duration = Duration::from_secs(2);
/// How long Redis lets a reader wait for a message.
const WAIT: Duration = Duration::from_secs(5);
const MIN_PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(2);

/// The way to all processes.
#[derive(Clone)]
pub(crate) struct Broker(ConnectionManager);

/// What all processes say.
pub(crate) struct Stream {
    client: Client,
    /// The last message that was read.
    last: String,
}

/// Connects, and begins with what is said from now on.
pub(crate) async fn connect(url: &str) -> RedisResult<(Broker, Stream)> {
    let client = Client::open(url)?;
    let config = ConnectionManagerConfig::new()
        .set_response_timeout(Some(ANSWER))
        .set_number_of_retries(3);
    let mut connection = ConnectionManager::new_with_config(client.clone(), config).await?;
    let newest: StreamRangeReply = connection.xrevrange_count(STREAM, "+", "-", 1).await?;
    let last = match newest.ids.into_iter().next() {
        Some(message) => message.id,
        None => "0-0".to_owned(),
    };
    Ok((Broker(connection), Stream { client, last }))
}

impl Broker {
    /// Says something to all processes, this one included.
    ///
    /// After an error it may have been said or not. So it is not repeated here: the speaker has to decide.
    pub(crate) async fn say(&self, message: &str) -> RedisResult<()> {
        let mut connection = self.0.clone();
        let kept = StreamMaxlen::Approx(KEPT);
        let fields = [(FIELD, message)];
        let saying = connection.xadd_maxlen(STREAM, kept, "*", &fields);
        // To connect again may take longer than an answer.
        let said: RedisResult<String> = tokio::time::timeout(ANSWER, saying)
            .await
            .map_err(io::Error::from)?;
        said.map(drop)
    }
}

impl Stream {
    /// Hands out each message, in order and once, and connects again as often as it takes. Never ends.
    ///
    /// The stream of a Redis that has come back without its data goes on behind what was read: the
    /// numbers of messages begin with the time.
    pub(crate) async fn follow(mut self, hear: impl Fn(&str)) {
        let mut pause = MIN_PAUSE;
        loop {
            let Err(error) = self.read(&hear, &mut pause).await;
            eprintln!("redis: {error}; connecting again in {pause:?}");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(MAX_PAUSE);
        }
    }

    /// Reads over one connection until that fails.
    async fn read(
        &mut self,
        hear: &impl Fn(&str),
        pause: &mut Duration,
    ) -> RedisResult<std::convert::Infallible> {
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(WAIT + ANSWER));
        let client = &self.client;
        let mut connection = client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        let options = StreamReadOptions::default()
            .block(WAIT.as_millis() as usize)
            .count(BATCH);
        loop {
            let read: Option<StreamReadReply> = connection
                .xread_options(&[STREAM], &[&self.last], &options)
                .await?;
            *pause = MIN_PAUSE;
            let streams = read.into_iter().flat_map(|read| read.keys);
            for message in streams.flat_map(|stream| stream.ids) {
                if let Some(text) = message.get::<String>(FIELD) {
                    hear(&text);
                }
                self.last = message.id;
            }
        }
    }
}
