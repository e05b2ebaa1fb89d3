//! Keys, budgets, limits and the record of spend, from outside, on SQLite and on PostgreSQL.
//!
//! What is claimed is held against the provider's own ledger, never against the gateway's word alone.

mod books;
mod caller;
mod crash;
mod damage;
mod full;
mod ground;
mod left;
mod outage;
mod race;
mod rates;
mod revoke;
mod till;
