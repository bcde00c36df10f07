//! What one user's ledger has to tell the site's figures: counts by day and model. They go in numbered messages. One
//! that may have been taken is not changed any more, and kept until it was: a message that is lost or sent again is
//! counted once.

use openrouter_wasm::json::{Value, decimal};

use super::{account::Change, line, numbers};
use crate::text::fill;

/// How many rows wait at most; what comes then counts under no model. They are written anew with each settlement.
const MOST_ROWS: usize = 1000;

/// How often the pause between messages that fail is doubled.
const MOST_DOUBLINGS: u32 = 7;

/// The record that it is kept in.
pub(super) const NAME: &str = "out";

/// Requests that are settled, tokens of their prompts and answers, and nano-USD; of these, requests whose cost never
/// became known, with the tokens and nano-USD that they had reserved; requests that were refused.
pub type Counts = [u64; 8];

/// Nano-USD.
#[cfg(test)]
const USD: usize = 3;

/// A request that was charged with what it had reserved.
const ESTIMATED: usize = 4;

/// As JSON, without the brackets.
fn json(counts: &Counts) -> String {
    line(counts).replace(' ', ",")
}

/// What was counted on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    /// The day since 1970, the model or an empty text, and why it was refused or an empty text: as JSON, by commas.
    key: String,
    counts: Counts,
}

/// A message, as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its number, larger than that of the one before, and the user.
    pub path: String,
    /// A JSON array of rows: the day since 1970, the model, why it was refused, and the [`Counts`].
    pub rows: String,
}

/// Counts on their way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outbox {
    /// How long one message is after another, in milliseconds; `None` where nobody is to be told.
    pub interval_ms: Option<u64>,
    /// Whether single requests are to be told.
    pub has_points: bool,
    /// Whose ledger this is, as a part of a path.
    user: String,
    /// Of the last message.
    number: u64,
    /// Its rows, while nobody has said that they were taken.
    sent: String,
    rows: Vec<Row>,
    points: Vec<String>,
    told_ms: u64,
    failures: u32,
    /// What is to be kept.
    pub change: Option<Change>,
}

impl Outbox {
    /// From the record; `None` if it is damaged.
    pub(super) fn read(&mut self, text: &str) -> Option<()> {
        let mut lines = text.split('\n');
        let (number, user) = lines.next()?.split_once(' ')?;
        (self.number, self.user, self.sent) = (number.parse().ok()?, user.to_owned(), lines.next()?.to_owned());
        for row in lines {
            let (counts, key) = row.split_once('/')?;
            self.rows.push(Row { key: key.to_owned(), counts: numbers(counts)?.try_into().ok()? });
        }
        Some(())
    }

    fn keep(&mut self) {
        if self.interval_ms.is_none() && !self.has_points {
            return;
        }
        let mut text = fill("% %\n%", &[&decimal(self.number), &self.user, &self.sent]);
        for Row { key, counts } in &self.rows {
            text.push_str(&fill("\n%/%", &[&line(counts), key]));
        }
        self.change = Some(Change::Put(NAME.to_owned(), text));
    }

    /// Whose ledger this is, as a part of a path.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Learns whose ledger this is.
    pub fn name(&mut self, user: &str) {
        if self.user != user {
            user.clone_into(&mut self.user);
            self.keep();
        }
    }

    /// Counts a request that was charged.
    pub fn settled(&mut self, day: u32, model: &str, counts: Counts) {
        let model = Value::string(model).to_json();
        self.count(day, &model, "", &counts);
        self.keep();
        if self.has_points {
            let kind = if counts[ESTIMATED] > 0 { "estimated" } else { "settled" };
            self.points.push(fill("%,\"%\"],\"doubles\":[%", &[&model, kind, &json(&counts)]));
        }
    }

    /// Counts a request that was refused. It is kept with what comes next: a flood of refusals is not to be a flood of
    /// writes.
    pub fn refused(&mut self, day: u32, reason: &str) {
        self.count(day, "\"\"", reason, &[0, 0, 0, 0, 0, 0, 0, 1]);
    }

    /// The model is JSON.
    fn count(&mut self, day: u32, model: &str, reason: &str, counts: &Counts) {
        if self.interval_ms.is_none() {
            return;
        }
        let model = if self.rows.len() < MOST_ROWS { model } else { "\"\"" };
        let key = fill("%,%,\"%\"", &[&decimal(day.into()), model, reason]);
        match self.rows.iter_mut().find(|row| row.key == key) {
            Some(row) => row.counts.iter_mut().zip(counts).for_each(|(sum, more)| *sum = sum.saturating_add(*more)),
            None => self.rows.push(Row { key, counts: *counts }),
        }
    }

