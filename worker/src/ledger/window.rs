//! Counts requests in a time that slides: never more than so many within any window, in a space that does not grow
//! with them.

use super::{line, numbers};

/// In how many steps the window slides. A request counts until the end of its step has left the window.
const STEPS: u64 = 60;

/// Requests by the step in which they came, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Window {
    step_ms: u64,
    counts: Vec<(u64, u64)>,
}

/// What a window holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Held {
    pub requests: u64,
    /// Until the oldest ones have left.
    pub next_ms: u64,
    /// Until all have left.
    pub all_ms: u64,
}

impl Window {
    /// What is in the window that ends now.
    pub(super) fn held(&mut self, window_ms: u64, now_ms: u64) -> Held {
        let step_ms = window_ms.div_ceil(STEPS).max(1);
        if step_ms != self.step_ms {
            self.resize(step_ms, now_ms);
        }
        // What is further in the future than a window was counted by a clock that was wrong.
        let is_inside = |step: u64| (step + 1) * step_ms + window_ms > now_ms && step * step_ms <= now_ms + window_ms;
        self.counts.retain(|(step, _)| is_inside(*step));
        let leaves = |entry: Option<&(u64, u64)>| {
            entry.map_or(0, |(step, _)| ((step + 1) * step_ms + window_ms).saturating_sub(now_ms))
        };
        Held {
            requests: self.counts.iter().map(|(_, count)| count).sum(),
            next_ms: leaves(self.counts.first()),
            all_ms: leaves(self.counts.last()),
        }
    }

    /// Counts a request; [`Window::held`] was asked at the same time.
    pub(super) fn add(&mut self, now_ms: u64) {
        let step = now_ms / self.step_ms.max(1);
        match self.counts.binary_search_by_key(&step, |(known, _)| *known) {
            Ok(index) => self.counts[index].1 += 1,
            Err(index) => self.counts.insert(index, (step, 1)),
        }
    }

    /// Takes a request back that came to nothing.
    pub(super) fn remove(&mut self, at_ms: u64) {
        let step = at_ms / self.step_ms.max(1);
        if let Ok(index) = self.counts.binary_search_by_key(&step, |(known, _)| *known) {
            self.counts[index].1 -= 1;
            if self.counts[index].1 == 0 {
                self.counts.remove(index);
            }
        }
    }

    /// The plan's window is another one now: each request counts as if it had come as late as it may have.
    fn resize(&mut self, step_ms: u64, now_ms: u64) {
        let (old_ms, old) = (self.step_ms, std::mem::take(&mut self.counts));
        self.step_ms = step_ms;
        for (step, count) in old {
            let latest_ms = ((step + 1) * old_ms).saturating_sub(1).min(now_ms.max(step * old_ms));
            let step = latest_ms / step_ms;
            match self.counts.last_mut() {
                Some(last) if last.0 == step => last.1 += count,
                _ => self.counts.push((step, count)),
            }
        }
    }

    /// As it is kept: the length of a step, then steps and their counts.
    pub(super) fn to_text(&self) -> String {
        let mut numbers = vec![self.step_ms];
        for (step, count) in &self.counts {
            numbers.extend([*step, *count]);
        }
        line(&numbers)
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let numbers = numbers(text)?;
        let (step_ms, counts) = numbers.split_first()?;
        let pairs = counts.chunks_exact(2);
        if !pairs.remainder().is_empty() {
            return None;
        }
        Some(Self { step_ms: *step_ms, counts: pairs.map(|pair| (pair[0], pair[1])).collect() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    #[test]
    fn a_full_window_tells_when_there_is_room_again() {
        let mut window = Window::default();
        assert_eq!(window.held(60_000, 1_000_500), Held { requests: 0, next_ms: 0, all_ms: 0 });
        window.add(1_000_500);
        window.held(60_000, 1_010_000);
        window.add(1_010_000);
        let held = window.held(60_000, 1_010_000);
        assert_eq!(held, Held { requests: 2, next_ms: 51_000, all_ms: 61_000 });
        assert_eq!(window.held(60_000, 1_010_000 + held.next_ms - 1).requests, 2);
        assert_eq!(window.held(60_000, 1_010_000 + held.next_ms).requests, 1);
        assert_eq!(window.held(60_000, 1_010_000 + held.all_ms).requests, 0);
    }

    #[test]
    fn a_clock_that_was_far_ahead_does_not_count_for_ever() {
        let mut window = Window::default();
        window.held(60_000, 9_000_000);
        window.add(9_000_000);
        assert_eq!(window.held(60_000, 8_990_000).requests, 1, "a little ahead is counted");
        assert_eq!(window.held(60_000, 1_000_000).requests, 0);
    }

    #[test]
    fn another_plan_does_not_forget() {
        let mut window = Window::default();
        window.held(60_000, 1_000_000);
        window.add(1_000_000);
        assert_eq!(window.held(3_600_000, 1_000_000).requests, 1);
        assert_eq!(window.held(1000, 1_000_000).requests, 1, "as late as it may have come");
        assert_eq!(window.held(60_000, 1_000_000 + 125_000).requests, 0);
    }

    proptest! {
        #[test]
        fn no_window_has_more_than_its_limit(
            limit in 1u64..8,
            window_ms in 1u64..3000,
            pauses in vec(0u64..900, 1..150),
        ) {
            let (mut window, mut now, mut granted) = (Window::default(), 1_000_000, Vec::new());
            for pause in pauses {
                now += pause;
                window = Window::parse(&window.to_text()).unwrap();
                if window.held(window_ms, now).requests < limit {
                    window.add(now);
                    granted.push(now);
                }
            }
            for (index, at) in granted.iter().enumerate() {
                let inside = granted[..=index].iter().filter(|other| **other + window_ms > *at).count();
                prop_assert!(inside as u64 <= limit);
            }
        }
    }
}
