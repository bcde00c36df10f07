//! The cap of the whole site, as leases to its users: what is out on lease is never more than the cap, so that what
//! they spend of it is not either.

use super::{
    line,
    money::{MOST, month_of, start_of},
    numbers,
    sorted::Sorted,
};
use crate::text::whole;

/// How many days are kept: the current month, and what a clock that was wrong may have begun.
const KEPT_DAYS: usize = 64;

/// What the site may spend, in nano-USD.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Caps {
    /// On a day (UTC).
    pub day: Option<u64>,
    /// In a month (UTC).
    pub month: Option<u64>,
}

impl Caps {
    /// Whether anything is capped.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.day.is_some() || self.month.is_some()
    }
}

/// A user's lease for one day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Holding {
    /// In nano-USD.
    pub nano: u64,
    /// The number of the ask that it follows from.
    pub sequence: u64,
}

/// What a user's object asks for: its whole lease of a day, not a change, so that asking twice is asking once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// Days since 1970.
    pub day: u32,
    /// Less is of no use.
    pub least: u64,
    /// More is not needed.
    pub most: u64,
    /// Counts up: an ask that was overtaken by a later one says nothing any more.
    pub sequence: u64,
    /// It is spent already, or is given back: there is nothing to decide.
    pub is_fact: bool,
}

impl Ask {
    /// As it is sent.
    #[must_use]
    pub fn to_text(&self) -> String {
        line(&[u64::from(self.day), self.least, self.most, self.sequence, u64::from(self.is_fact)])
    }

    /// As it was sent.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let [day, least, most, sequence, is_fact] = numbers(text)?[..] else { return None };
        Some(Self { day: u32::try_from(day).ok()?, least, most, sequence, is_fact: is_fact == 1 })
    }
}

impl Holding {
    /// As it is kept.
    #[must_use]
    pub fn to_text(&self) -> String {
        line(&[self.nano, self.sequence])
    }

    /// As it was kept.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let [nano, sequence] = numbers(text)?[..] else { return None };
        Some(Self { nano, sequence })
    }
}

/// What is out on lease, by days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Treasury {
    days: Sorted<u32, u64>,
}

impl Treasury {
    /// From the records `day/…` that were kept; `None` if they are damaged.
    #[must_use]
    pub fn load(records: &[(String, String)]) -> Option<Self> {
        let mut treasury = Self::default();
        for (name, nano) in records {
            treasury.days.put(whole(name.strip_prefix("day/")?)?, whole(nano)?);
        }
        Some(treasury)
    }

    /// What is out on lease for a day.
    #[must_use]
    pub fn on_lease(&self, day: u32) -> u64 {
        self.days.get(day).copied().unwrap_or(0)
    }

    /// What is out on lease for the month of a day.
    #[must_use]
    pub fn on_lease_in_month(&self, day: u32) -> u64 {
        let (first, next) = month_of(day);
        self.days.iter().filter(|(day, _)| (first..next).contains(day)).map(|(_, nano)| *nano).sum()
    }

    /// Decides about a user's lease, who holds `held` of that day.
    pub fn lease(&mut self, caps: Caps, held: Holding, ask: &Ask) -> Holding {
        if ask.sequence <= held.sequence {
            return held;
        }
        let nano = if ask.is_fact || ask.most <= held.nano {
            ask.most.min(MOST)
        } else {
            let most = held.nano.saturating_add(self.room(caps, ask.day)).min(ask.most);
            if most >= ask.least { most } else { held.nano }
        };
        let total = self.days.place(ask.day);
        *total = total.saturating_sub(held.nano).saturating_add(nano);
        while self.days.len() > KEPT_DAYS {
            self.days.remove_first();
        }
        Holding { nano, sequence: ask.sequence }
    }

    fn room(&self, caps: Caps, day: u32) -> u64 {
        let (today, month) = self.rooms(caps, day);
        today.min(month)
    }

    fn rooms(&self, caps: Caps, day: u32) -> (u64, u64) {
        let left = |cap: Option<u64>, out: u64| cap.map_or(MOST, |cap| cap.saturating_sub(out));
        (left(caps.day, self.on_lease(day)), left(caps.month, self.on_lease_in_month(day)))
    }

