//! A database that LiteLLM has filled: the gateway is pointed at it, and everything goes on.
//!
//! LiteLLM's own migrations make the tables; the rows are those that a real LiteLLM has written
//! (`tests/record/database.py`). Asks the gateway and the database, and knows no code of either.

mod ground;
mod honoured;
mod kept;
mod spent;
