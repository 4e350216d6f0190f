//! Spares people the wait for a system that is down.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::{Clock, Timestamp};

/// Lets questions through to a remote system until it failed several times in a row; then one
/// question at a time, after a pause, tries whether it is there again.
pub(super) struct Breaker {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Clone, Copy)]
struct State {
    /// How often in a row it failed.
    failures: u32,
    /// When the next question may try, once it failed too often.
    next_try: Timestamp,
}

/// So many failures in a row open the breaker.
const TOO_MANY: u32 = 3;

/// How long it then stays open.
const PAUSE: Duration = Duration::from_secs(30);

impl Breaker {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        let state = State {
            failures: 0,
            next_try: clock.now(),
        };
        Self {
            clock,
            state: Mutex::new(state),
        }
    }

    /// Whether a question may be asked now. One that tries an open breaker and is given up before
    /// it ends only costs the pause.
    pub(super) fn lets_through(&self) -> bool {
        let now = self.clock.now();
        self.change(|state| {
            if state.failures < TOO_MANY {
                return true;
            }
            let may_try = now >= state.next_try;
            if may_try {
                state.next_try = now.plus(PAUSE);
            }
            may_try
        })
    }

    /// The system answered.
    pub(super) fn succeeded(&self) {
        self.change(|state| state.failures = 0);
    }

    /// The system did not answer.
    pub(super) fn failed(&self) {
        let next_try = self.clock.now().plus(PAUSE);
        self.change(|state| {
            state.failures = state.failures.saturating_add(1);
            state.next_try = next_try;
        });
    }

    fn change<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use model::ManualClock;

    use super::*;

    fn broken() -> (Breaker, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::starting_at(Timestamp::from_seconds(1_000)));
        let breaker = Breaker::new(Arc::<ManualClock>::clone(&clock));
        for _ in 0..TOO_MANY {
            assert!(breaker.lets_through());
            breaker.failed();
        }
        (breaker, clock)
    }

    #[test]
    fn three_failures_in_a_row_open_it_for_a_pause() {
        let (breaker, clock) = broken();

        assert!(!breaker.lets_through());
        clock.advance(PAUSE.saturating_sub(Duration::from_millis(1)));
        assert!(!breaker.lets_through());
        clock.advance(Duration::from_millis(1));
        assert!(breaker.lets_through());
    }

    #[test]
    fn failures_that_are_not_in_a_row_leave_it_closed() {
        let clock = Arc::new(ManualClock::starting_at(Timestamp::from_seconds(1_000)));
        let breaker = Breaker::new(clock);

        for _ in 0..3 {
            breaker.failed();
            breaker.failed();
            breaker.succeeded();
        }

        assert!(breaker.lets_through());
    }

    #[test]
    fn one_question_tries_an_open_one_and_an_answer_closes_it() {
        let (breaker, clock) = broken();
        clock.advance(PAUSE);

        assert!(breaker.lets_through());
        assert!(!breaker.lets_through());
        breaker.succeeded();

        assert!(breaker.lets_through());
        assert!(breaker.lets_through());
    }

    #[test]
    fn a_try_that_fails_or_is_given_up_costs_another_pause() {
        let (breaker, clock) = broken();

        clock.advance(PAUSE);
        assert!(breaker.lets_through());
        breaker.failed();
        assert!(!breaker.lets_through());

        clock.advance(PAUSE);
        assert!(breaker.lets_through());
        clock.advance(PAUSE);
        assert!(breaker.lets_through());
    }
}
