use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::*;
use crate::price_map::custom;
use crate::usage::Usage;

mod golden;
mod rules;
