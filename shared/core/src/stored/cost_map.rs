//! The price map that stands above the built-in one: where it is, and putting it in force.
//!
//! An address of HTTP, or the path of a file. What cannot be read leaves the prices in force as they are.

use http::Request;
use tollgate_wire::price_map::PriceMap;
use tracing::warn;

use super::Storage;
use crate::App;
use crate::config::ReadError;
use crate::consult::{self, Bounds};

const BYTES_MAX: usize = 64 * 1024 * 1024;
const BOUNDS: Bounds = Bounds { timeout: std::time::Duration::from_secs(30), bytes_max: BYTES_MAX };
/// Entries that cannot be read are named up to here.
const NAMED_MAX: usize = 20;

impl Storage {
    /// Where the price map is, if anywhere but in the program.
    pub fn cost_map_url(&self) -> Option<String> {
        self.config()?.litellm_settings.model_cost_map_url.clone()
    }

    /// Reads the price map again and puts it in force; says how many of its entries differ from the built-in ones.
    ///
    /// # Errors
    /// A sentence, where it cannot be had.
    pub async fn reload_prices(&self, app: &App) -> Result<usize, String> {
        let Some(url) = self.cost_map_url() else {
            app.governance.prices.replace(PriceMap::built_in());
            return Ok(0);
        };
        let text = match consult::address(&url) {
            Some(uri) => fetched(app, uri).await?,
            None => self.file_of(url.strip_prefix("file://").unwrap_or(&url))?,
        };
        let (map, faults) = PriceMap::parse(&text).map_err(|error| error.to_string())?;
        for fault in faults.iter().take(NAMED_MAX) {
            warn!("{fault}");
        }
        let count = map.names().count();
        app.governance.prices.replace(map);
        Ok(count)
    }

    fn file_of(&self, path: &str) -> Result<String, String> {
        let inner = self.inner.as_ref().ok_or_else(|| "there is no configuration".to_owned())?;
        let bytes = inner.environment.read(path, BYTES_MAX as u64).map_err(|error| match error {
            ReadError::Missing => format!("there is no price map at {path}: set LITELLM_MODEL_COST_MAP_URL"),
            ReadError::TooLarge { bytes } => format!("the price map at {path} has {bytes} bytes: shorten it"),
            ReadError::Failed(why) => format!("the price map at {path} cannot be read: {why}"),
        })?;
        String::from_utf8(bytes).map_err(|_| format!("the price map at {path} is no UTF-8"))
    }
}

async fn fetched(app: &App, uri: http::Uri) -> Result<String, String> {
    let request = Request::get(uri).body(Vec::new()).map_err(|error| error.to_string())?;
    let answer = consult::ask(app.upstream.clone(), request, BOUNDS).await.map_err(|error| error.to_string())?;
    if !answer.status().is_success() {
        return Err(format!("the price map is answered with status {}", answer.status().as_u16()));
    }
    String::from_utf8(answer.into_body().to_vec()).map_err(|_| "the price map is no UTF-8".to_owned())
}
