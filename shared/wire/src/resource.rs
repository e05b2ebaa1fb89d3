//! Files and batches of providers that do not speak OpenAI's: what they answer, as OpenAI's objects.
//!
//! One module a provider, each equal to what LiteLLM 1.106.2 makes of it. Knows no address of an account and no clock.

pub mod anthropic;
mod batch;
pub mod bedrock;
mod file;
mod time;
pub mod vertex;

pub use batch::{Batch, Counts};
pub use file::{File, deleted, list};
pub use time::{seconds_of, seconds_of_http_date};