    /// When there is something to be told, in milliseconds since 1970.
    #[must_use]
    pub fn next_ms(&self, now_ms: u64) -> Option<u64> {
        let interval_ms = self.interval_ms.filter(|_| !(self.rows.is_empty() && self.sent.is_empty()))?;
        let pause_ms = interval_ms << self.failures.min(MOST_DOUBLINGS);
        // A clock that was ahead is not waited for.
        Some(if self.told_ms > now_ms { now_ms } else { now_ms.max(self.told_ms + pause_ms) })
    }

    /// What is to be told now, if it is time. The same again while nobody has said that it was taken.
    pub fn message(&mut self, now_ms: u64) -> Option<Message> {
        if self.next_ms(now_ms)? > now_ms {
            return None;
        }
        if self.sent.is_empty() {
            self.number += 1;
            for Row { key, counts } in std::mem::take(&mut self.rows) {
                let between = if self.sent.is_empty() { "" } else { "," };
                self.sent.push_str(&fill("%[%,%]", &[between, &key, &json(&counts)]));
            }
            self.keep();
        }
        self.told_ms = now_ms;
        let path = fill("%/%", &[&decimal(self.number), &self.user]);
        Some(Message { path, rows: fill("[%]", &[&self.sent]) })
    }

    /// Whether the last message was taken.
    pub fn told(&mut self, is_taken: bool) {
        if is_taken {
            self.failures = 0;
            self.sent.clear();
            self.keep();
        } else {
            self.failures += 1;
        }
    }

    /// Requests that were settled since the last time, for whoever counts single ones: the model, `settled` or `estimated`,
    /// and the [`Counts`], as the end of a data point in JSON.
    pub fn take_points(&mut self) -> Vec<String> {
        std::mem::take(&mut self.points)
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};
    use serde_json::json;

    use super::*;

    fn fresh() -> Outbox {
        Outbox { interval_ms: Some(5000), has_points: true, ..Outbox::default() }
    }

    fn cost(usd: u64) -> Counts {
        [1, 2, 3, usd, 0, 0, 0, 0]
    }

    fn rows(message: &Message) -> serde_json::Value {
        serde_json::from_str(&message.rows).unwrap()
    }

    /// As it is after a restart.
    fn restarted(record: &str) -> Outbox {
        let mut outbox = fresh();
        outbox.read(record).unwrap();
        outbox
    }

    fn record(outbox: &mut Outbox) -> Option<String> {
        outbox.change.take().map(|change| {
            let Change::Put(name, text) = change else { panic!("nothing is put") };
            assert_eq!(name, NAME);
            text
        })
    }

    #[test]
    fn what_is_settled_is_told_once_by_model_and_day() {
        let mut outbox = fresh();
        outbox.name("ann");
        assert_eq!(outbox.next_ms(9000), None);
        outbox.settled(7, "a/b", cost(10));
        outbox.settled(7, "a/b", [1, 0, 0, 4, 1, 9, 4, 0]);
        outbox.settled(8, "a\"\n/b", cost(1));
        outbox.refused(8, "user_requests");
        outbox.refused(8, "user_requests");
        assert_eq!(outbox.next_ms(9000), Some(9000));
        let message = outbox.message(9000).unwrap();
        let expected = json!([
            [7, "a/b", "", 2, 2, 3, 14, 1, 9, 4, 0],
            [8, "a\"\n/b", "", 1, 2, 3, 1, 0, 0, 0, 0],
            [8, "", "user_requests", 0, 0, 0, 0, 0, 0, 0, 2],
        ]);
        assert_eq!((&*message.path, rows(&message)), ("1/ann", expected));
        outbox.told(true);
        assert_eq!(outbox.next_ms(9001), None);
        let points = [
            r#""a/b","settled"],"doubles":[1,2,3,10,0,0,0,0"#,
            r#""a/b","estimated"],"doubles":[1,0,0,4,1,9,4,0"#,
            r#""a\"\u000a/b","settled"],"doubles":[1,2,3,1,0,0,0,0"#,
        ];
        assert_eq!((outbox.take_points(), outbox.take_points().len()), (points.map(str::to_owned).to_vec(), 0));
        outbox.settled(8, "a/b", cost(1));
        assert_eq!(outbox.next_ms(9001), Some(14_000), "not at once again");
        assert_eq!(outbox.next_ms(1), Some(1), "the clock was ahead");
        assert_eq!(outbox.message(14_000).unwrap().path, "2/ann");
    }

