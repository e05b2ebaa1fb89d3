//! What has been spent: records of calls, totals, reports, and what a call would cost.
//!
//! Totals are read from the daily tables, whose size does not grow with the number of calls; only lists of calls read
//! the records themselves, a page at a time. Knows no budget and charges nothing.

mod activity;
mod cache;
mod customers;
mod daily;
mod dates;
mod estimate;
mod global;
mod holders;
mod logs;
mod prices;
mod providers;
mod reach;
mod report;
mod reset;
mod summary;
mod tags;
mod totals;
mod users;

pub use activity::{activity, exceptions, models_activity};
pub use cache::cache_hits;
pub use customers::end_users;
pub use daily::{
    customers_aggregated, customers_daily, organizations_aggregated, organizations_daily, tags_aggregated, tags_daily,
    teams_aggregated, teams_daily, users_aggregated, users_daily,
};
pub use estimate::estimate;
pub use global::{keys, logs as days, models, providers as by_provider, teams, total};
pub use holders::{keys as key_rows, users as user_rows};
pub use logs::{list, page, payload, session};
pub use prices::calculate;
pub use providers::budgets as provider_budgets;
pub use report::{of_key, of_organization, of_team, of_user, report};
pub use reset::reset;
pub use tags::{all_names, by_tag, within as tags_within};
pub use users::by_user;