    /// When the cap begins anew that has the least left, in milliseconds since 1970.
    #[must_use]
    pub fn resets_ms(&self, caps: Caps, day: u32) -> u64 {
        let (today, month) = self.rooms(caps, day);
        start_of(if month < today { month_of(day).1 } else { day.saturating_add(1) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    const DAY: u32 = 20_778;

    fn ask(least: u64, most: u64, sequence: u64) -> Ask {
        Ask { day: DAY, least, most, sequence, is_fact: false }
    }

    #[test]
    fn a_lease_is_what_is_wanted_or_what_is_left_or_nothing_more() {
        let caps = Caps { day: Some(100), month: None };
        let mut treasury = Treasury::default();
        let first = treasury.lease(caps, Holding::default(), &ask(10, 60, 1));
        assert_eq!(first.nano, 60);
        let second = treasury.lease(caps, Holding::default(), &ask(10, 60, 1));
        assert_eq!(second.nano, 40, "what is left");
        assert_eq!(treasury.lease(caps, Holding::default(), &ask(10, 60, 1)).nano, 0);
        assert_eq!(treasury.lease(caps, first, &ask(70, 90, 2)), Holding { nano: 60, sequence: 2 });
        assert_eq!(treasury.on_lease(DAY), 100);
    }

    #[test]
    fn what_comes_back_is_for_others() {
        let caps = Caps { day: Some(100), month: None };
        let mut treasury = Treasury::default();
        let held = treasury.lease(caps, Holding::default(), &ask(10, 100, 1));
        assert_eq!(treasury.lease(caps, held, &ask(30, 30, 2)).nano, 30);
        assert_eq!(treasury.lease(caps, Holding::default(), &ask(70, 70, 1)).nano, 70);
    }

    #[test]
    fn an_ask_that_was_overtaken_changes_nothing() {
        let caps = Caps { day: Some(100), month: None };
        let mut treasury = Treasury::default();
        let held = treasury.lease(caps, Holding::default(), &ask(50, 50, 7));
        for late in [ask(10, 10, 6), ask(90, 90, 7)] {
            assert_eq!(treasury.lease(caps, held, &late), held);
        }
        assert_eq!(treasury.on_lease(DAY), 50);
    }

    #[test]
    fn what_is_spent_already_is_counted_above_the_cap_too() {
        let caps = Caps { day: Some(100), month: Some(100) };
        let mut treasury = Treasury::default();
        let held = treasury.lease(caps, Holding::default(), &ask(100, 100, 1));
        assert_eq!(treasury.lease(caps, held, &Ask { is_fact: true, ..ask(130, 130, 2) }).nano, 130);
        assert_eq!(
            treasury.lease(caps, Holding::default(), &ask(1, 1, 1)).nano,
            0,
            "nothing is left, and no underflow"
        );
    }

    #[test]
    fn an_ask_is_read_as_it_was_written() {
        let ask = Ask { is_fact: true, ..ask(1, 2, 3) };
        assert_eq!(Ask::parse(&ask.to_text()), Some(ask));
        assert_eq!(Ask::parse("1 2 3"), None);
    }

    #[test]
    fn what_is_kept_is_read_and_what_is_damaged_is_not_taken_for_nothing() {
        let days = |name: &str, nano: &str| Treasury::load(&[(name.to_owned(), nano.to_owned())]);
        assert_eq!(days("day/20778", "7").map(|treasury| treasury.on_lease(DAY)), Some(7));
        assert_eq!((days("day/x", "7"), days("day/1", ""), days("other", "1")), (None, None, None));
        let holding = Holding { nano: 1, sequence: 2 };
        assert_eq!(Holding::parse(&holding.to_text()), Some(holding));
        assert_eq!((Holding::parse(""), Holding::parse("1"), Holding::parse("1 2 3")), (None, None, None));
    }

    proptest! {
        /// Whoever asks for what and when, on which day of the month: the caps hold, and the sum is that of the users.
        #[test]
        fn leases_are_never_more_than_the_caps(
            caps in (1u64..1000, 1u64..3000),
            asks in vec((0usize..5, 0u32..4, 0u64..400, 0u64..400, 0u64..3), 1..200),
        ) {
            let caps = Caps { day: Some(caps.0), month: Some(caps.1) };
            let mut treasury = Treasury::default();
            let mut held = [[Holding::default(); 4]; 5];
            for (index, (user, day, least, more, late)) in asks.into_iter().enumerate() {
                let sequence = (index as u64 + 1).saturating_sub(late * 7);
                let ask = Ask { day: DAY + day, least, most: least + more, sequence, is_fact: false };
                let place = &mut held[user][day as usize];
                *place = treasury.lease(caps, *place, &ask);
                let on = |day: usize| held.iter().map(|days| days[day].nano).sum::<u64>();
                for day in 0..4 {
                    prop_assert_eq!(treasury.on_lease(DAY + u32::try_from(day).unwrap()), on(day));
                    prop_assert!(on(day) <= caps.day.unwrap());
                }
                prop_assert!((0..4).map(on).sum::<u64>() <= caps.month.unwrap());
            }
        }
    }
}