    #[test]
    fn where_nobody_is_to_be_told_nothing_is_counted() {
        let mut outbox = Outbox::default();
        outbox.name("ann");
        outbox.settled(7, "a/b", cost(10));
        outbox.refused(7, "user_requests");
        assert_eq!((outbox.next_ms(9), outbox.rows.len(), outbox.take_points()), (None, 0, vec![]));
        assert_eq!(outbox.change, None);
    }

    #[test]
    fn refusals_are_written_with_what_comes_next() {
        let mut outbox = fresh();
        outbox.refused(7, "user_requests");
        assert_eq!(record(&mut outbox), None);
        outbox.message(9000).unwrap();
        assert!(record(&mut outbox).unwrap().contains("user_requests"));
    }

    #[test]
    fn a_message_that_fails_is_tried_again_later_and_later_and_is_the_same() {
        let mut outbox = fresh();
        outbox.settled(7, "a/b", cost(10));
        let (mut now, mut last) = (10_000, None);
        for pause in [5, 10, 20, 40, 80, 160, 320, 640, 640, 640].map(|seconds| seconds * 1000) {
            let message = outbox.message(now);
            assert!(last.is_none_or(|last| last == message));
            last = Some(message);
            outbox.told(false);
            outbox.settled(7, "a/b", cost(1));
            assert_eq!(outbox.message(now), None);
            assert!(outbox.next_ms(now).unwrap() <= now + 2 * pause);
            now = outbox.next_ms(now).unwrap();
        }
        outbox.told(true);
        assert_eq!(rows(&outbox.message(now + 5000).unwrap()), json!([[7, "a/b", "", 10, 20, 30, 10, 0, 0, 0, 0]]));
    }

    #[test]
    fn however_many_models_there_are_the_record_stays_small() {
        let mut outbox = fresh();
        for model in 0..3000 {
            outbox.settled(7, &format!("{model:0>120}"), cost(1));
        }
        assert!(record(&mut outbox).unwrap().len() < 200_000);
        let message = outbox.message(9000).unwrap();
        let sum =
            |at: usize| rows(&message).as_array().unwrap().iter().map(|row| row[at].as_u64().unwrap()).sum::<u64>();
        assert_eq!((sum(3), sum(3 + USD)), (3000, 3000), "none is lost");
    }

    #[test]
    fn what_is_damaged_is_no_record() {
        for text in ["", "1 u", "1 u\n\nx", "x u\n", "1\n", "1 u\n\n1 2 3 4 5 6 7/7,\"\",\"\""] {
            assert_eq!(fresh().read(text), None, "{text}");
        }
        let text = "1 u\n[1],[2]\n1 2 3 4 5 6 7 8/7,\"a/b\",\"\"\n1 2 3 4 5 6 7 8/8,\"c\",\"\"";
        let mut outbox = restarted(text);
        assert_eq!((outbox.user(), outbox.rows.len()), ("u", 2));
        outbox.keep();
        assert_eq!(record(&mut outbox).unwrap(), text);
    }

    proptest! {
        /// Messages and their answers are lost, the object is evicted at any time: what is counted is what was settled.
        #[test]
        fn every_settlement_is_counted_once(steps in vec((0u8..8, 0usize..2, 1u64..9), 0..80)) {
            let mut kept = "0 \n".to_owned();
            let mut outbox = restarted(&kept);
            let (mut now, mut taken, mut counted, mut settled) = (1_000_000, 0u64, 0u64, 0u64);
            let mut take = |message: &Message| {
                let number = message.path.trim_end_matches('/').parse().unwrap();
                if number > taken {
                    taken = number;
                    counted += rows(message).as_array().unwrap().iter().map(|row| row[3 + USD].as_u64().unwrap()).sum::<u64>();
                }
                counted
            };
            for (what, model, usd) in steps {
                now += 10_000_000;
                match what {
                    0..=3 => {
                        outbox.settled(7, ["a/b", "c\",\n[1]/d"][model], cost(usd));
                        settled += usd;
                    }
                    4..=6 => {
                        let Some(message) = outbox.message(now) else { continue };
                        kept = record(&mut outbox).unwrap_or(kept);
                        if what == 5 {
                            outbox.told(false);
                            continue;
                        }
                        take(&message);
                        // Between message and answer another one is settled.
                        outbox.settled(7, "a/b", cost(usd));
                        settled += usd;
                        outbox.told(what == 4);
                    }
                    _ => outbox = restarted(&kept),
                }
                kept = record(&mut outbox).unwrap_or(kept);
            }
            let mut all = 0;
            for _ in 0..2 {
                now += 1_000_000_000;
                if let Some(message) = outbox.message(now) {
                    all = take(&message);
                    outbox.told(true);
                }
            }
            prop_assert_eq!(all.max(counted), settled);
        }
    }
}
