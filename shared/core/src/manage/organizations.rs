//! Organizations: `/organization/*`. Teams together, with one budget over them and admins of their own.

mod check;

pub use check::{check_move, check_team};
