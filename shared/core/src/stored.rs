//! What is stored of models, credentials and settings: read from the directory, opened, and put in force.
//!
//! A model whose secrets do not open is left out and named; nothing of it is used. Knows no deployment: whoever builds
//! the gateway hands in what makes a catalog of a configuration.

mod cost_map;
mod read;
pub mod rotate;

pub use read::{SECTIONS, VARIABLES};

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Mutex as Turn;
use tollgate_wire::cost::Adjustments;
use tracing::{info, warn};

use crate::catalog::Catalog;
use crate::config::{Config, Environment, Stored};
use crate::directory::{Fault, Query, Row, schema};
use crate::live::Live;
use crate::seal::Sealer;
use crate::{App, Error, denial::Denial};

/// Makes a catalog of a configuration.
pub type Build = Box<dyn Fn(&Config) -> Catalog + Send + Sync>;

/// What there is to a gateway whose models may be changed.
pub struct Storage {
    inner: Option<Inner>,
    /// One at a time looks at what is stored: an older state never follows a newer one.
    turn: Turn<()>,
    /// What was read last.
    seen: Mutex<Vec<Vec<Row>>>,
}

struct Inner {
    /// What the file says.
    file: Config,
    /// What is in force.
    config: Live<Config>,
    sealer: Option<Sealer>,
    environment: Box<dyn Environment + Send + Sync>,
    build: Build,
    faults: Live<Vec<String>>,
}

/// What the tables hold that take part.
#[derive(Debug, Default)]
struct Read {
    stored: Stored,
    /// What cannot be opened, a sentence each.
    faults: Vec<String>,
}

impl Default for Storage {
    /// Nothing is stored, and nothing may be.
    fn default() -> Self {
        Self { inner: None, turn: Turn::default(), seen: Mutex::default() }
    }
}

impl Storage {
    pub fn new(
        config: Config,
        sealer: Option<Sealer>,
        environment: Box<dyn Environment + Send + Sync>,
        build: Build,
    ) -> Self {
        let inner = Inner {
            config: Live::new(config.clone()),
            file: config,
            sealer,
            environment,
            build,
            faults: Live::default(),
        };
        Self { inner: Some(inner), ..Self::default() }
    }

    /// Whether models, credentials and settings that are stored count.
    pub fn is_on(&self) -> bool {
        self.inner.as_ref().is_some_and(|inner| inner.config.get().general_settings.store_model_in_db)
    }

    /// The configuration in force: what the file says, and what is stored.
    pub fn config(&self) -> Option<Arc<Config>> {
        Some(self.inner.as_ref()?.config.get())
    }

    /// What the file says.
    pub fn file(&self) -> Option<&Config> {
        Some(&self.inner.as_ref()?.file)
    }

    /// What seals and opens stored secrets.
    ///
    /// # Errors
    /// Where there is no key to do it with.
    pub fn sealer(&self) -> Result<&Sealer, Error> {
        self.inner.as_ref().and_then(|inner| inner.sealer.as_ref()).ok_or_else(|| {
            let sentence = "nothing can be stored without a key to seal it: set LITELLM_SALT_KEY";
            Denial::management_error(500, sentence).into()
        })
    }

    /// What is stored and cannot be used, a sentence each.
    pub fn faults(&self) -> Arc<Vec<String>> {
        self.inner.as_ref().map(|inner| inner.faults.get()).unwrap_or_default()
    }

    /// How often what is stored is looked at again.
    pub fn interval_s(&self) -> f64 {
        self.config().map_or(f64::INFINITY, |config| config.general_settings.proxy_config_reload_interval_seconds)
    }

    /// Looks at what is stored, and puts it in force where it is another than before.
    ///
    /// # Errors
    /// Where the directory cannot be reached: what was in force stays.
    pub async fn reload(&self, app: &App) -> Result<(), Fault> {
        let Some(inner) = self.inner.as_ref().filter(|_| app.governance.has_rows()) else { return Ok(()) };
        let _turn = self.turn.lock().await;
        let settings = app.governance.directory.find(&Query::of(&schema::CONFIG)).await?;
        let is_on = inner.file.general_settings.store_model_in_db || read::turns_on(&inner.file, &settings);
        let rows = if is_on {
            let models = app.governance.directory.find(&Query::of(&schema::MODELS)).await?;
            let credentials = app.governance.directory.find(&Query::of(&schema::CREDENTIALS)).await?;
            vec![settings, credentials, models]
        } else {
            Vec::new()
        };
        if *self.seen.lock().unwrap_or_else(PoisonError::into_inner) == rows {
            return Ok(());
        }
        inner.put_in_force(app, &rows);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = rows;
        Ok(())
    }
}

impl Inner {
    fn put_in_force(&self, app: &App, rows: &[Vec<Row>]) {
        let Read { stored, mut faults } = read::read(rows, self.sealer.as_ref());
        let (mut config, notices) = self.file.with(&stored, &*self.environment);
        config.general_settings.store_model_in_db |= !rows.is_empty();
        faults.extend(notices.iter().map(ToString::to_string));
        for fault in &faults {
            warn!("{fault}");
        }
        let settings = &config.litellm_settings;
        match Adjustments::read(&settings.cost_discounts, &settings.cost_margins) {
            Ok(adjustments) => app.governance.prices.adjust(adjustments),
            Err(error) => warn!("the discounts and margins in force stay: {error}"),
        }
        app.governance.doors.address.replace(config.general_settings.address.clone());
        let catalog = (self.build)(&config);
        info!(models = stored.models.len(), "{} stored models are served", stored.models.len());
        app.catalog.replace(catalog);
        self.config.replace(config);
        self.faults.replace(faults);
    }
}
