//! A subscriber that remembers all that it is told.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::NoSubscriber;
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};
use tracing_core::span::Current;

/// What a subscriber was told.
#[derive(Clone, Default)]
pub(crate) struct Records(Arc<Mutex<Vec<Entry>>>);

/// A span, or an event, which has no more to it than its message and fields.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) is_event: bool,
    pub(crate) name: String,
    pub(crate) target: String,
    pub(crate) level: Level,
    pub(crate) fields: BTreeMap<String, String>,
    /// The index of the span that it is in.
    pub(crate) parent: Option<usize>,
    metadata: &'static Metadata<'static>,
    /// How many handles to a span there are.
    handles: usize,
}

/// The subscriber.
pub(crate) struct Recorder {
    records: Records,
    level: Level,
    takes_spans: bool,
}

/// With one subscriber alone, `tracing` asks whichever thread comes to an event first whether its
/// subscriber wants it, and that answer counts for all threads. With two it asks both.
static ANOTHER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::new()));

thread_local! {
    /// The spans that were entered.
    static ENTERED: RefCell<Vec<Id>> = const { RefCell::new(Vec::new()) };
}

impl Records {
    /// Who writes them, up to this level.
    pub(crate) fn recorder(&self, level: Level) -> Recorder {
        LazyLock::force(&ANOTHER);
        Recorder {
            records: self.clone(),
            level,
            takes_spans: true,
        }
    }

    /// Who writes the events, and no spans.
    pub(crate) fn recorder_of_events(&self) -> Recorder {
        Recorder {
            takes_spans: false,
            ..self.recorder(Level::TRACE)
        }
    }

    /// All spans and events with this name or message, in their order.
    pub(crate) fn all(&self, name: &str) -> Vec<Entry> {
        let entries = self.entries();
        entries
            .iter()
            .filter(|entry| entry.name == name)
            .cloned()
            .collect()
    }

    /// The one span or event with this name or message.
    #[track_caller]
    pub(crate) fn one(&self, name: &str) -> Entry {
        let mut found = self.all(name);
        assert_eq!(found.len(), 1, "{name}: {found:#?}");
        found.remove(0)
    }

    /// The span that something is in.
    pub(crate) fn parent(&self, of: &Entry) -> Option<Entry> {
        Some(self.entries()[of.parent?].clone())
    }

    /// Everything.
    pub(crate) fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(
        &self,
        metadata: &'static Metadata<'static>,
        parent: Option<&Id>,
        is_root: bool,
        record: impl FnOnce(&mut Fields),
    ) -> Id {
        let mut fields = Fields::default();
        record(&mut fields);
        let entered = ENTERED.with_borrow(|entered| entered.last().cloned());
        let parent = parent.cloned().or(entered).filter(|_| !is_root);
        let message = fields.0.remove("message");
        let mut entries = self.entries();
        entries.push(Entry {
            is_event: metadata.is_event(),
            name: message.unwrap_or_else(|| metadata.name().to_owned()),
            target: metadata.target().to_owned(),
            level: *metadata.level(),
            fields: fields.0,
            parent: parent.as_ref().map(index),
            metadata,
            handles: 1,
        });
        Id::from_u64(entries.len() as u64)
    }
}

impl Entry {
    /// The value of a field, empty if there is none.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// All fields, in the order of their names.
    pub(crate) fn fields(&self) -> String {
        let pairs = self.fields.iter();
        let pairs: Vec<_> = pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join(" ")
    }

    /// Whether a span has ended.
    pub(crate) fn is_closed(&self) -> bool {
        self.handles == 0
    }
}

fn index(id: &Id) -> usize {
    id.into_u64() as usize - 1
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.level && (self.takes_spans || metadata.is_event())
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let record = |fields: &mut Fields| span.record(fields);
        self.records
            .push(span.metadata(), span.parent(), span.is_root(), record)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        self.records.entries()[index(span)].fields.extend(fields.0);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let record = |fields: &mut Fields| event.record(fields);
        self.records
            .push(event.metadata(), event.parent(), event.is_root(), record);
    }

    fn enter(&self, span: &Id) {
        ENTERED.with_borrow_mut(|entered| entered.push(span.clone()));
    }

    fn exit(&self, _: &Id) {
        ENTERED.with_borrow_mut(|entered| entered.pop());
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.records.entries()[index(id)].handles += 1;
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let mut entries = self.records.entries();
        let span = &mut entries[index(&id)];
        span.handles -= 1;
        span.is_closed()
    }

    fn current_span(&self) -> Current {
        let entered = ENTERED.with_borrow(|entered| entered.last().cloned());
        entered.map_or_else(Current::none, |id| {
            let metadata = self.records.entries()[index(&id)].metadata;
            Current::new(id, metadata)
        })
    }
}

#[derive(Default)]
struct Fields(BTreeMap<String, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

/// The index of the span that this thread is in.
pub(crate) fn entered() -> Option<usize> {
    ENTERED.with_borrow(|entered| entered.last().map(index))
}
