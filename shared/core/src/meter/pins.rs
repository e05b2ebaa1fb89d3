//! Deployments that are remembered: which one served a key, a session, a prompt.
//!
//! Bounded: the oldest are forgotten first. Knows no clock.

use std::collections::{HashMap, VecDeque};

use crate::clock::Moment;

/// How many are remembered at the most, and how much of them, keys and ids together.
const PINS_MAX: usize = 100_000;

#[derive(Debug, Default)]
pub(super) struct Pins {
    pins: HashMap<String, Pin>,
    /// Keys in the order of remembering, with the turn they were remembered in.
    order: VecDeque<(String, u64)>,
    turn: u64,
}

#[derive(Debug)]
struct Pin {
    id: String,
    until: Moment,
    turn: u64,
}

impl Pins {
    pub fn get(&mut self, key: &str, now: Moment) -> Option<String> {
        let pin = self.pins.get(key)?;
        if pin.until > now {
            return Some(pin.id.clone());
        }
        self.pins.remove(key);
        None
    }

    pub fn put(&mut self, key: String, id: &str, until: Moment) {
        self.turn += 1;
        let turn = self.turn;
        self.order.push_back((key.clone(), turn));
        self.pins.insert(key, Pin { id: id.to_owned(), until, turn });
        while self.pins.len() > PINS_MAX || self.order.len() > 2 * PINS_MAX {
            let Some((key, turn)) = self.order.pop_front() else { return };
            if self.pins.get(&key).is_some_and(|pin| pin.turn == turn) {
                self.pins.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Moment, PINS_MAX, Pins};

    #[test]
    fn the_oldest_are_forgotten_and_what_is_over_too() {
        let mut pins = Pins::default();
        for number in 0..=PINS_MAX {
            pins.put(number.to_string(), "a", Moment(10));
        }
        assert_eq!(pins.get("0", Moment(1)), None);
        assert_eq!(pins.get("1", Moment(1)).as_deref(), Some("a"));
        assert_eq!(pins.get("1", Moment(10)), None);
        for _ in 0..3 * PINS_MAX {
            pins.put("again".to_owned(), "b", Moment(10));
        }
        assert_eq!(pins.get("again", Moment(1)).as_deref(), Some("b"));
        assert!(pins.order.len() <= 2 * PINS_MAX);
    }
}
