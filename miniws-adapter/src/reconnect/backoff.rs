//! How long to wait before connecting again.

use std::time::Duration;

use miniws_proto::Entropy;

/// How long a client waits before it connects again, and when it gives up.
///
/// The waits grow from the [`first`](Self::first) by a [`factor`](Self::factor) up to the
/// [`most`](Self::most), and are cut short at random, so that the clients of a server that restarts
/// don't all come at once: what RFC 6455 section 7.2.3 asks for.
///
/// | | default |
/// |---|---|
/// | [`first`](Self::first) | 1 s |
/// | [`factor`](Self::factor) | 2 |
/// | [`most`](Self::most) | 30 s |
/// | [`jitter`](Self::jitter) | 1: any wait from none to the whole |
/// | [`lasting`](Self::lasting) | 10 s |
/// | [`retries`](Self::retries) | without end |
/// | [`give_up_after`](Self::give_up_after) | never |
/// | [`max_retry_after`](Self::max_retry_after) | 5 minutes |
///
/// ```
/// use std::time::Duration;
/// # use miniws_adapter::reconnect::Backoff;
///
/// let backoff = Backoff::default().first(Duration::from_millis(100)).jitter(0.5);
/// let mut entropy = |bytes: &mut [u8]| bytes.fill(0x80); // a half; a program has better entropy
/// assert_eq!(backoff.delay(1, &mut entropy).as_millis(), 74); // of 100, between 50 and 100
/// assert_eq!(backoff.delay(2, &mut entropy).as_millis(), 149);
/// assert_eq!(backoff.delay(99, &mut entropy).as_secs(), 22); // of 30
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Backoff {
    first: Duration,
    factor: f64,
    most: Duration,
    jitter: f64,
    pub(super) lasting: Duration,
    pub(super) retries: Option<u32>,
    pub(super) give_up_after: Option<Duration>,
    pub(super) max_retry_after: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            factor: 2.0,
            most: Duration::from_secs(30),
            jitter: 1.0,
            lasting: Duration::from_secs(10),
            retries: None,
            give_up_after: None,
            max_retry_after: Duration::from_secs(300),
        }
    }
}

impl Backoff {
    /// The wait before the first attempt to connect again.
    #[must_use]
    pub fn first(mut self, wait: Duration) -> Self {
        self.first = wait;
        self
    }

    /// By how much each wait is longer than the one before it. What is less than 1, or no number,
    /// counts as 1.
    #[must_use]
    pub fn factor(mut self, factor: f64) -> Self {
        self.factor = factor.max(1.0);
        self
    }

    /// The longest wait, before it is cut short.
    #[must_use]
    pub fn most(mut self, wait: Duration) -> Self {
        self.most = wait;
        self
    }

    /// The share of a wait that is left to chance, from 0 to 1. With 0 all clients that lost their
    /// connection at the same moment come back at the same moment; with 0.5 each waits for half of
    /// the time at least. What is outside counts as the nearer end, what is no number as 0.
    #[must_use]
    pub fn jitter(mut self, share: f64) -> Self {
        self.jitter = match share.is_nan() {
            true => 0.0,
            false => share.clamp(0.0, 1.0),
        };
        self
    }

    /// How long a connection has to be open for the waits to begin anew when it is lost. A server
    /// that accepts connections and drops them at once is not one that is well again.
    #[must_use]
    pub fn lasting(mut self, duration: Duration) -> Self {
        self.lasting = duration;
        self
    }

    /// How many attempts are made in a row before giving up, the very first one not counted. `None`
    /// for any number.
    #[must_use]
    pub fn retries(mut self, most: Option<u32>) -> Self {
        self.retries = most;
        self
    }

    /// For how long attempts are made before giving up: from the loss of a connection that had
    /// lasted, or, if there was none, from the first failure. `None` for as long as it takes.
    #[must_use]
    pub fn give_up_after(mut self, duration: Option<Duration>) -> Self {
        self.give_up_after = duration;
        self
    }

    /// The longest that a server can ask for with `Retry-After` (RFC 9110 section 10.2.3): what it
    /// asks for is added to the wait, up to this.
    #[must_use]
    pub fn max_retry_after(mut self, duration: Duration) -> Self {
        self.max_retry_after = duration;
        self
    }

    /// How long to wait before this attempt to connect again; the first is 1.
    #[must_use]
    pub fn delay(&self, retry: u32, entropy: &mut (impl Entropy + ?Sized)) -> Duration {
        let growths = i32::try_from(retry.saturating_sub(1)).unwrap_or(i32::MAX);
        let growth = self.factor.powi(growths).min(f64::MAX);
        let grown = Duration::try_from_secs_f64(self.first.as_secs_f64() * growth);
        let longest = grown.unwrap_or(self.most).min(self.most);
        longest - longest.mul_f64(self.jitter * chance(entropy))
    }
}

/// A number from 0 to 1, without 1, each as likely as any other.
fn chance(entropy: &mut (impl Entropy + ?Sized)) -> f64 {
    let mut bytes = [0; 4];
    entropy.fill(&mut bytes);
    f64::from(u32::from_le_bytes(bytes)) / 2_f64.powi(32)
}
