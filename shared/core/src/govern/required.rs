//! Required: parameters that a request must have, `enforced_params` of the configuration and of the key.
//!
//! A parameter of an object is written `metadata.generation_name`.

use tollgate_wire::json::Object;

use super::{Caller, Governance};
use crate::Error;
use crate::denial::Denial;
use crate::directory::{Columns, Row};

impl Governance {
    /// # Errors
    /// 400 naming the first that is missing.
    pub(crate) fn check_required(&self, caller: &Caller, object: &Object<'_>) -> Result<(), Error> {
        let metadata = caller.profile().and_then(|profile| profile.key.object("metadata"));
        let own = metadata.map(|metadata| metadata.texts("enforced_params")).unwrap_or_default();
        let is_service = |metadata: &Row| metadata.text("service_account_id").is_some();
        let of_services = match metadata.is_some_and(is_service) {
            true => self.settings.required_of_service_accounts.as_slice(),
            false => &[],
        };
        let all = self.settings.required.iter().chain(of_services).chain(&own);
        for path in all {
            let (name, field) = path.split_once('.').map_or((path.as_str(), None), |(name, field)| (name, Some(field)));
            let Some(text) = object.given(name) else { return Err(missing(name, name)) };
            let Some(field) = field else { continue };
            let has_field = serde_json::from_str::<Row>(text).is_ok_and(|inner| inner.contains_key(field));
            if !has_field {
                return Err(missing(&format!("[{name}][{field}]"), path));
            }
        }
        Ok(())
    }
}

fn missing(shown: &str, param: &str) -> Error {
    let sentence = format!("BadRequest please pass param={shown} in request body. This is a required param");
    Denial::new(400, "bad_request_error", sentence).about(param.to_owned()).into()
}
