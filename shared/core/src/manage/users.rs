//! Users: making, showing, changing and removing them.
